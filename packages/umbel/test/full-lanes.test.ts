import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import { type App, type AppOptions, createApp, defineTasks, group, task } from '../src/index.ts'

const apps: App[] = []
const open = (options: AppOptions): App => {
  const app = createApp(options)
  apps.push(app)
  return app
}
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.stop({ deadline: 0 })))
})

const full = expect.objectContaining({ code: 'UMBEL_LANE_FULL' })

describe('a full lane', () => {
  const gated = () => {
    let open = (): void => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const tasks = defineTasks('gated', { pass: task((_ctx, value: number) => gate.then(() => value)) })
    return { tasks, open }
  }

  test('makes delay throw UMBEL_LANE_FULL and send wait, first come, first served', async () => {
    const { tasks, open: openGate } = gated()
    const app = open({ tasks: [tasks], lanes: { default: { threads: 0, inline: 1, backlog: 2 } } })
    const started: number[] = []
    const begun = new Promise((resolve) => app.on('task-prerun', resolve))
    const first = app.delay(tasks.pass.s(0))
    await begun
    const waiting = [app.delay(tasks.pass.s(1)), app.delay(tasks.pass.s(2))]
    expect(() => app.delay(tasks.pass.s(3))).toThrow(full)
    const sends = [3, 4, 5].map(async (value) => {
      const result = await app.send(tasks.pass.s(value))
      started.push(value)
      return result.get()
    })
    expect(() => app.delay(tasks.pass.s(6))).toThrow(full)
    expect(started).toEqual([])
    openGate()
    expect(await Promise.all(sends)).toEqual([3, 4, 5])
    expect(await Promise.all([first, ...waiting].map((result) => result.get()))).toEqual([0, 1, 2])
    expect(started).toEqual([3, 4, 5])
  })

  test('that rejects makes send reject too, until there is space again', async () => {
    const { tasks, open: openGate } = gated()
    const lanes = { default: { threads: 0, inline: 1, backlog: { size: 1, full: 'reject' as const } } }
    const app = open({ tasks: [tasks], lanes })
    const begun = new Promise((resolve) => app.on('task-prerun', resolve))
    const first = await app.send(tasks.pass.s(0))
    await begun
    const second = await app.send(tasks.pass.s(1))
    await expect(app.send(tasks.pass.s(2))).rejects.toEqual(full)
    expect(() => app.delay(tasks.pass.s(3))).toThrow(full)
    openGate()
    expect([await first.get(), await second.get()]).toEqual([0, 1])
    expect(await (await app.send(tasks.pass.s(4))).get()).toBe(4)
  })

  test('takes a group larger than its backlog once it is empty, and only then', async () => {
    const { tasks, open: openGate } = gated()
    const app = open({ tasks: [tasks], lanes: { default: { threads: 0, inline: 1, backlog: 2 } } })
    const begun = new Promise((resolve) => app.on('task-prerun', resolve))
    app.delay(tasks.pass.s(0))
    await begun
    app.delay(tasks.pass.s(1))
    const large = group(Array.from({ length: 10 }, (_, value) => tasks.pass.s(value)))
    expect(() => app.delay(large)).toThrow(full)
    const sent = app.send(large)
    const behind = app.send(tasks.pass.s(11))
    openGate()
    expect(await (await sent).get()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(await (await behind).get()).toBe(11)
  })

  test('stays within its backlog while the rate of what waits there is lifted and given', async () => {
    const tasks = defineTasks('rated', { one: task((_ctx, n: number) => n, { rateLimit: '1/h' }) })
    const app = open({ tasks: [tasks], lanes: { default: { threads: 0, backlog: 3 } } })
    await app.control.pause('default')
    for (const n of [1, 2, 3]) await app.send(tasks.one.s(n))
    const sends = [4, 5].map((n) => app.send(tasks.one.s(n)))
    for (const rate of [null, '1/m', null] as const) {
      await app.control.rateLimit('rated.one', rate)
      expect((await app.inspect.lanes())[0]?.waiting).toBe(3)
    }
    await app.control.resume('default')
    const results = await Promise.all(sends)
    expect(await Promise.all(results.map((result) => result.get()))).toEqual([4, 5])
  })

  test('lets 20,000 senders wait and serves them all', async () => {
    const tasks = defineTasks('many', { pass: task((_ctx, value: number) => value) })
    const app = open({ tasks: [tasks], lanes: { default: { threads: 0, inline: 10, backlog: 100 } } })
    const sends = Array.from({ length: 20_000 }, async (_, value) => (await app.send(tasks.pass.s(value))).get())
    const values = await Promise.all(sends)
    expect(values.every((value, index) => value === index)).toBe(true)
  })

  test('does not hold two senders of groups over two lanes against each other', async () => {
    const tasks = defineTasks('two', { pass: task((_ctx, value: number) => value) })
    const lane = { threads: 0, inline: 1, backlog: 2 }
    const app = open({ tasks: [tasks], lanes: { default: lane, other: lane } })
    const here = [tasks.pass.s(1), tasks.pass.s(2)]
    const there = here.map((signature) => signature.set({ lane: 'other' }))
    const sends = Array.from({ length: 20 }, async (_, index) =>
      (await app.send(group(index % 2 === 0 ? [...here, ...there] : [...there, ...here]))).get(),
    )
    expect(await Promise.all(sends)).toEqual(sends.map(() => [1, 2, 1, 2]))
  })
})

test('100,000 tasks that wait take less than 700 bytes of heap each, and all run', async () => {
  const script = new URL('./fixtures/million.ts', import.meta.url).pathname
  const flags = ['--expose-gc', '--conditions=@umbel/source', '--max-old-space-size=3000', script, '100000']
  const { stdout } = await promisify(execFile)(process.execPath, flags)
  const { sent, heap, ran } = JSON.parse(stdout)
  expect([sent, ran]).toEqual([100_000, 100_000])
  expect(heap).toBeLessThan(700)
})
