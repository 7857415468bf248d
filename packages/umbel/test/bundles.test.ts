import { isDeepStrictEqual } from 'node:util'
import { type AttemptCall, decode, type ErrorData, encode, type Outcome } from '@umbel/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { threadWorker } from '../src/lanes/threads.ts'
import { reportsTo } from './fixtures/no-effects.ts'
import { promised } from './fixtures/promised.ts'
import './fixtures/thread-tasks.ts'

let ids = 0
const callOf = (task: string, ...args: readonly unknown[]): AttemptCall => {
  const id = `id-${++ids}`
  const fixed = { via: 'call', attempt: 1, run: 1, kwargs: undefined, parent: undefined, lane: 'default' } as const
  return { ...fixed, id, task: `threads.${task}`, args: encode(args), root: id }
}

interface Sent {
  readonly call: AttemptCall
  readonly result: unknown
}

const resultOf = (outcome: Outcome | undefined): unknown =>
  outcome?.kind === 'succeeded' ? decode(outcome.result) : outcome?.kind

// a thread that the machine holds up looks like an item that lasts
const again = { retry: 5 }

describe('a bundle in a thread', again, () => {
  const told: unknown[][] = []
  const ran: string[] = []
  const strays: ErrorData[] = []
  let waiting: { readonly fits: () => boolean; readonly resolve: () => void }[] = []
  const look = (): void => {
    waiting = waiting.filter(({ fits, resolve }) => !fits() || void resolve())
  }
  const until = (fits: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      waiting.push({ fits, resolve })
      look()
    })
  const tell =
    (what: string) =>
    (call: AttemptCall): void => {
      told.push([what, call.id])
      look()
    }
  const newWorker = () =>
    promised(
      threadWorker({
        name: 'test',
        threads: 1,
        maxBytes: 1_000_000,
        reports: reportsTo(tell),
        ran: (task) => ran.push(task),
        onStray: (error) => strays.push(error),
      }),
    )
  let worker = newWorker()
  beforeEach(async () => {
    worker = newWorker()
    told.length = ran.length = strays.length = 0
    await worker.run(callOf('add', 1, 1)) // its module is imported then
    ran.length = 0
  })
  afterEach(() => worker.stop())

  /** Run a bundle; what has come of it so far, and all of it. */
  const run = (calls: readonly AttemptCall[]) => {
    const outcomes = new Map<string, Outcome>()
    const over = worker.runBundle(calls, ({ id }, outcome) => {
      expect(outcomes.get(id)).toBeUndefined()
      outcomes.set(id, outcome)
      told.push(['ended', id])
      look()
    })
    const results = (): unknown[] => calls.map(({ id }) => resultOf(outcomes.get(id)))
    return { over, results, outcomeOf: ({ id }: AttemptCall) => outcomes.get(id) }
  }
  const stillWorks = async (): Promise<void> => expect(resultOf(await worker.run(callOf('add', 2, 3)))).toBe(5)

  test('starts its items in order, and each ends once, after all that it told', async () => {
    const calls = Array.from({ length: 300 }, () => callOf('tell'))
    const { over, results } = run(calls)
    await over
    expect(results()).toEqual(calls.map(({ id }) => id))
    const firsts = told.filter(([what, id], at) => what === 'state' && told.findIndex((one) => one[1] === id) === at)
    expect(firsts.map(([, id]) => id)).toEqual(calls.map(({ id }) => id))
    for (const { id } of calls) {
      const own = told.filter((one) => one[1] === id).map(([what]) => what)
      expect(own).toEqual(['state', 'progress', 'state', 'log', 'state', 'ended'])
    }
    expect(ran).toEqual(calls.map(({ task }) => task))
  })

  test('keeps results of every size and kind apart, and what is given back may go in another', async () => {
    const values = ['', 'a', 'ab', 'ünïcödé 🌱 \ud800', 'x'.repeat(5_000), new Uint8Array([1, 2, 3]), null, undefined]
    const sent: Sent[] = [...values, ...values].map((value) => ({ call: callOf('give', value), result: value }))
    sent.push({ call: callOf('throwsNull'), result: 'failed' }, { call: callOf('nobody'), result: 'failed' })
    for (let left = sent; left.length > 0; ) {
      const { over, results } = run(left.map(({ call }) => call))
      await over
      const came = results()
      for (const [index, { result }] of left.entries())
        if (came[index] !== 'given-back') expect(isDeepStrictEqual(came[index], result)).toBe(true)
      expect(came[0]).not.toBe('given-back')
      left = left.filter((_, index) => came[index] === 'given-back')
    }
  })

  test('has told what is finished, and given back what has not begun, while an item lasts that lets nothing out', async () => {
    const lasts = callOf('busy', 500)
    const behind = [callOf('add', 3, 3), callOf('add', 4, 4)]
    const { over, results, outcomeOf } = run([callOf('add', 1, 1), callOf('add', 2, 2), lasts, ...behind])
    await until(() => results().filter((result) => result !== undefined).length === 4)
    expect(results()).toEqual([2, 4, undefined, 'given-back', 'given-back'])
    await over
    expect(outcomeOf(lasts)?.kind).toBe('succeeded')
    // that it is slow is known before it ends
    expect(ran).toEqual(['threads.add', 'threads.add', 'threads.busy', 'threads.busy'])
    await stillWorks()
  })

  test('has told the same while an item waits', async () => {
    const lasts = callOf('obey')
    const { over, results, outcomeOf } = run([callOf('add', 1, 1), lasts, callOf('add', 3, 3)])
    await until(() => results()[2] !== undefined)
    expect(results()).toEqual([2, undefined, 'given-back'])
    worker.abort(lasts.id, 'revoked')
    await over
    expect(outcomeOf(lasts)).toMatchObject({ kind: 'aborted', error: { code: 'UMBEL_REVOKED' } })
  })

  test('loses the item that ends its thread and no other: results stand, what has not begun is given back', async () => {
    const culprit = callOf('exit', 4)
    const { over, results, outcomeOf } = run([callOf('add', 1, 1), callOf('add', 2, 2), culprit, callOf('add', 3, 3)])
    await over
    expect(results()).toEqual([2, 4, 'lost', 'given-back'])
    expect(outcomeOf(culprit)).toMatchObject({ error: { message: expect.stringContaining('exit code 4') } })
    await stillWorks()
  })

  test('blames nobody for what a finished item has left behind', async () => {
    const { over, results } = run([callOf('leaveStray', 'exit', 5), callOf('add', 1, 1), callOf('obey')])
    await over
    expect(results().slice(1)).toEqual([2, 'given-back'])
    await stillWorks()
  })

  test('does not start an item that is aborted before its turn', async () => {
    const [first, aborted, last] = [callOf('tell'), callOf('tell'), callOf('tell')] as const
    const { over, results } = run([first, aborted, last])
    worker.abort(aborted.id, 'revoked')
    await over
    expect(results()).toEqual([first.id, 'aborted', last.id])
    expect(told.filter(([, id]) => id === aborted.id)).toEqual([['ended', aborted.id]])
  })

  test('ends with the item that is killed alone: what is finished stands, what has not begun is given back', async () => {
    const stubborn = callOf('ignore')
    const { over, results } = run([callOf('add', 1, 1), stubborn, callOf('add', 2, 2)])
    await until(() => told.some(([what, id]) => what === 'state' && id === stubborn.id))
    worker.kill(stubborn.id, 'hard-limit')
    await over
    expect(results()).toEqual([2, 'aborted', 'given-back'])
    await stillWorks()
  })

  test('goes on where an item is killed that has not begun', async () => {
    const [lasts, killed] = [callOf('wait', 50), callOf('add', 2, 2)]
    const { over, results } = run([lasts, killed])
    await until(() => told.some(([what, id]) => what === 'state' && id === lasts.id))
    worker.kill(killed.id, 'revoked')
    expect(results()).toEqual([undefined, 'aborted'])
    await over
    expect(results()).toEqual(['waited', 'aborted'])
  })

  test('is given back from where it is when the pool stops', async () => {
    const lasts = callOf('obey')
    const { over, results } = run([callOf('add', 1, 1), lasts, callOf('add', 2, 2)])
    await until(() => told.some(([what, id]) => what === 'state' && id === lasts.id))
    await worker.stop()
    await over
    expect(results()).toEqual([2, 'given-back', 'given-back'])
    const late = run([callOf('add', 1, 1), callOf('add', 2, 2)])
    await late.over
    expect(late.results()).toEqual(['given-back', 'given-back'])
  })
})
