import { afterAll, afterEach, describe, expect, test } from 'vitest'
import {
  type App,
  type AppOptions,
  createApp,
  defineTasks,
  group,
  SimulatedClock,
  signature,
  type TimeLimit,
  task,
} from '../src/index.ts'
import { TimeLimits } from '../src/time-limits.ts'
import { next, record } from './fixtures/open-app.ts'
import { inThreads, onLoop, spinning } from './fixtures/time-limited.ts'

const soft = { name: 'UmbelError', code: 'UMBEL_SOFT_TIME_LIMIT' }
const hard = { name: 'UmbelError', code: 'UMBEL_HARD_TIME_LIMIT' }

const apps: App[] = []
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.stop({ deadline: 0 })))
})
const open = (options: AppOptions = {}): { app: App; clock: SimulatedClock } => {
  const clock = new SimulatedClock()
  const app = createApp({ clock, tasks: [onLoop], lanes: { default: { threads: 0, inline: 1 } }, ...options })
  apps.push(app)
  return { app, clock }
}
const running = (app: App, id: string): Promise<unknown> =>
  next(app, 'task-state', (event) => event.id === id && event.state === 'BUSY')

let threads: App | undefined
const threaded = (): App => {
  threads ??= createApp({ tasks: [inThreads, spinning], lanes: { default: { threads: 2 } } })
  return threads
}
afterAll(() => threads?.stop({ deadline: 0 }))

describe('at its soft limit, on the main loop', () => {
  test('a handler is told by its signal, may catch that and return: the task succeeds', async () => {
    const { app, clock } = open()
    const result = app.delay(onLoop.hears.s('returns'))
    await running(app, result.id)
    await clock.advance(49)
    expect(result.state).toBe('BUSY')
    await clock.advance(1)
    expect(await result.get()).toBe('in good order after UMBEL_SOFT_TIME_LIMIT')
  })

  test.each([
    ['throws the reason', soft],
    ['throws AbortError', soft],
    ['throws its own', { name: 'RangeError', message: 'half done' }],
  ] as const)('a handler that %s fails with it, and is not revoked', async (then, error) => {
    const { app, clock } = open()
    const seen = record(app, 'task-failure', 'task-revoked')
    const result = app.delay(onLoop.hears.s(then))
    await running(app, result.id)
    await Promise.all([clock.advance(50), expect(result.get()).rejects.toMatchObject(error)])
    expect([result.state, ...seen.map(({ name }) => name)]).toEqual(['FAILURE', 'task-failure'])
  })

  test('the error names the task and the limit', async () => {
    const { app, clock } = open()
    const result = app.delay(onLoop.hears.s('throws the reason'))
    await running(app, result.id)
    const details = { task: 'limitedLoop.hears', limit: 50 }
    await Promise.all([clock.advance(50), expect(result.get()).rejects.toMatchObject({ ...soft, details })])
  })

  test('another attempt follows where the retry rules, or the handler, say so', async () => {
    const { app, clock } = open({ lanes: { default: { threads: 0, inline: 2 } } })
    const byRule = app.delay(onLoop.softAgain.s())
    const asked = app.delay(onLoop.hears.s('retries'))
    await running(app, asked.id)
    await clock.advance('5s')
    expect([await byRule.get(), await asked.get()]).toEqual([2, 'in good order after UMBEL_SOFT_TIME_LIMIT'])
  })
})

describe('at its hard limit, on the main loop', () => {
  test('what becomes of a handler is given up: the task fails, and its slot is free', async () => {
    const { app, clock } = open()
    const result = app.delay(onLoop.deaf.s().set({ timeLimit: '10s' }))
    const after = app.delay(onLoop.add.s(1, 2))
    await running(app, result.id)
    await clock.advance('9s')
    expect(after.state).toBe('RECEIVED')
    await clock.advance('1s')
    await expect(result.get()).rejects.toMatchObject({ ...hard, details: { limit: 10_000 } })
    expect(await after.get()).toBe(3)
  })

  test('its signal says so, and nothing is heard of it any more: no state, no hooks, no result', async () => {
    const told: unknown[] = []
    const base = task.extend({ onSuccess: () => told.push('onSuccess'), afterReturn: () => told.push('afterReturn') })
    const tasks = defineTasks('late', {
      goesOn: base(
        async (ctx) => {
          await new Promise<void>((resolve) => ctx.signal.addEventListener('abort', () => resolve()))
          told.push((ctx.signal.reason as { code: string }).code)
          ctx.setState('WENT_ON')
          return 'too late'
        },
        { timeLimit: '1s', states: ['WENT_ON'] },
      ),
    })
    const { app, clock } = open({ tasks: [tasks] })
    const seen = record(app, 'task-state', 'task-success', 'task-failure', 'task-postrun')
    const result = app.delay(tasks.goesOn.s())
    await next(app, 'task-prerun')
    await Promise.all([clock.advance('2s'), expect(result.get()).rejects.toMatchObject(hard)])
    expect(told).toEqual(['UMBEL_HARD_TIME_LIMIT'])
    expect(seen.map(({ name }) => name)).toEqual(['task-failure', 'task-postrun'])
  })

  test('another attempt follows where the retry rules say so: they see the error', async () => {
    const { app, clock } = open()
    const errors: unknown[] = []
    app.on('task-retry', ({ error }) => errors.push((error as { code?: string }).code))
    const result = app.delay(onLoop.deafAgain.s())
    await running(app, result.id)
    await clock.advance('1s')
    expect(await result.get()).toBe('third time')
    expect(errors).toEqual([hard.code, hard.code])
  })
})

describe('limits', () => {
  test('cost a task that waits, or ended in time, no timer', async () => {
    const { app, clock } = open()
    let armed = 0
    const { setTimer } = clock
    clock.setTimer = (run, delay) => {
      armed += 1
      const timer = setTimer.call(clock, run, delay)
      const cancel = (): void => {
        armed -= 1
        timer.cancel()
      }
      return { ...timer, cancel }
    }
    const first = app.delay(onLoop.deaf.s().set({ timeLimit: '1h' }))
    for (let sent = 0; sent < 1_000; sent += 1)
      app.delay(onLoop.add.s(1, 1).set({ timeLimit: { soft: 5, hard: '1h' } }))
    await running(app, first.id)
    expect(armed).toBe(1)
    const whole = app.delay(group([onLoop.add.s(1, 1), onLoop.add.s(2, 2)]).set({ timeLimit: '1h' }))
    await Promise.all([clock.advance('1h'), whole.get()])
    armed = 0
    await app.delay(onLoop.add.s(1, 1).set({ timeLimit: '1h' })).get()
    expect(armed).toBe(0)
  })

  test('of a call win over those of the task, each for itself; those of a base are inherited', async () => {
    const base = task.extend({ timeLimit: { soft: '1s', hard: '1m' } })
    const waits = (ctx: { signal: AbortSignal }): Promise<never> =>
      new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)))
    const tasks = defineTasks('inherits', { plain: base(waits), own: base(waits, { timeLimit: { soft: '2s' } }) })
    const { app, clock } = open({ tasks: [tasks], lanes: { default: { threads: 0, inline: 9 } } })
    const calls = [
      tasks.plain.s(),
      tasks.own.s(),
      tasks.own.s().set({ timeLimit: { soft: '3s' } }),
      tasks.own.s().set({ timeLimit: '500ms' }),
    ].map((call) => app.delay(call).get())
    const applied = app.delay(tasks.plain.s(), { args: [], kwargs: {}, options: { timeLimit: { soft: '4s' } } }).get()
    const ends = Promise.allSettled([...calls, applied])
    await clock.advance('10m')
    const details = (await ends).map((end) => (end as { reason: { code: string; details: object } }).reason)
    expect(details.map(({ code, details }) => [code, (details as { limit: number }).limit])).toEqual([
      [soft.code, 1_000],
      [soft.code, 2_000],
      [soft.code, 3_000],
      [hard.code, 500],
      [soft.code, 4_000],
    ])
  })

  test("come and go in Celery's JSON", async () => {
    const sent = onLoop.deaf.s().set({ timeLimit: { soft: '1s', hard: '2s' } })
    expect(sent.toJSON().options).toEqual({ soft_time_limit: 1, time_limit: 2 })
    const { app, clock } = open()
    const result = app.delay(signature.fromJSON(JSON.parse(JSON.stringify(sent))))
    await running(app, result.id)
    await Promise.all([clock.advance('2s'), expect(result.get()).rejects.toMatchObject(hard)])
  })

  test.each<[unknown, string]>([
    [{ soft: '2s', hard: '1s' }, 'UMBEL_BAD_TIME_LIMIT'],
    [0, 'UMBEL_BAD_TIME_LIMIT'],
    [{}, 'UMBEL_BAD_TIME_LIMIT'],
    [-1, 'UMBEL_BAD_DURATION'],
    ['soon', 'UMBEL_BAD_DURATION'],
  ])('like %j are refused: of a task, a base, a call and at run time', (given, code) => {
    const limit = given as TimeLimit
    const error = expect.objectContaining({ code })
    const { app } = open()
    expect(() => defineTasks('bad', { one: task(() => 1, { timeLimit: limit }) })).toThrow(error)
    expect(() => defineTasks('bad', { one: task.extend({ timeLimit: limit })(() => 1) })).toThrow(error)
    expect(() => app.delay(onLoop.add.s(1, 1).set({ timeLimit: limit }))).toThrow(error)
    expect(() => new TimeLimits(new Map([['a', {} as never]]), app.clock).set('a', limit)).toThrow(error)
  })

  test('are those of each item in a map', async () => {
    const app = threaded()
    expect(await app.delay(inThreads.slowly.map([1, 2, 3, 4]).set({ timeLimit: '150ms' })).get()).toEqual([1, 2, 3, 4])
    const spins = app.delay(spinning.spinsAt.map([1, 2, 3]).set({ timeLimit: '200ms' }))
    await expect(spins.get()).rejects.toMatchObject(hard)
  })
})

test('a slot is free once, also where an afterReturn never ends and the hard limit gives it up', async () => {
  let [now, most] = [0, 0]
  const tasks = defineTasks('limited', {
    tidies: task.extend({ afterReturn: () => new Promise<void>(() => {}) })(() => 'done', {
      timeLimit: { hard: '50ms' },
      inline: true,
    }),
    counts: task(
      async () => {
        now += 1
        most = Math.max(most, now)
        for (let turns = 0; turns < 5; turns += 1) await new Promise((resolve) => setImmediate(resolve))
        now -= 1
      },
      { inline: true },
    ),
  })
  const { app, clock } = open({ tasks: [tasks], lanes: { default: { threads: 0, inline: 1 } } })
  expect(await app.delay(tasks.tidies.s()).get()).toBe('done')
  const sent = Array.from({ length: 6 }, () => app.delay(tasks.counts.s()))
  await clock.advance('50ms')
  await Promise.all(sent.map((one) => one.get()))
  expect(most).toBe(1)
})

describe('in a thread', () => {
  test('a soft limit is told by the signal and may be caught', async () => {
    const app = threaded()
    expect(await app.delay(inThreads.hears.s('returns')).get()).toBe('in good order after UMBEL_SOFT_TIME_LIMIT')
    await expect(app.delay(inThreads.hears.s('throws the reason')).get()).rejects.toMatchObject(soft)
    await expect(app.delay(inThreads.hears.s('throws AbortError')).get()).rejects.toMatchObject(soft)
    expect(await app.delay(inThreads.softAgain.s()).get()).toBe(2)
  })

  test.each([
    ['spins', spinning.spins.s()],
    ['sleeps', spinning.sleeps.s()],
    ['never lets the loop turn', spinning.keepsTurning.s()],
    ['never resolves', inThreads.deaf.s()],
    ['ignores its signal', spinning.hearsNothing.s()],
    ['waits for a hook that never ends', spinning.hookHangs.s()],
  ])('a handler that %s is ended at its hard limit; its neighbour goes on, the next task runs', async (_, call) => {
    const app = threaded()
    const losses = record(app, 'task-lost', 'internal-error')
    const neighbour = app.delay(inThreads.slowly.map([1, 2, 3, 4, 5, 6, 7, 8]))
    const result = app.delay(call.set({ timeLimit: { soft: '100ms', hard: '200ms' } }))
    await expect(result.get()).rejects.toMatchObject(hard)
    expect(result.state).toBe('FAILURE')
    expect(await app.delay(inThreads.add.s(2, 3)).get()).toBe(5)
    expect(await neighbour.get()).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(losses).toEqual([])
  })

  test('what it does after its outcome is stored is ended, too, and that stands', async () => {
    const app = createApp({ tasks: [spinning, inThreads], lanes: { default: { threads: 1 } } })
    apps.push(app)
    expect(await app.delay(spinning.endHangs.s()).get()).toBe('done')
    expect(await app.delay(inThreads.add.s(2, 3)).get()).toBe(5)
  })

  test('retry rules are asked about a hard limit, too', async () => {
    expect(await threaded().delay(inThreads.deafAgain.s()).get()).toBe('third time')
  })

  test('that ended in time is not ended because the main loop was late to hear of it', async () => {
    const app = threaded()
    const result = app.delay(inThreads.hears.s('returns').set({ timeLimit: { soft: '50ms', hard: '400ms' } }))
    const items = app.delay(inThreads.slowly.map([1, 2, 3, 4, 5, 6, 7, 8]).set({ timeLimit: '400ms' }))
    await Promise.all([running(app, result.id), next(app, 'task-prerun', ({ id }) => id === items.id)])
    const wait = new Int32Array(new SharedArrayBuffer(4))
    setTimeout(() => Atomics.wait(wait, 0, 0, 600), 60)
    expect(await result.get()).toBe('in good order after UMBEL_SOFT_TIME_LIMIT')
    expect(await items.get()).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  })

  test('the time that a setup takes is not counted, nor that of a thread that starts', async () => {
    const app = createApp({ tasks: [spinning], lanes: { default: { threads: 1 } } })
    apps.push(app)
    expect(await app.delay(spinning.afterSetup.s().set({ timeLimit: '300ms' })).get()).toBe('slowly')
  })
})

describe('a limit changed at run time', () => {
  test('holds for what waits, leaves what runs, and yields to the call', async () => {
    const clock = new SimulatedClock()
    const definition = { name: 'a', options: { timeLimit: { soft: 1, hard: 2 } } } as never
    const limits = new TimeLimits(new Map([['a', definition]]), clock)
    const row = (timeLimit?: object) => ({ spec: { task: 'a', timeLimit } }) as never
    expect(limits.of(row())).toEqual({ soft: 1, hard: 2 })
    limits.set('a', '1m')
    expect(limits.of(row())).toEqual({ soft: undefined, hard: 60_000 })
    expect(limits.of(row({ soft: 5, hard: undefined }))).toEqual({ soft: 5, hard: 60_000 })
    limits.set('a', undefined)
    expect(limits.of(row())).toBe(undefined)
    expect(() => limits.set('b', 1)).toThrow(expect.objectContaining({ code: 'UMBEL_UNKNOWN_TASK' }))
  })
})
