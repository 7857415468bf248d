import { Piscina } from 'piscina'
import { createApp } from 'umbel'
import { bounded } from './bounded.ts'
import type { Comparison } from './compare.ts'
import { bench } from './tasks.ts'

/** No-op tasks on two threads, with all the engine does for each, against bare `Piscina.run`. */
export const threadNoops = (underWay: number, count: number): Comparison => ({
  name: `threads-${underWay}`,
  what: `no-op tasks on 2 threads, ${underWay} under way`,
  count,
  async open() {
    const app = createApp({ name: `threads-${underWay}`, tasks: [bench], lanes: { default: { threads: 2 } } })
    await app.start()
    const filename = new URL('./noop.js', import.meta.url).href
    const pool = new Piscina({ filename, minThreads: 2, maxThreads: 2, concurrentTasksPerWorker: 1, atomics: 'async' })
    return {
      sides: [
        { name: 'umbel', run: (total) => bounded(total, underWay, () => bench.noop.delay(1).get()) },
        { name: 'piscina', run: (total) => bounded(total, underWay, () => pool.run(1)) },
      ],
      async close() {
        await app.stop()
        await pool.destroy()
      },
    }
  },
})
