import PQueue from 'p-queue'
import { createApp } from 'umbel'
import { bounded } from './bounded.ts'
import type { Comparison } from './compare.ts'
import { bench } from './tasks.ts'

/** No-op tasks on the main loop, with all the engine does for each, against bare `PQueue.add`. */
export const inlineNoops = (underWay: number, count: number): Comparison => ({
  name: `inline-${underWay}`,
  what: `no-op tasks on the main loop, ${underWay} under way`,
  count,
  async open() {
    const app = createApp({
      name: `inline-${underWay}`,
      tasks: [bench],
      lanes: { default: { threads: 1, inline: 100 } },
    })
    await app.start()
    const queue = new PQueue({ concurrency: 100 })
    const noop = async (value: number): Promise<number> => value
    return {
      sides: [
        { name: 'umbel', run: (total) => bounded(total, underWay, () => bench.inlineNoop.delay(1).get()) },
        { name: 'p-queue', run: (total) => bounded(total, underWay, () => queue.add(() => noop(1))) },
      ],
      async close() {
        await app.stop()
      },
    }
  },
})
