import { describe, expect, test } from 'vitest'
import { chain, defineTasks, group, memoryStore, SimulatedClock, task } from '../src/index.ts'
import { inThreads, onLoop } from './fixtures/behaviour.ts'
import { next, open, record } from './fixtures/open-app.ts'
import { threadTasks } from './fixtures/thread-tasks.ts'

const { add, again, echo, fail, ignore, reject, replacedBy, waits } = onLoop
const oneSlot = { lanes: { default: { threads: 0, inline: 1 } } }

describe('inspect.active', () => {
  test('tells of each running handler where it runs and how far it has come', async () => {
    const app = open({ tasks: [onLoop, inThreads], lanes: { default: { threads: 2 } } })
    const told = record(app, 'task-state')
    const inline = app.delay(waits.s())
    const both = app.delay(group(inThreads.waits.s(), inThreads.waits.s()))
    while (told.length < 3) await next(app, 'task-state')
    const active = await app.inspect.active()
    expect(active.length).toBe(3)
    expect(active.find(({ id }) => id === inline.id)).toEqual({
      id: inline.id,
      task: 'loop.waits',
      lane: 'default',
      priority: 5,
      workflow: undefined,
      attempt: 1,
      startedAt: expect.any(Number),
      inline: true,
      thread: undefined,
      state: 'WAITING',
      progress: undefined,
    })
    const inThread = active.filter((one) => !one.inline)
    expect(inThread.map(({ workflow, state }) => [workflow, state])).toEqual([
      [both.id, 'WAITING'],
      [both.id, 'WAITING'],
    ])
    const pings = await app.inspect.ping()
    expect(inThread.map(({ thread }) => thread).sort()).toEqual(pings.map(({ thread }) => thread).sort())
    await Promise.all([inline.revoke(), both.revoke()])
  })

  test('tells progress, attempts, and nothing of what has ended', async () => {
    let end = (): void => {}
    const tasks = defineTasks('slow', {
      one: task((ctx) => {
        if (ctx.attempt === 1) ctx.retry({ countdown: 0 })
        ctx.progress(1, 4)
        return new Promise<void>((resolve) => (end = resolve))
      }),
    })
    const app = open({ tasks: [tasks] })
    const progressed = next(app, 'task-progress')
    const result = app.delay(tasks.one.s())
    await progressed
    expect(await app.inspect.active()).toMatchObject([{ id: result.id, attempt: 2, progress: { done: 1, total: 4 } }])
    end()
    await result.get()
    expect(await app.inspect.active()).toEqual([])
  })
})

describe('inspect.reserved', () => {
  test('tells of what has a slot while its start is being stored', async () => {
    let stored = (): void => {}
    const store = memoryStore()
    const { commit } = store
    const starting = new Promise<void>((resolve) => {
      store.commit = async (batch) => {
        if (batch.events.some(({ type }) => type === 'task-started')) {
          resolve()
          await new Promise<void>((go) => (stored = go))
        }
        return commit.call(store, batch)
      }
    })
    const app = open({ ...oneSlot, store })
    expect(await app.inspect.reserved()).toEqual([])
    const [first, second] = [echo.delay(), echo.delay()]
    await starting
    expect(await app.inspect.reserved()).toEqual([
      { id: first?.id, task: 'loop.echo', lane: 'default', priority: 5, workflow: undefined },
    ])
    store.commit = commit
    stored()
    await first?.get()
    await second?.get()
    expect(await app.inspect.reserved()).toEqual([])
  })
})

describe('inspect.scheduled', () => {
  test('lists what waits for its time, the next one first, and says why', async () => {
    const clock = new SimulatedClock()
    const app = open({ clock })
    const retried = next(app, 'task-retry')
    const retries = again.delay({ times: 1, countdown: 60_000 })
    await retried
    const at = clock.now()
    const counts = echo.s().set({ countdown: '30s' }).delay()
    const revoked = echo.s().set({ countdown: '20s' }).delay()
    const dated = echo
      .s()
      .set({ eta: at + 90_000 })
      .delay()
    await dated.accepted
    await revoked.revoke()
    const { total, tasks } = await app.inspect.scheduled()
    expect(total).toBe(3)
    expect(tasks.map(({ id, why, due }) => [id, why, due - at])).toEqual([
      [counts.id, 'countdown', 30_000],
      [retries.id, 'retry', 60_000],
      [dated.id, 'eta', 90_000],
    ])
    expect(await app.inspect.scheduled({ limit: 1 })).toMatchObject({ total: 3, tasks: [{ id: counts.id }] })
    await clock.advance('2m')
    expect(await app.inspect.scheduled()).toEqual({ total: 0, tasks: [] })
  })
})

describe('inspect.waiting', () => {
  test('gives the reason why each task has not started', async () => {
    const clock = new SimulatedClock()
    const rated = defineTasks('rated', { one: task((_ctx, _n: number) => {}, { rateLimit: '1/m', lane: 'calm' }) })
    const lane = { threads: 0, inline: 1 }
    const app = open({ tasks: [onLoop, rated], clock, lanes: { default: lane, shut: lane, calm: lane } })
    await app.control.pause('shut')
    const running = next(app, 'task-state')
    const busy = app.delay(waits.s())
    await running
    const results = {
      slot: app.delay(echo.s().set({ priority: 2 })),
      first: app.delay(echo.s().set({ priority: 9 })),
      paused: app.delay(echo.s().set({ lane: 'shut' })),
      countdown: app.delay(echo.s().set({ countdown: '1m' })),
      through: app.delay(rated.one.s(1)),
    }
    await results.through.get()
    const token = app.delay(rated.one.s(2))
    await token.accepted
    const { total, tasks, dependent } = await app.inspect.waiting()
    expect([total, tasks.length, dependent]).toEqual([5, 5, 0])
    expect(tasks.map(({ id, reason }) => [id, reason])).toEqual([
      [results.first.id, { kind: 'slot' }],
      [results.slot.id, { kind: 'slot' }],
      [results.paused.id, { kind: 'paused' }],
      [token.id, { kind: 'token', token: 'rated.one', key: '', until: expect.any(Number) }],
      [results.countdown.id, { kind: 'countdown', until: clock.now() + 60_000 }],
    ])
    const calm = await app.inspect.waiting({ lane: 'calm' })
    expect(calm).toMatchObject({ total: 1, tasks: [{ id: token.id }] })
    expect((await app.inspect.waiting({ lane: 'default' })).total).toBe(3)
    await app.control.scale('default', { inline: 0 })
    expect((await app.inspect.waiting({ lane: 'default', limit: 1 })).tasks).toMatchObject([
      { id: results.first.id, reason: { kind: 'paused' } },
    ])
    await busy.revoke()
  })

  test('counts the steps of a workflow whose turn has not come, and lists no more than it is asked to', async () => {
    const app = open(oneSlot)
    await app.control.pause('default')
    const steps = Array.from({ length: 100_000 }, () => add.s(1))
    const long = chain(add.s(1, 1), ...steps).delay()
    const wide = group(Array.from({ length: 1_000 }, () => echo.s())).delay()
    await wide.accepted
    const { total, tasks, dependent, workflows } = await app.inspect.waiting()
    expect([total, tasks.length, dependent]).toEqual([1_001, 100, 100_000])
    expect(workflows).toEqual([{ workflow: long.id, tasks: 100_000 }])
    expect((await app.inspect.waiting({ limit: 0 })).tasks).toEqual([])
    await Promise.all([long.revoke(), wide.revoke()])
    expect(await app.inspect.waiting()).toEqual({ total: 0, tasks: [], dependent: 0, workflows: [] })
  })

  test('names what a replaced task waits for', async () => {
    const clock = new SimulatedClock()
    const app = open({ clock })
    const replaced = next(app, 'task-replaced')
    const result = replacedBy.delay(echo.s(1).set({ countdown: '1m' }).data)
    const { by } = await replaced
    expect((await app.inspect.waiting()).tasks).toMatchObject([
      { id: by, reason: { kind: 'countdown' } },
      { id: result.id, reason: { kind: 'dependency', on: by } },
    ])
    await clock.advance('1m')
    expect(await result.get()).toEqual([1])
  })

  test.each([{ limit: -1 }, { limit: 1.5 }, { limits: 1 }, 5, null])('refuses %j', async (options) => {
    await expect(open().inspect.waiting(options as never)).rejects.toMatchObject({ code: 'UMBEL_BAD_OPTION' })
  })

  test('names the lane that was meant', async () => {
    await expect(open().inspect.waiting({ lane: 'defualt' })).rejects.toMatchObject({
      code: 'UMBEL_UNKNOWN_LANE',
      message: expect.stringContaining('Did you mean "default"?'),
    })
  })
})

describe('inspect.stats', () => {
  test('counts what became of tasks, by lane and by task', async () => {
    const app = open({ lanes: { default: { threads: 0 }, other: { threads: 0 } } })
    const retried = again.delay({ times: 2 })
    const revoked = echo.s().set({ countdown: '1h' }).delay()
    await revoked.revoke()
    await Promise.allSettled(
      [
        ...[1, 2, 3].map((n) => add.delay(n, n)),
        add.s(1, 1).set({ lane: 'other' }).delay(),
        chain(fail.s('no'), echo.s()).delay(),
        ignore.delay(),
        reject.delay('no'),
        retried,
      ].map((result) => result.get()),
    )
    const none = { started: 0, retried: 0, lost: 0, succeeded: 0, failed: 0, revoked: 0, rejected: 0, ignored: 0 }
    const { lanes, tasks } = await app.inspect.stats()
    expect(lanes.other).toEqual({ ...none, started: 1, succeeded: 1 })
    expect(tasks['loop.add']).toEqual({ ...none, started: 4, succeeded: 4 })
    expect(tasks['loop.echo']).toEqual({ ...none, failed: 1, revoked: 1 })
    expect(tasks['loop.again']).toEqual({ ...none, started: 3, retried: 2, succeeded: 1 })
    expect(tasks['loop.sum']).toEqual(none)
    expect(lanes.default).toEqual({
      started: 9,
      retried: 2,
      lost: 0,
      succeeded: 4,
      failed: 2,
      revoked: 1,
      rejected: 1,
      ignored: 1,
    })
  })
})

describe('inspect', () => {
  test('tells the tasks and the lanes with their options', async () => {
    const quiet = defineTasks('quiet', {
      one: task((_ctx, _x: number) => {}, {
        inline: true,
        priority: 8,
        retry: { max: 7 },
        states: ['HUM'],
        expires: '1m',
      }),
    })
    const app = open({
      tasks: [quiet],
      lanes: { low: { threads: 0, inline: 3, nice: 15, backlog: { size: 10, full: 'reject' }, aging: '1m' } },
    })
    expect(await app.inspect.registered()).toEqual([
      {
        name: 'quiet.one',
        options: {
          lane: undefined,
          priority: 8,
          inline: true,
          states: ['HUM'],
          retries: 7,
          expires: '1m',
          ignoreResult: false,
        },
      },
    ])
    const low = (await app.inspect.lanes()).find(({ name }) => name === 'low')
    expect(low).toEqual({
      name: 'low',
      threads: 0,
      inline: 3,
      live: 0,
      nice: 15,
      aging: 60_000,
      backlog: { size: 10, full: 'reject' },
      paused: false,
      waiting: 0,
      running: 0,
      inbox: 0,
    })
  })

  test('tells the rate limits, and answers also once the app has stopped', async () => {
    const rated = defineTasks('rated', { one: task(() => {}, { rateLimit: '10/s' }) })
    const app = open({ tasks: [rated] })
    expect(await app.inspect.limits()).toMatchObject([{ name: 'rated.one', rate: '10/s', tasks: ['rated.one'] }])
    await app.stop()
    const { inspect } = app
    await Promise.all([inspect.active(), inspect.reserved(), inspect.scheduled(), inspect.waiting(), inspect.stats()])
    expect(await inspect.ping()).toEqual([])
  })
})

describe('inspect.ping', () => {
  test('is answered by each thread, and not by one whose handler spins', async () => {
    const app = open({
      tasks: [threadTasks, inThreads],
      lanes: { default: { threads: 0 }, low: { threads: 1 }, high: { threads: 2 } },
    })
    await app.start()
    const all = await app.inspect.ping()
    expect(all.map(({ lane }) => lane).sort()).toEqual(['high', 'high', 'low'])
    for (const { ms } of all) expect(ms).toBeGreaterThan(0)
    const spins = next(app, 'task-state')
    const spinning = app.delay(threadTasks.spin.s().set({ lane: 'low' }))
    await spins
    const waiting = next(app, 'task-state')
    const loops = app.delay(inThreads.waits.s().set({ lane: 'high' }))
    await waiting
    const [low, ...high] = (await app.inspect.ping({ timeout: 300 })).sort((a, b) => (a.lane > b.lane ? -1 : 1))
    expect(low).toMatchObject({ lane: 'low', ms: undefined })
    expect(high.map(({ ms }) => typeof ms)).toEqual(['number', 'number'])
    await Promise.all([spinning.revoke(), loops.revoke()])
  })
})
