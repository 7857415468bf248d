import { afterEach, describe, expect, test } from 'vitest'
import {
  type App,
  type AppOptions,
  chain,
  chord,
  createApp,
  defineTasks,
  type GroupResult,
  group,
  SimulatedClock,
  type Task,
  task,
} from '../src/index.ts'
import { arithmetic } from './fixtures/arithmetic.ts'

const apps: App[] = []
const open = (options: AppOptions = {}): App => {
  const app = createApp({ tasks: [arithmetic], lanes: { default: { threads: 1, inline: 10 } }, ...options })
  apps.push(app)
  return app
}
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.stop({ deadline: 0 })))
})

describe.each([
  ['on the main loop', 'inlineAdd'],
  ['in a thread', 'add'],
] as const)('a task %s', (_, name) => {
  const add: Task<[x: number, y: number], number> = arithmetic[name]

  test('gives its result', async () => {
    open()
    const result = add.delay(2, 3)
    expect(await result.get()).toBe(5)
    expect([result.state, result.info, result.ready(), result.successful(), result.failed()]).toEqual([
      'SUCCESS',
      5,
      true,
      true,
      false,
    ])
  })

  test('gets what came before put in front of its arguments', async () => {
    open()
    expect(await chain(add.s(1, 2), add.s(10), add.s(100)).delay().get()).toBe(113)
  })

  test('runs a chord: the list of the members results goes to the body', async () => {
    open()
    expect(
      await chord([add.s(1, 1), add.s(2, 2), add.s(3, 3)], arithmetic.sum.s())
        .delay()
        .get(),
    ).toBe(12)
  })

  test('fails with its own error, revived', async () => {
    open()
    const result = arithmetic.fail.delay('boom')
    await expect(result.get()).rejects.toThrow(new RangeError('boom'))
    await expect(result.get()).rejects.toBeInstanceOf(RangeError)
    expect([result.state, result.failed()]).toEqual(['FAILURE', true])
  })
})

test('a group gives its results in order, whatever ends first', async () => {
  open()
  const result: GroupResult<readonly unknown[]> = group(
    [3, 1, 2].map((value) => arithmetic.inlineAdd.s(value, 0)),
  ).delay()
  expect(await result.get()).toEqual([3, 1, 2])
  expect([result.completedCount(), result.results.map((member) => member.state)]).toEqual([
    3,
    ['SUCCESS', 'SUCCESS', 'SUCCESS'],
  ])
})

test('a countdown starts the task when its time has come', async () => {
  const clock = new SimulatedClock()
  open({ clock })
  const result = arithmetic.inlineAdd.s(1, 1).set({ countdown: '1h' }).delay()
  await clock.advance('59m')
  expect(result.state).toBe('PENDING')
  await clock.advance('1m')
  expect(await result.get()).toBe(2)
})

test('100,000 tasks sent in one go all run', async () => {
  open()
  const results = Array.from({ length: 100_000 }, (_, index) => arithmetic.inlineAdd.delay(index, 1))
  const values = await Promise.all(results.map((result) => result.get()))
  expect(values.every((value, index) => value === index + 1)).toBe(true)
})

test('closures run on the main loop', async () => {
  const seen: number[] = []
  const local = defineTasks('local', { note: task((_ctx, value: number) => seen.push(value)) })
  open({ tasks: [local] })
  await local.note.delay(7).get()
  expect(seen).toEqual([7])
})
