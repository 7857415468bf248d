import { type AttemptCall, decode, encode, fromErrorData, Ignore, type Outcome, Reject, retryPolicy } from '@umbel/core'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { AttemptEnvironment } from '../src/attempt-context.ts'
import { AttemptControl } from '../src/attempt-control.ts'
import { currentAttempt } from '../src/current-attempt.ts'
import type { AnyHandler, DefinedOptions, TaskBase, TaskDefinition } from '../src/definition.ts'
import { Resources } from '../src/resources.ts'
import { SimulatedClock } from '../src/simulated-clock.ts'
import { NO_EFFECTS } from './fixtures/no-effects.ts'
import { attempted } from './fixtures/promised.ts'

type Parts = Partial<DefinedOptions> & { readonly bases?: readonly TaskBase[] }

function defined(handler: AnyHandler, { bases = [], ...options }: Parts = {}): TaskDefinition {
  return {
    name: 'test.task',
    module: undefined,
    handler,
    arity: { min: 0, max: Number.POSITIVE_INFINITY },
    options: {
      lane: undefined,
      priority: undefined,
      inline: true,
      states: [],
      retry: undefined,
      expires: undefined,
      ignoreResult: false,
      kwargs: undefined,
      ...options,
    },
    bases,
    errors: new Map(),
  }
}

const callOf = (args: readonly unknown[] = [], parts: Partial<AttemptCall> = {}): AttemptCall => ({
  id: 'id-1',
  task: 'test.task',
  via: 'call',
  attempt: 1,
  args: encode(args),
  kwargs: undefined,
  parent: 'parent-1',
  root: 'root-1',
  lane: 'default',
  run: 1,
  ...parts,
})

function environmentOf() {
  const clock = new SimulatedClock()
  const told: unknown[][] = []
  const environment: AttemptEnvironment = {
    reports: {
      ...NO_EFFECTS,
      state: (_, state, meta) => told.push(['state', state, meta && decode(meta)]),
      progress: (_, done, total) => told.push(['progress', done, total]),
      begun: (_, at) => told.push(['begun', at]),
      send: (_, id, canvas) => told.push(['send', id, decode(canvas)]),
      log: (_, level, message, fields) => told.push(['log', level, message, fields && decode(fields)]),
    },
    clock,
    resources: new Resources(clock),
    maxBytes: 10_000,
    ids: () => 'new-id',
    handleOf: (id) => ({ id }) as never,
  }
  return { clock, told, environment }
}

const run = (handler: AnyHandler, options?: Parts, call = callOf()): Promise<Outcome> =>
  attempted(defined(handler, options), call, environmentOf().environment)

const resultOf = (outcome: Outcome): unknown => (outcome.kind === 'succeeded' ? decode(outcome.result) : outcome)
const failureOf = (outcome: Outcome): unknown => (outcome.kind === 'failed' ? outcome.error : outcome)

describe('runAttempt: what a handler is given', () => {
  test('its arguments as fresh copies, its kwargs, and who it is', async () => {
    const given = { rows: [1, 2] }
    const seen: unknown[] = []
    const call = callOf([given, 'x'], { kwargs: encode({ to: 'me' }), attempt: 3 })
    const outcome = await run(
      (ctx, one, two) => {
        seen.push(one)
        return [one.rows, two, ctx.kwargs, ctx.id, ctx.attempt, ctx.parent, ctx.root]
      },
      {},
      call,
    )
    expect(resultOf(outcome)).toEqual([[1, 2], 'x', { to: 'me' }, 'id-1', 3, 'parent-1', 'root-1'])
    expect(seen[0]).not.toBe(given)
  })

  test('the kwargs that its schema makes of those sent; what does not fit fails and is not retried', async () => {
    const kwargs = z.object({ n: z.coerce.number(), unit: z.string().default('ms') })
    const options = { kwargs, retry: retryPolicy({ max: 5 }) } as unknown as Parts
    expect(resultOf(await run((ctx) => ctx.kwargs, options, callOf([], { kwargs: encode({ n: '4' }) })))).toEqual({
      n: 4,
      unit: 'ms',
    })
    const refused = await run((ctx) => ctx.kwargs, options, callOf([], { kwargs: encode({ n: 'four' }) }))
    expect(failureOf(refused)).toMatchObject({ code: 'UMBEL_BAD_KWARGS' })
  })

  test('map and starmap call it for each item in order, and the first error ends them', async () => {
    const seen: unknown[] = []
    const add = async (_: unknown, a: number, b = 10): Promise<number> => {
      seen.push(a)
      if (a === 3) throw new Error('three')
      return a + b
    }
    expect(resultOf(await run(add, {}, callOf([[1, 2]], { via: 'map' })))).toEqual([11, 12])
    expect(
      resultOf(
        await run(
          add,
          {},
          callOf(
            [
              [
                [1, 1],
                [2, 2],
              ],
            ],
            { via: 'starmap' },
          ),
        ),
      ),
    ).toEqual([2, 4])
    seen.length = 0
    expect(failureOf(await run(add, {}, callOf([[1, 3, 4]], { via: 'map' })))).toMatchObject({ message: 'three' })
    expect(seen).toEqual([1, 3])
  })

  test('a context whose states, progress, log and sends are told in order, and dropped once it has ended', async () => {
    const { environment, told } = environmentOf()
    let after = (): void => {}
    const handler: AnyHandler = (ctx) => {
      ctx.setState('LOADING', { step: 1 })
      ctx.progress(1, 2)
      ctx.log.info('halfway', { rows: 3 })
      const sent = ctx.send({
        data: { kind: 'task', task: 'other', args: [1], kwargs: {}, options: {}, immutable: false },
      })
      after = () => {
        ctx.setState('LOADING')
        ctx.progress(2, 2)
        ctx.log.warn('late')
      }
      return sent.id
    }
    const outcome = await attempted(defined(handler, { states: ['LOADING'] }), callOf(), environment)
    after()
    expect(resultOf(outcome)).toBe('new-id')
    expect(told).toEqual([
      ['state', 'LOADING', { step: 1 }],
      ['progress', 1, 2],
      ['log', 'info', 'halfway', { rows: 3 }],
      ['send', 'new-id', expect.objectContaining({ task: 'other', args: [1] })],
    ])
  })

  test('a state that its task does not declare is refused by name', async () => {
    const outcome = await run((ctx) => ctx.setState('LAODING'), { states: ['LOADING'] })
    expect(failureOf(outcome)).toMatchObject({
      code: 'UMBEL_UNKNOWN_STATE',
      message: expect.stringContaining('LOADING'),
    })
  })

  test('bare sends within it go through it, with the call worked into the canvas', async () => {
    const { environment, told } = environmentOf()
    const data = { kind: 'task', task: 'other', args: [2], kwargs: {}, options: {}, immutable: false } as const
    const handler: AnyHandler = async () => {
      await undefined
      const sender = currentAttempt.getStore()?.sender
      return (await sender?.send(data, { args: [1], kwargs: { k: 1 }, options: { id: 'mine' } }))?.id
    }
    expect(resultOf(await attempted(defined(handler), callOf(), environment))).toBe('mine')
    expect(told).toEqual([['send', 'mine', expect.objectContaining({ args: [1, 2], kwargs: { k: 1 } })]])
    expect(currentAttempt.getStore()).toBeUndefined()
  })
})

describe('runAttempt: what comes of it', () => {
  test('a value, awaited or not, also none', async () => {
    expect(resultOf(await run(() => 4))).toBe(4)
    expect(resultOf(await run(async () => ({ a: [1] })))).toEqual({ a: [1] })
    expect(resultOf(await run(() => {}))).toBeUndefined()
  })

  test('a result that cannot travel fails for good, whatever the retry rules', async () => {
    const outcome = await run(() => () => 1, { retry: retryPolicy({ max: 5 }) })
    expect(failureOf(outcome)).toMatchObject({ code: 'UMBEL_CANNOT_TRAVEL' })
    const large = await run(() => 'x'.repeat(20_000))
    expect(failureOf(large)).toMatchObject({ code: 'UMBEL_VALUE_TOO_LARGE' })
  })

  test('Ignore and Reject', async () => {
    expect(await run(() => Promise.reject(new Ignore()))).toEqual({ kind: 'ignored' })
    const outcome = await run(() => {
      throw new Reject('no such customer')
    })
    expect(outcome).toEqual({ kind: 'rejected', reason: 'no such customer' })
  })

  test('ctx.replace ends it with the canvas that goes on', async () => {
    const data = { kind: 'task', task: 'other', args: [], kwargs: {}, options: {}, immutable: false }
    const outcome = await run((ctx) => ctx.replace({ data }))
    expect(outcome.kind === 'replaced' && decode(outcome.canvas)).toEqual(data)
  })

  test('nothing that is thrown is ever more than a failure', async () => {
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error('get')
        },
        getPrototypeOf: () => {
          throw new Error('getPrototypeOf')
        },
      },
    )
    const { proxy: revoked, revoke } = Proxy.revocable({}, {})
    revoke()
    const cyclic = new Error('cyclic')
    cyclic.cause = cyclic
    for (const thrown of [
      null,
      undefined,
      'text',
      4,
      Symbol('s'),
      () => {},
      hostile,
      revoked,
      cyclic,
      Object.freeze({}),
      Object.create(null),
    ]) {
      for (const handler of [
        () => Promise.reject(thrown),
        () => {
          throw thrown
        },
      ] as AnyHandler[]) {
        expect(await run(handler, { retry: retryPolicy({ max: 0 }) })).toMatchObject({
          kind: 'failed',
          error: { message: expect.any(String) },
        })
        expect(await run(handler, { bases: [{ onFailure: () => {} }] })).toMatchObject({ kind: 'failed' })
      }
    }
    expect((await run(() => hostile)).kind).toBe('failed')
    expect((await run(() => revoked)).kind).toBe('failed')
  })

  test('an aborted handler that throws its reason, or an AbortError, is aborted; one that returns has succeeded', async () => {
    const outcomes = await Promise.all(
      [
        (ctx: { signal: AbortSignal }) => ctx.signal.throwIfAborted(),
        () => Promise.reject(new DOMException('stop', 'AbortError')),
        () => 'done anyway',
        () => Promise.reject(new TypeError('other')),
      ].map(async (end) => {
        const control = new AttemptControl({ task: 'attempt.task' })
        const handler: AnyHandler = async (ctx) => {
          const aborted = new Promise((resolve) => ctx.signal.addEventListener('abort', resolve))
          control.abort('revoked')
          await aborted
          return end(ctx)
        }
        return attempted(defined(handler), callOf(), environmentOf().environment, control)
      }),
    )
    expect(outcomes.map(({ kind }) => kind)).toEqual(['aborted', 'aborted', 'succeeded', 'failed'])
    expect(outcomes[0]).toMatchObject({ error: { code: 'UMBEL_REVOKED' } })
  })

  test('one aborted before it starts never runs, and a map stops between items', async () => {
    const control = new AttemptControl({ task: 'attempt.task' })
    control.abort('stopped')
    let ran = 0
    const outcome = await attempted(
      defined(() => ran++),
      callOf(),
      environmentOf().environment,
      control,
    )
    expect([outcome.kind, ran]).toEqual(['aborted', 0])
    const later = new AttemptControl({ task: 'attempt.task' })
    const counting: AnyHandler = (_, item) => {
      ran++
      if (item === 2) later.abort('revoked')
    }
    const mapped = await attempted(
      defined(counting),
      callOf([[1, 2, 3, 4]], { via: 'map' }),
      environmentOf().environment,
      later,
    )
    expect([mapped.kind, ran]).toEqual(['aborted', 2])
  })

  test('a stray error of its own fails it while it runs, by the same rules', async () => {
    const control = new AttemptControl({ task: 'attempt.task' })
    const outcome = attempted(
      defined(() => new Promise(() => {})),
      callOf(),
      environmentOf().environment,
      control,
    )
    expect(control.fail(new Error('stray'))).toBe(true)
    expect(failureOf(await outcome)).toMatchObject({ message: 'stray' })
    expect(control.fail(new Error('later'))).toBe(false)
  })
})

describe('runAttempt: retries', () => {
  class Down extends Error {}
  const retry = retryPolicy({ on: [Down], max: 2, backoff: { base: '1s', jitter: false } } as never)

  test('an error that the rules name is retried until they are spent', async () => {
    const down: AnyHandler = () => Promise.reject(new Down('no answer'))
    const kinds = []
    for (const attempt of [1, 2, 3]) kinds.push((await run(down, { retry }, callOf([], { attempt }))).kind)
    expect(kinds).toEqual(['retry', 'retry', 'failed'])
    expect(await run(down, { retry })).toMatchObject({ error: { message: 'no answer' }, delay: 1_000 })
    expect((await run(() => Promise.reject(new Error('other')), { retry })).kind).toBe('failed')
  })

  test('ctx.retry asks whatever the error, for a delay of its own if it likes', async () => {
    const asked = await run((ctx) => ctx.retry({ error: new Error('try again'), countdown: '5s' }), { retry })
    expect(asked).toMatchObject({ kind: 'retry', error: { message: 'try again' }, delay: 5_000 })
    expect(await run((ctx) => ctx.retry(), { retry })).toMatchObject({ kind: 'retry', error: undefined, delay: 1_000 })
  })

  test('ctx.retry fails once retries are spent: with its error, else with UMBEL_RETRIES_SPENT', async () => {
    const third = callOf([], { attempt: 3 })
    expect(failureOf(await run((ctx) => ctx.retry({ error: new Down('x') }), { retry }, third))).toMatchObject({
      message: 'x',
    })
    expect(failureOf(await run((ctx) => ctx.retry(), { retry }, third))).toMatchObject({ code: 'UMBEL_RETRIES_SPENT' })
    expect((await run((ctx) => ctx.retry({ max: 9 }), { retry }, third)).kind).toBe('retry')
  })

  test('the same attempt has the same jitter wherever it is judged', async () => {
    const jittered = { retry: retryPolicy({ max: 5, backoff: { base: '10s', jitter: true } } as never) }
    const delays = await Promise.all(
      Array.from({ length: 5 }, () => run(() => Promise.reject(new Error('x')), jittered)),
    )
    expect(new Set(delays.map((outcome) => outcome.kind === 'retry' && outcome.delay)).size).toBe(1)
  })
})

describe('runAttempt: bases', () => {
  const told: string[] = []
  const hooks = (name: string): TaskBase => ({
    beforeStart: () => void told.push(`${name}.beforeStart`),
    around: async (_, next) => {
      told.push(`${name}.around`)
      const result = await next()
      told.push(`${name}.around end`)
      return `${name}(${result})`
    },
    onSuccess: (_, result) => void told.push(`${name}.onSuccess ${result}`),
    onFailure: (_, error) => void told.push(`${name}.onFailure ${(error as Error).message}`),
    onRetry: (_, error) => void told.push(`${name}.onRetry ${(error as Error).message}`),
    afterReturn: async (_, end) => void told.push(`${name}.afterReturn ${end.status}`),
  })
  const bases = [hooks('outer'), hooks('inner')]
  const runBased = async (handler: AnyHandler, options: Parts = {}): Promise<[Outcome, string[]]> => {
    told.length = 0
    const control = new AttemptControl({ task: 'attempt.task' })
    const outcome = await attempted(
      defined(handler, { bases, ...options }),
      callOf(),
      environmentOf().environment,
      control,
    )
    told.push(`told ${outcome.kind}`)
    await control.rest?.()
    return [outcome, [...told]]
  }

  test('their hooks run around a success in order, the last of them once the outcome is told', async () => {
    const [outcome, order] = await runBased(() => {
      told.push('handler')
      return 'r'
    })
    expect(resultOf(outcome)).toBe('outer(inner(r))')
    expect(order).toEqual([
      'outer.beforeStart',
      'inner.beforeStart',
      'outer.around',
      'inner.around',
      'handler',
      'inner.around end',
      'outer.around end',
      'outer.onSuccess outer(inner(r))',
      'inner.onSuccess outer(inner(r))',
      'told succeeded',
      'outer.afterReturn SUCCESS',
      'inner.afterReturn SUCCESS',
    ])
  })

  test('their hooks run after a failure and a retry in order, and not after the other ends', async () => {
    const after = (order: string[]): string[] => order.filter((line) => /^told|\.(on|after)/.test(line))
    const fails = (): never => {
      throw new Error('e')
    }
    const [failed, afterFailure] = await runBased(fails)
    expect(failed.kind).toBe('failed')
    expect(after(afterFailure)).toEqual([
      'outer.onFailure e',
      'inner.onFailure e',
      'told failed',
      'outer.afterReturn FAILURE',
      'inner.afterReturn FAILURE',
    ])
    const [retried, afterRetry] = await runBased(fails, { retry: retryPolicy({ max: 1 }) })
    expect(retried.kind).toBe('retry')
    expect(after(afterRetry)).toEqual(['outer.onRetry e', 'inner.onRetry e', 'told retry'])
    const [ignored, afterIgnore] = await runBased(() => Promise.reject(new Ignore()))
    expect(ignored.kind).toBe('ignored')
    expect(after(afterIgnore)).toEqual(['told ignored'])
  })

  test('what beforeStart throws fails the attempt; what the later hooks throw is logged and changes nothing', async () => {
    let ran = false
    const handler = (): void => {
      ran = true
    }
    const thrower = (): never => {
      throw new Error('from a hook')
    }
    expect(failureOf(await run(handler, { bases: [{ beforeStart: thrower }] }))).toMatchObject({
      message: 'from a hook',
    })
    expect(ran).toBe(false)
    const { environment, told: logged } = environmentOf()
    const late = { onSuccess: thrower, afterReturn: () => Promise.reject(null) }
    const control = new AttemptControl({ task: 'attempt.task' })
    const outcome = await attempted(
      defined(() => 1, { bases: [late] }),
      callOf(),
      environment,
      control,
    )
    expect(resultOf(outcome)).toBe(1)
    await control.rest?.()
    expect(logged.map((line) => line.slice(0, 3))).toEqual([
      ['log', 'error', 'onSuccess threw'],
      ['log', 'error', 'afterReturn threw'],
    ])
  })

  test('a setup runs once for all attempts, also those that start together, and its gifts are on the context', async () => {
    let setups = 0
    const base: TaskBase = {
      setup: async () => {
        setups++
        await undefined
        return { db: { name: 'db' } }
      },
    }
    const { environment } = environmentOf()
    const definition = defined((ctx) => ctx.db.name, { bases: [base, { setup: () => ({ cache: 1 }) }] })
    const outcomes = await Promise.all([1, 2, 3].map(() => attempted(definition, callOf(), environment)))
    outcomes.push(await attempted(definition, callOf(), environment))
    expect(outcomes.map(resultOf)).toEqual(['db', 'db', 'db', 'db'])
    expect(setups).toBe(1)
  })

  test('a setup that throws fails the attempt with its cause and is tried again; retry rules see the cause', async () => {
    class Down extends Error {}
    let setups = 0
    const base: TaskBase = {
      setup: () => {
        if (++setups < 3) throw new Down('no database')
        return { db: 1 }
      },
    }
    const { environment } = environmentOf()
    const bare = defined((ctx) => ctx.db, { bases: [base] })
    const failed = await attempted(bare, callOf(), environment)
    expect(failureOf(failed)).toMatchObject({ code: 'UMBEL_SETUP_FAILED', cause: { message: 'no database' } })
    const retrying = defined((ctx) => ctx.db, { bases: [base], retry: retryPolicy({ on: [Down], max: 3 } as never) })
    expect((await attempted(retrying, callOf(), environment)).kind).toBe('retry')
    expect(resultOf(await attempted(retrying, callOf(), environment))).toBe(1)
  })

  test('a setup that hangs fails the attempt in time, and what it makes too late is undone', async () => {
    const { environment, clock } = environmentOf()
    let make = (_: unknown): void => {}
    const undone: unknown[] = []
    const base: TaskBase = {
      setup: () => new Promise((resolve) => (make = resolve)),
      teardown: (made) => void undone.push(made),
      setupTimeout: '2s',
    }
    const outcome = attempted(
      defined(() => 1, { bases: [base] }),
      callOf(),
      environment,
    )
    await clock.advance('2s')
    expect(failureOf(await outcome)).toMatchObject({ code: 'UMBEL_SETUP_TIMEOUT' })
    make('late')
    await environment.resources.tearDown(() => {})
    await undefined
    expect(undone).toEqual(['late'])
  })

  test('a setup may not hide what is the context’s own', async () => {
    for (const key of ['signal', 'retry', 'constructor']) {
      const outcome = await run(() => 1, { bases: [{ setup: () => ({ [key]: 1 }) }] })
      expect(failureOf(outcome)).toMatchObject({ code: 'UMBEL_SETUP_FAILED', message: expect.stringContaining(key) })
    }
  })

  test('teardowns run once, newest first, all of them, with what setup made', async () => {
    const { environment } = environmentOf()
    const undone: unknown[] = []
    const failures: unknown[] = []
    const base = (name: string): TaskBase => ({
      setup: () => ({ [name]: name }),
      teardown: (made) => {
        undone.push(made)
        if (name === 'second') throw new Error('teardown')
      },
    })
    await attempted(
      defined(() => 1, { bases: [base('first'), base('second')] }),
      callOf(),
      environment,
    )
    await environment.resources.tearDown((error) => failures.push(error))
    await environment.resources.tearDown((error) => failures.push(error))
    expect(undone).toEqual([{ second: 'second' }, { first: 'first' }])
    expect(failures).toEqual([new Error('teardown')])
  })
})

test('errors keep what get() needs to revive them', async () => {
  const outcome = await run(() => Promise.reject(new RangeError('far out')))
  expect(outcome.kind === 'failed' && fromErrorData(outcome.error)).toBeInstanceOf(Error)
})
