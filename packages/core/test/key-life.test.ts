import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encode } from '../src/codec.ts'
import { keyRowId, type TaskRow } from '../src/rows.ts'
import { isReady } from '../src/states.ts'
import { KeyDesk, keyOf } from './key-desk.ts'
import { planOfOne } from './model.ts'

const stateOf = (desk: KeyDesk, ...ids: string[]): unknown[] => ids.map((id) => desk.task(id)?.state)

describe('a key', () => {
  test('is had by the first that starts, and answers those that wait with its result', () => {
    const desk = new KeyDesk()
    for (const id of ['a', 'b', 'c']) desk.send(id, 'k')
    for (const id of ['b', 'a', 'c']) desk.start(id)
    expect(stateOf(desk, 'a', 'b', 'c')).toEqual(['PENDING', 'STARTED', 'PENDING'])
    desk.end('b', 'succeeds')
    expect(stateOf(desk, 'a', 'b', 'c')).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS'])
    expect(desk.task('c')).toMatchObject({ result: encode('b'), attempt: 0, runs: 0, startedAt: undefined })
  })

  test('of a batch in which one succeeds and another starts has one run', () => {
    const desk = new KeyDesk()
    desk.send('a', 'k')
    desk.send('b', 'k')
    desk.start('a')
    const key = { id: keyRowId('pay', 'k') }
    desk.accept(
      { type: 'task-started', id: 'b', attempt: 1, run: 1, at: 2, key },
      { type: 'task-succeeded', id: 'a', attempt: 1, run: 1, result: encode('a'), at: 2 },
    )
    expect([...stateOf(desk, 'a', 'b'), desk.task('b')?.result]).toEqual(['SUCCESS', 'SUCCESS', encode('a')])
  })

  test('is free once its holder ends without a result and nobody waits', () => {
    const desk = new KeyDesk()
    desk.send('a', 'k')
    desk.start('a')
    desk.end('a', 'fails')
    expect(desk.rows.get(keyRowId('pay', 'k'))).toBeUndefined()
    desk.send('b', 'k', 'other')
    desk.start('b')
    expect(stateOf(desk, 'b')).toEqual(['STARTED'])
  })

  test('with other arguments fails a task whether the key is held or stands; what another version was given is not compared', () => {
    const desk = new KeyDesk()
    for (const [id, more] of [
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ] as const)
      desk.send(id, 'k', more)
    desk.start('a')
    desk.start('b')
    desk.end('a', 'succeeds')
    desk.start('c')
    expect(stateOf(desk, 'b', 'c')).toEqual(['FAILURE', 'FAILURE'])
    expect(desk.task('b')?.error?.code).toBe('UMBEL_IDEMPOTENCY_CONFLICT')
    const args = encode(['k', 'new'])
    const of = planOfOne('pay', { version: 2 })
    const node = { ...of.nodes[0], args } as (typeof of.nodes)[number]
    desk.accept({
      type: 'canvas-sent',
      id: 'd',
      plan: { ...of, nodes: [node] },
      input: undefined,
      parent: undefined,
      root: undefined,
      settles: undefined,
      at: 5,
    })
    desk.start('d')
    expect(desk.task('d')).toMatchObject({ state: 'SUCCESS', result: encode('a') })
  })

  test('that has lived for its ttl since its result came counts no more', () => {
    const desk = new KeyDesk()
    for (const id of ['a', 'b', 'c']) desk.send(id, 'k')
    desk.start('a', 100)
    desk.at = 500
    desk.end('a', 'succeeds')
    desk.at = 599
    desk.start('b', 100)
    desk.at = 600
    desk.start('c', 100)
    expect(stateOf(desk, 'a', 'b', 'c')).toEqual(['SUCCESS', 'SUCCESS', 'STARTED'])
  })

  test('goes through 1,000 that wait and all fail, one after the other', () => {
    const desk = new KeyDesk()
    const ids = Array.from({ length: 1_000 }, (_, index) => `t${index}`)
    for (const id of ids) desk.send(id, 'k')
    for (const id of ids) desk.start(id)
    for (const id of ids) {
      desk.start(id)
      desk.end(id, 'fails')
    }
    expect(new Set(ids.map((id) => desk.task(id)?.state))).toEqual(new Set(['FAILURE']))
    expect(desk.task('t999')).toMatchObject({ attempt: 1, runs: 1 })
  })

  test('goes past one that expired as it waited', () => {
    const desk = new KeyDesk()
    for (const id of ['a', 'b', 'c']) desk.send(id, 'k')
    for (const id of ['a', 'b', 'c']) desk.start(id)
    desk.rows.set('b', { ...(desk.task('b') as TaskRow), expires: 50 })
    desk.at = 60
    desk.end('a', 'fails')
    expect(stateOf(desk, 'b', 'c')).toEqual(['REVOKED', 'RECEIVED'])
  })
})

const ENDS = ['succeeds', 'fails', 'retries', 'is lost', 'is revoked'] as const
const move = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('send' as const), key: fc.constantFrom('k', 'l') }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('start' as const), pick: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom(...ENDS), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('recover' as const) }) },
)

test('whatever happens in whatever order, a key has one run at a time, one that ends with a result, and that result for all', () => {
  fc.assert(
    fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
      const desk = new KeyDesk()
      for (const [index, one] of moves.entries()) {
        desk.at = index + 2
        const pick = <T>(items: readonly T[], at: number): T | undefined => items[at % Math.max(1, items.length)]
        if (one.do === 'send') desk.send(`t${index}`, one.key)
        else if (one.do === 'recover') desk.recover()
        else if (one.do === 'start') desk.start(pick([...desk.runnable], one.pick) ?? '')
        else if (one.do === 'is revoked') desk.end(pick(desk.tasks(), one.pick)?.id ?? '', one.do)
        else desk.end(pick(desk.running(), one.pick)?.id ?? '', one.do)
        const keys = desk.running().map(keyOf)
        expect(new Set(keys).size).toBe(keys.length)
      }
      desk.drain()
      for (const row of desk.tasks()) {
        expect(isReady(row.state), `${row.id} is ${row.state}`).toBe(true)
        if (row.state === 'SUCCESS') expect(row.result).toEqual(encode(desk.results.get(keyOf(row))?.[0]))
      }
      for (const done of desk.results.values()) expect(done).toHaveLength(1)
      for (const row of desk.rows.values()) if (row.kind === 'key') expect(row.state).toBe('kept')
    }),
    { numRuns: 500 },
  )
})
