import { afterEach, describe, expect, test, vi } from 'vitest'
import { type App, createApp, defineTasks, group, type Signals, task } from '../src/index.ts'
import { next } from './fixtures/open-app.ts'

const apps: App[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  await Promise.all(apps.splice(0).map((app) => app.stop({ deadline: 0 })))
})

/** Keep the loop from turning. */
const block = (time: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, time)
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const later = (time: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, time))

let meet = (): void => {}
const tasks = defineTasks('blocking', {
  quick: task((_ctx, value: number) => value),
  blocks: task((_ctx, time: number) => block(time)),
  throwsLate: task((_ctx, time: number): never => {
    block(time)
    throw new RangeError('late')
  }),
  blocksLater: task(async (_ctx, time: number) => {
    await turn()
    block(time)
  }),
  waits: task(() => new Promise<void>((resolve) => (meet = resolve))),
})

const open = (): App => {
  const app = createApp({
    tasks: [tasks],
    lanes: { default: { threads: 0, inline: 10 } },
    loopBlockedAfter: '150ms',
  })
  apps.push(app)
  return app
}

describe('an inline handler that keeps the main loop from turning', () => {
  test('as it is called is named, with how long, though others are under way', async () => {
    const app = open()
    const waiting = app.delay(tasks.waits.s())
    await next(app, 'task-prerun')
    const told = next(app, 'loop-blocked')
    const { id } = app.delay(tasks.blocks.s(200))
    const { blockedMs, at, ...event } = await told
    expect(event).toEqual({ task: 'blocking.blocks', id, suspects: [{ task: 'blocking.blocks', id }] })
    expect(blockedMs).toBeGreaterThanOrEqual(199)
    expect(at).toBeLessThanOrEqual(Date.now())
    meet()
    await waiting.get()
  })

  test('is named when it throws, and in a map', async () => {
    const app = open()
    let told = next(app, 'loop-blocked')
    await app
      .delay(tasks.throwsLate.s(200))
      .get({ timeout: '20s' })
      .catch(() => {})
    expect(await told).toMatchObject({ task: 'blocking.throwsLate' })
    told = next(app, 'loop-blocked')
    await app.delay(tasks.blocks.map([1, 200, 1])).get()
    expect(await told).toMatchObject({ task: 'blocking.blocks' })
  })

  test('after an await is found: it was the only one under way', async () => {
    const app = open()
    const told = next(app, 'loop-blocked')
    const { id } = app.delay(tasks.blocksLater.s(300))
    expect(await told).toMatchObject({
      task: 'blocking.blocksLater',
      id,
      suspects: [{ task: 'blocking.blocksLater', id }],
    })
  })

  test('after an await, with others under way, is among the suspects', async () => {
    const app = open()
    const waiting = app.delay(tasks.waits.s())
    await next(app, 'task-prerun')
    const told = next(app, 'loop-blocked')
    const { id } = app.delay(tasks.blocksLater.s(300))
    const { task, id: none, suspects } = await told
    expect([task, none]).toEqual([undefined, undefined])
    expect(suspects).toContainEqual({ task: 'blocking.blocksLater', id })
    expect(suspects).toContainEqual({ task: 'blocking.waits', id: waiting.id })
    meet()
    await waiting.get()
  })

  test('is warned of where nobody listens, once for each task', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const app = open()
    await app.delay(tasks.blocks.s(200)).get()
    await app.delay(tasks.blocks.s(200)).get()
    expect(warn.mock.calls.map(([line]) => line)).toEqual([
      expect.stringMatching(/^blocking\.blocks blocked the main loop for 2\d\d ms/),
    ])
  })

  test('tells each blockage once: what is known is no suspicion as well', async () => {
    const app = open()
    const told: Signals['loop-blocked'][] = []
    app.on('loop-blocked', (event) => void told.push(event))
    await app.delay(tasks.blocks.s(200)).get()
    await later(150) // the timer that is late then has its turn
    expect(told.map(({ suspects }) => suspects.length)).toEqual([1])
  })
})

test('thousands that end in one turn are slow by their number: none of them is suspected', async () => {
  const app = open()
  const told: Signals['loop-blocked'][] = []
  app.on('loop-blocked', (event) => void told.push(event))
  await app.delay(group(Array.from({ length: 200 }, () => tasks.blocks.s(2)))).get()
  await later(150)
  expect(told).toEqual([])
})

test('what blocks for less, or is none of the handlers, is nobody’s doing', async () => {
  const app = open()
  const told: Signals['loop-blocked'][] = []
  app.on('loop-blocked', (event) => void told.push(event))
  await app.delay(tasks.blocks.s(50)).get()
  await later(200)
  block(300)
  await turn()
  expect(await app.delay(tasks.quick.s(1)).get()).toBe(1)
  expect(told).toEqual([])
})
