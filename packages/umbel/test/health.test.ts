import { describe, expect, test } from 'vitest'
import { defineTasks, memoryStore, SimulatedClock, task } from '../src/index.ts'
import { inThreads, onLoop } from './fixtures/behaviour.ts'
import { next, open, record } from './fixtures/open-app.ts'
import { threadTasks } from './fixtures/thread-tasks.ts'

const { echo, waits } = onLoop
const oneSlot = { lanes: { default: { threads: 0, inline: 1 } } }

describe('an app is healthy', () => {
  test('before it starts, while it works, and at rest', async () => {
    const app = open(oneSlot)
    const healthy = { status: 'healthy', reasons: [], threads: 0, activeTasks: 0 }
    expect(await app.health()).toMatchObject(healthy)
    const running = next(app, 'task-state')
    const busy = app.delay(waits.s())
    await running
    expect(await app.health()).toMatchObject({ ...healthy, activeTasks: 1, lanes: [{ name: 'default', running: 1 }] })
    await busy.revoke()
  })

  test('with threads that are up, and counts them', async () => {
    const app = open({ lanes: { default: { threads: 1 }, low: { threads: 2 } } })
    await app.start()
    expect(await app.health()).toMatchObject({ status: 'healthy', threads: 3 })
  })
})

describe('an app is unhealthy', () => {
  test('while its store takes nothing, and healthy again once it does', async () => {
    const store = memoryStore()
    const { commit } = store
    const app = open({ ...oneSlot, store })
    expect(await app.delay(echo.s(1)).get()).toEqual([1])
    store.commit = () => Promise.reject(new Error('no space left on device'))
    await expect(app.delay(echo.s(2)).accepted).rejects.toMatchObject({ code: 'UMBEL_STORE_FAILED' })
    expect(await app.health()).toMatchObject({
      status: 'unhealthy',
      reasons: ['The store did not take what it was given last: no space left on device'],
    })
    store.commit = commit
    await app.delay(echo.s(3)).get()
    expect(await app.health()).toMatchObject({ status: 'healthy' })
  })

  test('when its store cannot be opened', async () => {
    const store = Object.assign(memoryStore(), { open: () => Promise.reject(new Error('no disk')) })
    const app = open({ store })
    await expect(app.start()).rejects.toMatchObject({ code: 'UMBEL_STORE_FAILED' })
    const { status, reasons } = await app.health()
    expect([status, reasons]).toEqual(['unhealthy', [expect.stringContaining('could not be opened')]])
  })

  test('while tasks wait for threads of which none is up', async () => {
    const app = open({ tasks: [inThreads], lanes: { default: { threads: 1 } } })
    const result = app.delay(inThreads.add.s(1, 2))
    await result.accepted
    expect(await app.health()).toMatchObject({
      status: 'unhealthy',
      reasons: ['The lane default has no thread, and 1 task waits for one.'],
    })
    await result.get()
    expect(await app.health()).toMatchObject({ status: 'healthy', threads: 1 })
  })

  test('while it stops and once it has stopped', async () => {
    const app = open({ name: 'shop', ...oneSlot })
    const running = next(app, 'task-state')
    const busy = app.delay(waits.s())
    await running
    const stopped = app.stop({ deadline: '1h' })
    expect(await app.health()).toMatchObject({ status: 'unhealthy', reasons: ['The app shop is stopping.'] })
    await busy.revoke()
    await stopped
    expect(await app.health()).toMatchObject({ status: 'unhealthy', reasons: ['The app shop has stopped.'] })
  })
})

describe('an app is degraded', () => {
  test('while tasks wait in a lane that is paused, or that has no slots', async () => {
    const app = open(oneSlot)
    await app.control.pause('default')
    expect(await app.health()).toMatchObject({ status: 'healthy' })
    const results = [app.delay(echo.s()), app.delay(echo.s())]
    await results[1]?.accepted
    const reasons = ['The lane default is paused, and 2 tasks wait in it.']
    expect(await app.health()).toMatchObject({ status: 'degraded', reasons })
    await app.control.scale('default', { inline: 0 })
    await app.control.resume('default')
    expect((await app.health()).reasons).toEqual(['The lane default has no slots, and 2 tasks wait in it.'])
    await app.control.scale('default', { inline: 1 })
    await Promise.all(results.map((result) => result.get()))
    expect(await app.health()).toMatchObject({ status: 'healthy' })
  })

  test('while a backlog is nine tenths full', async () => {
    const app = open({ lanes: { default: { threads: 0, inline: 1, backlog: 10 } } })
    const running = next(app, 'task-state')
    const busy = app.delay(waits.s())
    await running
    for (let n = 0; n < 8; n++) await app.delay(echo.s()).accepted
    expect(await app.health()).toMatchObject({ status: 'healthy' })
    await app.delay(echo.s()).accepted
    const reasons = ['The lane default is nearly full: 9 tasks wait, of 10 that may.']
    expect(await app.health()).toMatchObject({ status: 'degraded', reasons })
    await busy.revoke()
  })

  test('while the first of a priority has waited too long; its countdown is no wait', async () => {
    const clock = new SimulatedClock()
    const app = open({ ...oneSlot, clock })
    const running = next(app, 'task-state')
    const busy = app.delay(waits.s())
    await running
    await app.delay(echo.s().set({ countdown: '2m', priority: 0 })).accepted
    await clock.advance('5m')
    expect(await app.health()).toMatchObject({ status: 'healthy' })
    expect(await app.health({ maxWait: '3m' })).toMatchObject({ status: 'healthy' })
    await app.delay(echo.s().set({ priority: 9 })).accepted
    await clock.advance('3m')
    expect(await app.health()).toMatchObject({
      status: 'degraded',
      reasons: ['In the lane default a task has waited for 360 s.'],
    })
    expect(await app.health({ maxWait: '6m' })).toMatchObject({ status: 'healthy' })
    await busy.revoke()
  })

  test('when its threads die over and over', async () => {
    const app = open({ tasks: [threadTasks], lanes: { default: { threads: 1 } } })
    const lost = record(app, 'task-lost')
    await expect(app.delay(threadTasks.exit.s(3)).get()).rejects.toMatchObject({ code: 'UMBEL_WORKER_LOST' })
    await app.delay(threadTasks.add.s(1, 2)).get()
    expect(await app.health()).toMatchObject({ status: 'healthy' })
    await app
      .delay(threadTasks.exit.s(3))
      .get()
      .catch(() => {})
    await app.delay(threadTasks.add.s(1, 2)).get()
    expect(lost.length).toBeGreaterThan(3)
    expect(await app.health()).toMatchObject({
      status: 'degraded',
      reasons: ['The lane default has lost 6 threads within a minute.'],
    })
  })

  test('and says the worst first when several things are wrong', async () => {
    const lane = { threads: 0, inline: 1, backlog: 2 }
    const quiet = defineTasks('quiet', { one: task(() => {}) })
    const app = open({ tasks: [quiet], lanes: { default: lane }, name: 'shop' })
    await app.control.pause('default')
    await Promise.all([app.delay(quiet.one.s()), app.delay(quiet.one.s())].map((result) => result.accepted))
    await app.stop({ deadline: 0 })
    expect((await app.health()).reasons).toEqual([
      'The app shop has stopped.',
      'The lane default is paused, and 2 tasks wait in it.',
      'The lane default is nearly full: 2 tasks wait, of 2 that may.',
    ])
  })
})

test.each([{ maxWait: 'long' }, { maxWaits: 5 }, 5, null])('health refuses %j', async (options) => {
  await expect(open().health(options as never)).rejects.toHaveProperty('code', expect.stringMatching(/^UMBEL_BAD_/))
})
