import { expect, test } from 'vitest'
import { createApp } from '../src/index.ts'
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
