import { mock } from 'node:test'
import { expect, test } from 'vitest'
import { createApp, defineTasks, SimulatedClock, task } from '../src/index.ts'
import { tinyTasks } from './fixtures/tiny-tasks.ts'

test.each(['threads', 'the main loop'])(
  'many tiny tasks on %s let the event loop turn all the time, and each other end',
  async (where) => {
    const one = () => (where === 'threads' ? tinyTasks.add.delay(1, 2) : tinyTasks.addInline.delay(1, 2))
    const app = createApp({ tasks: [tinyTasks], lanes: { default: { threads: 2 } } })
    await app.start()
    const turns: number[] = []
    const waits: number[] = []
    let ended = 0
    let flows = true
    const turned = (): void => {
      turns.push(ended)
      if (flows) setImmediate(turned)
    }
    /** So many tasks, a thousand of them under way all the time. */
    const flow = async (count: number): Promise<void> => {
      let left = count
      const line = async (): Promise<void> => {
        for (; left > 0; left -= 1) {
          const before = ended
          await one().get()
          ended += 1
          waits.push(ended - before)
        }
      }
      await Promise.all(Array.from({ length: 1_000 }, line))
    }
    await flow(50_000) // to be compiled
    waits.length = 0
    setImmediate(turned)
    await flow(200_000)
    flows = false
    // as tasks and not as time, of which others take theirs: some 2,000 to 4,000 here, and 20,000 to 120,000 where one port was read as long as more came by it
    const inATurn = turns.slice(1).map((now, at) => now - (turns[at] as number))
    expect(Math.max(...inATurn)).toBeLessThan(10_000)
    expect(waits.reduce((most, wait) => Math.max(most, wait), 0)).toBeLessThan(20_000)
    await app.stop()
  },
  60_000,
)

let burns = 0
const burning = defineTasks(import.meta, 'burning', {
  one: task(
    async (_ctx, turns: number) => {
      for (let turn = 0; turn < turns; turn += 1) await null
      const end = performance.now() + burns
      while (performance.now() < end);
    },
    { inline: true },
  ),
})

test('where time is simulated, what comes of a run does not depend on how long it takes', async () => {
  const orders: string[][] = []
  for (const time of [0, 1, 6]) {
    burns = time
    const clock = new SimulatedClock()
    const app = createApp({ tasks: [burning], clock, random: () => 0.5, lanes: { default: { threads: 0, inline: 3 } } })
    const order: string[] = []
    for (const name of ['task-prerun', 'task-success'] as const) app.on(name, ({ id }) => order.push(`${name} ${id}`))
    await app.start()
    const results = Array.from({ length: 40 }, (_, n) => burning.one.delay([1, 40, 3, 90, 7][n % 5] as number))
    await clock.advance('1s')
    await Promise.all(results.map((result) => result.get()))
    await app.stop()
    expect(order).toHaveLength(80)
    orders.push(order)
  }
  expect(orders[1]).toEqual(orders[0])
  expect(orders[2]).toEqual(orders[0])
})

test('the loop turns though somebody mocks what makes it', async () => {
  burns = 20
  const app = createApp({ tasks: [burning], lanes: { default: { threads: 0, inline: 1 } } })
  await app.start()
  mock.timers.enable({ apis: ['setImmediate'] })
  try {
    for (let n = 0; n < 3; n += 1) await burning.one.delay(1).get()
  } finally {
    mock.timers.reset()
  }
  await app.stop()
})
