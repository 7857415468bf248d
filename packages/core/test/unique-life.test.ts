import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encode } from '../src/codec.ts'
import type { UniqueSend } from '../src/event.ts'
import { neededRows } from '../src/needed-rows.ts'
import type { TaskRow } from '../src/rows.ts'
import { isReady } from '../src/states.ts'
import { KeyDesk } from './key-desk.ts'

const id = '/unique/pay/k'
const stateOf = (desk: KeyDesk, ...ids: string[]): unknown[] => ids.map((one) => desk.task(one)?.state)
const send = (desk: KeyDesk, one: string, more: Partial<UniqueSend> = {}, args: unknown = undefined): void =>
  desk.send(one, 'k', args, { id, until: 'ended', ...more })

describe('a unique task', () => {
  test('is the one of its key until it has ended, and what was sent meanwhile ends as it does without a run', () => {
    const desk = new KeyDesk()
    for (const one of ['a', 'b']) send(desk, one)
    expect([stateOf(desk, 'a', 'b'), [...desk.runnable]]).toEqual([['RECEIVED', 'PENDING'], ['a']])
    desk.start('a', 'no key')
    send(desk, 'c')
    desk.end('a', 'succeeds')
    expect(stateOf(desk, 'a', 'b', 'c')).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS'])
    expect(desk.task('c')).toMatchObject({ result: encode('a'), follows: 'a', runs: 0 })
    expect(desk.rows.get(id)).toBeUndefined()
  })

  test('leaves one letter when it fails, that of the one that ran', () => {
    const desk = new KeyDesk()
    for (const one of ['a', 'b']) send(desk, one)
    desk.start('a', 'no key')
    desk.end('a', 'fails')
    expect(stateOf(desk, 'a', 'b')).toEqual(['FAILURE', 'FAILURE'])
    expect(desk.letters).toEqual(['a'])
  })

  test('that is put off in the batch in which its timer went is put off', () => {
    const desk = new KeyDesk()
    send(desk, 'a', { until: 'received', debounce: 100 })
    desk.at = 101
    send(desk, 'b', { until: 'received', debounce: 100 }, 'later')
    desk.accept({ type: 'task-received', id: 'a', at: 101 })
    expect(desk.task('a')).toMatchObject({ state: 'PENDING', due: 201, args: encode(['k', 'later']) })
    desk.accept({ type: 'task-received', id: 'a', at: 201 })
    expect(stateOf(desk, 'a')).toEqual(['RECEIVED'])
    expect(desk.rows.get(id)).toBeUndefined()
  })

  test('needs to know of the past only for a throttle', () => {
    const desk = new KeyDesk()
    const sent = (more: Partial<UniqueSend>) => desk.sent('a', 'k', undefined, { id, until: 'ended', ...more })
    expect(neededRows(desk.reader, [sent({}), sent({ debounce: 5 })])).toEqual([])
    expect(neededRows(desk.reader, [sent({ throttle: 5 })])).toEqual([id])
  })
})

const ENDS = ['succeeds', 'fails', 'retries', 'is lost', 'is revoked'] as const
const move = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('send' as const), after: fc.constantFrom(0, 1, 4, 9) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('start' as const), pick: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom(...ENDS), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('recover' as const) }) },
)
const pick = <T>(items: readonly T[], at: number): T | undefined => items[at % Math.max(1, items.length)]
const isLive = (row: TaskRow): boolean => !isReady(row.state) && row.follows === undefined

/** Play moves; `look` is called after each with what is live. */
function play(
  moves: readonly (typeof move extends fc.Arbitrary<infer M> ? M : never)[],
  how: Partial<UniqueSend>,
  look: (desk: KeyDesk) => void,
): KeyDesk {
  const desk = new KeyDesk()
  for (const [index, one] of moves.entries()) {
    desk.at += 1
    if (one.do === 'send') {
      desk.at += one.after
      send(desk, `t${index}`, how, index)
    } else if (one.do === 'recover') desk.recover()
    else if (one.do === 'start') desk.start(pick([...desk.runnable], one.pick) ?? '', 'no key')
    else desk.end(pick(one.do === 'is revoked' ? desk.tasks() : desk.running(), one.pick)?.id ?? '', one.do)
    look(desk)
  }
  desk.drain('no key')
  for (const row of desk.tasks()) expect(isReady(row.state), `${row.id} is ${row.state}`).toBe(true)
  for (const row of desk.tasks()) {
    if (row.follows === undefined || row.error?.message === 'is revoked') continue
    const first = desk.task(row.follows)
    expect([row.state, row.result]).toEqual([first?.state, first?.result])
  }
  return desk
}

describe('whatever happens in whatever order', () => {
  test('until it has ended there is one, and what was sent beside it ends as it does', () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
        const desk = play(moves, {}, (now) => expect(now.tasks().filter(isLive).length).toBeLessThan(2))
        expect([...desk.rows.values()].filter(({ kind }) => kind === 'key')).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  test('until it has started there is one that waits for its first start', () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
        play(moves, { until: 'started' }, (now) =>
          expect(now.tasks().filter((row) => isLive(row) && row.runs === 0).length).toBeLessThan(2),
        )
      }),
      { numRuns: 300 },
    )
  })

  test('with debounce the one that waits has the arguments that were sent last, and waits since then', () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
        const debounced = { until: 'received', debounce: 5 } as const
        play(moves, debounced, (now) => {
          const waits = now.tasks().filter((row) => isLive(row) && row.state === 'PENDING')
          expect(waits.length).toBeLessThan(2)
          const [one] = waits
          if (one === undefined) return
          const last = now.tasks().findLast((row) => row.id === one.id || row.follows === one.id) as TaskRow
          expect([one.args, one.due]).toEqual([last.args, last.sentAt + 5])
        })
      }),
      { numRuns: 300 },
    )
  })

  test('with throttle no two begin within its time, but for those that were revoked', () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
        const desk = play(moves, { throttle: 10 }, () => {})
        const begun = desk.tasks().filter((row) => row.follows === undefined && row.state !== 'REVOKED')
        for (const [index, row] of begun.entries())
          expect(row.sentAt - (begun[index - 1]?.sentAt ?? -10)).toBeGreaterThanOrEqual(10)
      }),
      { numRuns: 300 },
    )
  })
})
