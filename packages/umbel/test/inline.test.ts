import { type AttemptCall, decode, type ErrorData, encode } from '@umbel/core'
import { describe, expect, test } from 'vitest'
import { currentAttempt } from '../src/current-attempt.ts'
import { type AnyHandler, definitionOf, register, type TaskBase, type TaskDefinition } from '../src/definition.ts'
import { inlineWorker } from '../src/lanes/inline.ts'
import { SimulatedClock } from '../src/simulated-clock.ts'
import { reportsTo } from './fixtures/no-effects.ts'
import { promised } from './fixtures/promised.ts'

let tasks = 0

/** Register a closure under a name of its own and say how to call it. */
function callOf(handler: AnyHandler, bases: readonly TaskBase[] = [], args: readonly unknown[] = []): AttemptCall {
  const task = `inline.task${++tasks}`
  const options = {
    lane: undefined,
    priority: undefined,
    inline: true,
    states: ['LOADING'],
    retry: undefined,
    expires: undefined,
    ignoreResult: false,
    kwargs: undefined,
  }
  register({ name: task, module: undefined, handler, arity: { min: 0, max: 9 }, options, bases, errors: new Map() })
  return {
    id: task,
    task,
    via: 'call',
    attempt: 1,
    args: encode(args),
    kwargs: undefined,
    parent: undefined,
    root: task,
    lane: 'default',
    run: 1,
  }
}

function workerOf() {
  const told: unknown[][] = []
  const strays: ErrorData[] = []
  const tell =
    (what: string) =>
    (_: AttemptCall, ...rest: unknown[]) =>
      void told.push([what, rest[0], currentAttempt.getStore()])
  const worker = promised(
    inlineWorker({
      tasks: { get: definitionOf } as ReadonlyMap<string, TaskDefinition>,
      reports: reportsTo(tell),
      clock: new SimulatedClock(),
      maxBytes: 1_000,
      ids: () => 'new-id',
      handleOf: (id) => ({ id }) as never,
      onStray: (error) => strays.push(error),
    }),
  )
  return { worker, told, strays }
}

describe('the inline worker', () => {
  test('runs attempts side by side', async () => {
    const { worker } = workerOf()
    let meet = (): void => {}
    const first = worker.run(callOf(() => new Promise<void>((resolve) => (meet = resolve))))
    const second = worker.run(callOf((_, n) => n + 1, [], [4]))
    expect(decode(((await second) as { result: string }).result)).toBe(5)
    meet()
    expect((await first).kind).toBe('succeeded')
  })

  test('fails a task that nothing defines', async () => {
    const { worker } = workerOf()
    const outcome = await worker.run({ ...callOf(() => 1), task: 'nobody.knows' })
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'UMBEL_UNKNOWN_TASK' } })
  })

  test('tells reports outside of the handler’s async context', async () => {
    const { worker, told } = workerOf()
    const outcome = await worker.run(
      callOf(async (ctx) => {
        ctx.setState('LOADING')
        await undefined
        ctx.progress(1, 2)
        ctx.log.info('line')
        ctx.send({ data: { kind: 'task', task: 'x', args: [], kwargs: {}, options: {}, immutable: false } })
        return currentAttempt.getStore() !== undefined
      }),
    )
    expect(outcome).toMatchObject({ kind: 'succeeded', result: 'true' })
    expect(told).toEqual([
      ['state', 'LOADING', undefined],
      ['progress', 1, undefined],
      ['log', 'info', undefined],
      ['send', 'new-id', undefined],
    ])
  })

  test('aborts the signal of a running handler, and of no other', async () => {
    const { worker } = workerOf()
    const waits: AnyHandler = (ctx) =>
      new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)))
    const [one, two] = [callOf(waits), callOf(waits)]
    const outcomes = [worker.run(one), worker.run(two)]
    worker.abort('unknown', 'revoked')
    worker.abort(two.id, 'revoked')
    expect(await outcomes[1]).toMatchObject({ kind: 'aborted', error: { code: 'UMBEL_REVOKED' } })
    worker.abort(one.id, 'stopped')
    expect(await outcomes[0]).toMatchObject({ kind: 'aborted', error: { code: 'UMBEL_APP_STOPPED' } })
  })

  test('gives up the outcome of a handler that is killed, and drops what it tells later', async () => {
    const { worker, told } = workerOf()
    let end = (): void => {}
    let ended = Promise.resolve()
    const call = callOf((ctx) => {
      ended = new Promise<void>((resolve) => (end = resolve)).then(() => ctx.setState('LOADING'))
      return ended
    })
    const outcome = worker.run(call)
    worker.kill(call.id, 'revoked')
    expect((await outcome).kind).toBe('aborted')
    const again = worker.run({ ...call, attempt: 2 })
    end()
    await ended
    expect((await again).kind).toBe('succeeded')
    expect(told.length).toBe(1)
  })

  test('runs teardowns when it stops, as often as it is told to', async () => {
    const { worker, strays } = workerOf()
    const undone: unknown[] = []
    const base: TaskBase = {
      setup: () => 'made',
      teardown: (made) => {
        undone.push(made)
        throw new Error('teardown')
      },
    }
    await worker.start()
    await worker.run(callOf(() => 1, [base]))
    await Promise.all([worker.stop(), worker.stop()])
    await worker.stop()
    expect(undone).toEqual(['made'])
    expect(strays).toMatchObject([{ message: 'teardown' }])
  })
})
