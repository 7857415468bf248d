import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type App, chain, defineTasks, group, SimulatedClock, task } from '../src/index.ts'
import { sqliteStore } from '../src/sqlite.ts'
import { inThreads, onLoop } from './fixtures/behaviour.ts'
import { next, open, record } from './fixtures/open-app.ts'

const { add, again, echo, fail, waits } = onLoop
const oneSlot = { lanes: { default: { threads: 0, inline: 1 } } }

/** What `echo` was called with, in the order in which it started. */
const started = (app: App): string[] => {
  const ids: string[] = []
  app.on('task-prerun', ({ id }) => ids.push(id))
  return ids
}

/** Send a task that keeps a slot busy until it is revoked. */
async function busy(app: App) {
  const running = next(app, 'task-state')
  const result = app.delay(waits.s())
  await running
  return result
}

describe('control.priority', () => {
  test('moves a waiting task behind those that have the priority already', async () => {
    const app = open(oneSlot)
    await app.control.pause('default')
    const order = started(app)
    const [a, b, c] = [5, 9, 0].map((priority) => echo.s().set({ priority }).delay())
    await c?.accepted
    expect(await app.control.priority(c as never, 9)).toBe(true)
    expect(await app.control.priority((a as { id: string }).id, 9)).toBe(true)
    await app.control.resume('default')
    await Promise.all([a, b, c].map((result) => result?.get()))
    expect(order).toEqual([b?.id, c?.id, a?.id])
  })

  test('is right behind a send that has not been stored yet, with an id of the caller’s too', async () => {
    const app = open(oneSlot)
    await app.control.pause('default')
    const order = started(app)
    const results = [echo.s().delay(), echo.s().set({ id: 'mine' }).delay()]
    expect(await app.control.priority('mine', 8)).toBe(true)
    await app.control.resume('default')
    await Promise.all(results.map((result) => result.get()))
    expect(order[0]).toBe('mine')
  })

  test('counts for later attempts and for what waits for its time', async () => {
    const clock = new SimulatedClock()
    const app = open({ ...oneSlot, clock })
    const retried = next(app, 'task-retry')
    const retries = again.delay({ times: 1, countdown: 60_000 })
    const later = echo.s().set({ countdown: '1m', priority: 7 }).delay()
    await retried
    expect(await app.control.priority(retries, 8)).toBe(true)
    expect(await app.control.priority(later, 6)).toBe(true)
    await app.control.pause('default')
    const order = started(app)
    await clock.advance('1m')
    await app.control.resume('default')
    await Promise.all([retries.get(), later.get()])
    expect(order).toEqual([retries.id, later.id])
  })

  test('of a workflow reaches its members that wait and the steps whose turn has not come', async () => {
    const app = open(oneSlot)
    await app.control.pause('default')
    const order = started(app)
    const plain = [echo.delay(), echo.delay(), echo.delay()]
    const both = chain(group([add.s(1, 1), add.s(2, 2)]), onLoop.sum.s()).delay()
    await both.accepted
    expect(await app.control.priority(both, 9)).toBe(true)
    await app.control.resume('default')
    expect(await both.get()).toBe(6)
    await Promise.all(plain.map((result) => result.get()))
    const place = (id = ''): number => order.indexOf(id)
    expect(order.slice(0, 2).every((id) => id.startsWith(both.id))).toBe(true)
    expect(place(both.id)).toBeLessThan(place(plain[2]?.id))
    expect(await app.control.priority(both, 1)).toBe(false)
  })

  test('does not count for what runs or has ended, and is refused for what nobody knows and for what is no priority', async () => {
    const app = open(oneSlot)
    const running = await busy(app)
    expect(await app.control.priority(running, 9)).toBe(false)
    await running.revoke()
    expect(await app.control.priority(running, 9)).toBe(false)
    await expect(app.control.priority('nobody', 9)).rejects.toMatchObject({ code: 'UMBEL_UNKNOWN_RESULT' })
    for (const priority of [10, -1, 1.5, Number.NaN, '5' as never, undefined as never])
      await expect(app.control.priority(running, priority)).rejects.toMatchObject({ code: 'UMBEL_BAD_PRIORITY' })
  })
})

test('another priority is kept by a store, of what waits and of steps whose turn has not come', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'umbel-'))
  const file = join(folder, 'work.db')
  const before = open({ ...oneSlot, store: sqliteStore(file) })
  await before.control.pause('default')
  const plain = Array.from({ length: 3 }, () => before.delay(echo.s()))
  const steps = before.delay(chain(add.s(1, 1), add.s(1)))
  const last = before.delay(echo.s())
  await last.accepted
  await before.control.priority(steps, 9)
  await before.control.priority(last, 8)
  await before.stop({ deadline: 0 })

  const app = open({ ...oneSlot, store: sqliteStore(file) })
  const order = started(app)
  await app.start()
  for (const { id } of [...plain, steps, last]) await (await app.result(id)).get()
  const [first, second, third] = order
  expect([first?.startsWith(steps.id), second, third?.startsWith(steps.id)]).toEqual([true, last.id, true])
  await app.stop()
  rmSync(folder, { recursive: true })
})

describe('a paused lane', () => {
  test('starts nothing, lets go on what runs, and takes what is sent', async () => {
    const app = open()
    const running = await busy(app)
    await app.control.pause('default')
    await app.control.pause('default')
    const order = started(app)
    const waiting = echo.delay(1)
    await waiting.accepted
    expect(running.state).toBe('WAITING')
    expect([waiting.state, order]).toEqual(['RECEIVED', []])
    await app.control.resume('default')
    expect(await waiting.get()).toEqual([1])
  })

  test('is not waited for by stop, though what runs in it is', async () => {
    const clock = new SimulatedClock()
    let end = (): void => {}
    const slow = defineTasks('slow', {
      one: task(() => new Promise<string>((resolve) => (end = () => resolve('done')))),
    })
    const app = open({ tasks: [slow, onLoop], clock })
    const begun = next(app, 'task-prerun')
    const running = app.delay(slow.one.s())
    await begun
    await app.control.pause('default')
    const waiting = app.delay(echo.s(1))
    await waiting.accepted
    const stopped = app.stop({ deadline: '1h' })
    end()
    await stopped
    expect(await running.get()).toBe('done')
    await expect(waiting.get()).rejects.toMatchObject({ code: 'UMBEL_APP_STOPPED' })
  })

  test('that is resumed while the app stops is drained', async () => {
    const app = open({ lanes: { default: { threads: 0, inline: 10 }, other: { threads: 0, inline: 1 } } })
    const running = await busy(app)
    await app.control.pause('other')
    const waiting = echo.s(1).set({ lane: 'other' }).delay()
    await waiting.accepted
    const stopped = app.stop({ deadline: '1h' })
    await app.control.resume('other')
    await app.control.scale('other', { inline: 2 })
    expect(await waiting.get()).toEqual([1])
    await running.revoke()
    await stopped
  })
})

describe('control.scale', () => {
  test('gives a lane more and fewer slots on the main loop while it works', async () => {
    const app = open(oneSlot)
    const results = [await busy(app), ...Array.from({ length: 3 }, () => app.delay(waits.s()))]
    await results[3]?.accepted
    let more = record(app, 'task-state')
    await app.control.scale('default', { inline: 3 })
    while (more.length < 2) await next(app, 'task-state')
    expect(results.map(({ state }) => state)).toEqual(['WAITING', 'WAITING', 'WAITING', 'RECEIVED'])
    more = record(app, 'task-state')
    await app.control.scale('default', { inline: 0 })
    await Promise.all(results.slice(0, 3).map((result) => result.revoke()))
    expect([results[3]?.state, more.length]).toEqual(['RECEIVED', 0])
    await app.control.scale('default', { inline: 1 })
    while (more.length < 1) await next(app, 'task-state')
  })

  test('gives threads to a lane that was made without any, which then takes tasks for them', async () => {
    const app = open({ tasks: [inThreads] })
    expect(() => app.delay(inThreads.add.s(1, 2))).toThrow(expect.objectContaining({ code: 'UMBEL_BAD_LANE' }))
    await app.control.scale('default', { threads: 2 })
    await app.start()
    expect(await app.delay(inThreads.add.s(1, 2)).get()).toBe(3)
    await app.control.scale('default', { threads: 0 })
    const waiting = app.delay(inThreads.add.s(3, 4))
    await waiting.accepted
    expect(waiting.state).toBe('RECEIVED')
    await app.control.scale('default', { threads: 3 })
    expect(await waiting.get()).toBe(7)
    expect(await app.inspect.lanes()).toMatchObject([{ threads: 3, live: 3 }])
  })

  test('that is under way when the app stops holds up nothing', async () => {
    const app = open({ tasks: [inThreads] })
    await app.start()
    const scaled = app.control.scale('default', { threads: 3 })
    await app.stop({ deadline: 0 })
    await scaled
    expect((await app.health()).threads).toBe(0)
  })

  test.each([{ threads: -1 }, { threads: 1.5 }, { inline: 1e9 }, { thread: 1 }, 5, null])(
    'refuses %j',
    async (width) => {
      const app = open()
      await expect(app.control.scale('default', width as never)).rejects.toMatchObject({ code: 'UMBEL_BAD_OPTION' })
    },
  )
})

describe('control.purge', () => {
  test('revokes what waits in a lane, tells so, and leaves alone what runs or waits for its time', async () => {
    const clock = new SimulatedClock()
    const app = open({ ...oneSlot, clock })
    const running = await busy(app)
    const later = echo.s(1).set({ countdown: '1m' }).delay()
    const waiting = Array.from({ length: 3 }, () => echo.delay(2))
    await waiting[2]?.accepted
    const revoked = record(app, 'task-revoked')
    expect(await app.control.purge('default')).toBe(3)
    expect(await app.control.purge('default')).toBe(0)
    expect(revoked.map(({ event }) => event.id)).toEqual(waiting.map(({ id }) => id))
    for (const result of waiting) await expect(result.get()).rejects.toMatchObject({ code: 'UMBEL_REVOKED' })
    expect(running.state).toBe('WAITING')
    await running.revoke()
    await clock.advance('1m')
    expect(await later.get()).toEqual([1])
  })

  test('by task takes those of its name, or of all names that fit, from every lane', async () => {
    const lane = { threads: 0, inline: 1 }
    const app = open({ lanes: { default: lane, other: lane } })
    await Promise.all(['default', 'other'].map((name) => app.control.pause(name)))
    const echoes = ['default', 'other'].map((name) => echo.s().set({ lane: name }).delay())
    const fails = fail.delay('no')
    const sum = add.delay(1, 2)
    await sum.accepted
    expect(await app.control.purge({ task: 'loop.echo' })).toBe(2)
    expect(await app.control.purge({ task: '*.f*l' })).toBe(1)
    for (const result of [...echoes, fails]) expect(result.state).toBe('REVOKED')
    await app.control.resume('default')
    expect(await sum.get()).toBe(3)
  })

  test('takes what was just sent, too', async () => {
    const app = open(oneSlot)
    await app.control.pause('default')
    const result = echo.delay()
    expect(await app.control.purge('default')).toBe(1)
    expect(result.state).toBe('REVOKED')
  })

  test('ends a workflow whose member it takes, and never hangs one', async () => {
    const app = open(oneSlot)
    await app.control.pause('default')
    const both = chain(group([echo.s(1), add.s(1, 2)]), echo.s()).delay()
    await both.accepted
    expect(await app.control.purge({ task: 'loop.echo' })).toBe(1)
    await app.control.resume('default')
    await expect(both.get()).rejects.toMatchObject({ code: 'UMBEL_REVOKED' })
  })

  test('takes 100,000 in one go', async () => {
    const app = open(oneSlot)
    await app.control.pause('default')
    const results = Array.from({ length: 100_000 }, () => echo.delay())
    await results.at(-1)?.accepted
    expect(await app.control.purge('default')).toBe(100_000)
    expect(results.every(({ state }) => state === 'REVOKED')).toBe(true)
    expect(await app.inspect.lanes()).toMatchObject([{ waiting: 0 }])
  })
})

describe('control.rateLimit', () => {
  const rated = () =>
    defineTasks('rated', {
      slow: task((_ctx, n: number) => n, { rateLimit: '1/m' }),
      free: task((_ctx, n: number) => n),
    })

  test('is felt at once by tasks that wait, and lifts a limit', async () => {
    const tasks = rated()
    const app = open({ tasks: [tasks], clock: new SimulatedClock() })
    const results = [1, 2, 3].map((n) => app.delay(tasks.slow.s(n)))
    await results[0]?.get()
    expect((await app.inspect.waiting()).tasks).toMatchObject([
      { reason: { kind: 'token' } },
      { reason: { kind: 'token' } },
    ])
    await app.control.rateLimit('rated.slow', null)
    expect([await results[1]?.get(), await results[2]?.get()]).toEqual([2, 3])
    expect(await app.inspect.limits()).toMatchObject([{ name: 'rated.slow', rate: undefined }])
  })

  test('holds what waits for a slot to a rate it is given there', async () => {
    const clock = new SimulatedClock()
    const tasks = rated()
    const app = open({ tasks: [tasks], clock })
    await app.control.pause('default')
    const results = [1, 2].map((n) => app.delay(tasks.free.s(n)))
    await results[1]?.accepted
    await app.control.rateLimit('rated.free', '1/m')
    await app.control.resume('default')
    expect(await results[0]?.get()).toBe(1)
    expect((await app.inspect.waiting()).tasks).toMatchObject([{ id: results[1]?.id, reason: { kind: 'token' } }])
    await clock.advance('61s')
    expect(await results[1]?.get()).toBe(2)
  })

  test('leaves those at its gate to be moved and purged like others', async () => {
    const clock = new SimulatedClock()
    const tasks = rated()
    const app = open({ tasks: [tasks], clock })
    const order = started(app)
    const [first, second, third, ...others] = [1, 2, 3, 4, 5].map((n) => app.delay(tasks.slow.s(n)))
    await first?.get()
    expect(await app.control.priority(third?.id ?? '', 9)).toBe(true)
    expect(await app.control.priority(second?.id ?? '', 0)).toBe(true)
    await clock.advance('61s')
    expect(await third?.get()).toBe(3)
    expect(order).toEqual([first?.id, third?.id])
    expect(await app.control.purge({ task: 'rated.slow' })).toBe(3)
    for (const result of [second, ...others]) expect(result?.state).toBe('REVOKED')
    expect(await app.inspect.limits()).toMatchObject([{ waiting: 0 }])
    expect(await app.inspect.waiting()).toMatchObject({ total: 0 })
    const next = app.delay(tasks.slow.s(6))
    await clock.advance('61s')
    expect(await next.get()).toBe(6)
  })

  test('refuses what is no rate, and names the limit that was meant', async () => {
    const app = open({ tasks: [rated()] })
    await expect(app.control.rateLimit('rated.slow', 'fast' as never)).rejects.toMatchObject({ code: 'UMBEL_BAD_RATE' })
    await expect(app.control.rateLimit('rated.slo', '1/s')).rejects.toMatchObject({
      code: 'UMBEL_UNKNOWN_LIMIT',
      message: expect.stringContaining('Did you mean "rated.slow"?'),
    })
  })
})

describe('control.timeLimit', () => {
  test('holds what starts from then on, and is lifted by null', async () => {
    const clock = new SimulatedClock()
    const app = open({ clock })
    await app.control.timeLimit('loop.waits', { soft: '10s' })
    const begun = next(app, 'task-state')
    const result = waits.delay()
    await begun
    await clock.advance('11s')
    await expect(result.get()).rejects.toMatchObject({ code: 'UMBEL_SOFT_TIME_LIMIT' })
    await app.control.timeLimit('loop.waits', null)
    const again = next(app, 'task-state')
    const endless = waits.delay()
    await again
    await clock.advance('1h')
    expect(endless.state).toBe('WAITING')
    await app.control.revoke(endless)
    await expect(endless.get()).rejects.toMatchObject({ code: 'UMBEL_REVOKED' })
  })

  test('refuses what is no limit, and names the task that was meant', async () => {
    const app = open()
    await expect(app.control.timeLimit('loop.waits', { sof: '1s' } as never)).rejects.toHaveProperty('code')
    await expect(app.control.timeLimit('loop.wait', { soft: '1s' })).rejects.toMatchObject({
      code: 'UMBEL_UNKNOWN_TASK',
      message: expect.stringContaining('Did you mean "loop.waits"?'),
    })
  })
})

describe('control', () => {
  test('names the lane or the task that was meant', async () => {
    const app = open({ lanes: { default: { threads: 0 }, reports: { threads: 0 } } })
    const { control } = app
    for (const asked of [control.pause('report'), control.resume('report'), control.purge('report')])
      await expect(asked).rejects.toMatchObject({
        code: 'UMBEL_UNKNOWN_LANE',
        message: expect.stringContaining('Did you mean "reports"?'),
      })
    await expect(app.control.purge({ task: 'loop.ecko' })).rejects.toMatchObject({
      code: 'UMBEL_UNKNOWN_TASK',
      message: expect.stringContaining('Did you mean "loop.echo"?'),
    })
    for (const what of [5, null, undefined, {}])
      await expect(app.control.purge(what as never)).rejects.toHaveProperty('code', expect.stringMatching(/^UMBEL_/))
  })

  test('stops the app, and then does nothing more', async () => {
    const app = open()
    await app.control.shutdown({ deadline: 0 })
    const asks = [
      app.control.pause('default'),
      app.control.resume('default'),
      app.control.purge('default'),
      app.control.purge({ task: '*' }),
      app.control.scale('default', { inline: 1 }),
      app.control.priority('some', 5),
      app.control.revoke('some'),
      app.control.rateLimit('some', '1/s'),
      app.control.timeLimit('loop.echo', null),
    ]
    for (const ask of asks) await expect(ask).rejects.toMatchObject({ code: 'UMBEL_APP_STOPPED' })
  })
})

test.runIf(process.platform === 'linux')('the threads of a lane are as nice as it says', async () => {
  const app = open({ tasks: [inThreads], lanes: { low: { threads: 2, nice: 15 }, high: { threads: 1 } } })
  await app.start()
  await app.control.scale('low', { threads: 3 })
  const niceness = readdirSync('/proc/self/task').map((thread) => {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])
  })
  expect(niceness.filter((nice) => nice === 15).length).toBe(3)
})

test('a lane that is saturated never takes a thread of another', async () => {
  const app = open({ tasks: [inThreads], lanes: { low: { threads: 2, nice: 15 }, high: { threads: 1 } } })
  const low = Array.from({ length: 20 }, () => app.delay(inThreads.waits.s().set({ lane: 'low' })))
  const begun = record(app, 'task-state')
  while (begun.length < 2) await next(app, 'task-state')
  const high = Array.from({ length: 20 }, (_, n) => app.delay(inThreads.add.s(n, 1).set({ lane: 'high', priority: 0 })))
  expect(await Promise.all(high.map((result) => result.get()))).toEqual(high.map((_, n) => n + 1))
  const running = app.delay(inThreads.waits.s().set({ lane: 'high' }))
  await next(app, 'task-state')
  const active = await app.inspect.active()
  const threads = new Map(active.map(({ id, thread }) => [id, thread]))
  expect(threads.size).toBe(3)
  expect(new Set(threads.values()).size).toBe(3)
  expect(threads.get(running.id)).toBeTypeOf('number')
  expect(low.filter(({ state }) => state === 'RECEIVED').length).toBe(18)
})
