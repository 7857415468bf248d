import { Piscina } from 'piscina'
import { type App, createApp } from 'umbel'
import { bounded } from './bounded.ts'
import { type Comparison, comparing } from './compare.ts'
import { type Lone, timingLone } from './lone.ts'
import type { Measure } from './measure.ts'
import { bench } from './tasks.ts'

/** An app with two threads, and a Piscina with as many that does the same work and nothing else. */
async function opened(name: string, file: URL): Promise<{ app: App; pool: Piscina; close(): Promise<void> }> {
  const app = createApp({ name, tasks: [bench], lanes: { default: { threads: 2 } } })
  await app.start()
  const threads = { minThreads: 2, maxThreads: 2, concurrentTasksPerWorker: 1 }
  const pool = new Piscina({ filename: file.href, ...threads, atomics: 'async' })
  return {
    app,
    pool,
    async close() {
      await app.stop()
      await pool.destroy()
    },
  }
}

/**
 * No-op tasks on two threads, with all the engine does for each, against bare `Piscina.run`, which does a part of them, so that its rounds
 * take about as long as ours: those of 80 ms told of the compiler and the collector more than of anything else.
 */
const noops = (underWay: number, count: number, part: number): Comparison => ({
  name: `threads-${underWay}`,
  what: `no-op tasks on 2 threads, ${underWay} under way`,
  count,
  async open() {
    const { pool, close } = await opened(`threads-${underWay}`, new URL('./noop.js', import.meta.url))
    return {
      sides: [
        { name: 'umbel', run: (total) => bounded(total, underWay, () => bench.noop.delay(1).get()) },
        { name: 'piscina', part, run: (total) => bounded(total, underWay, () => pool.run(1)) },
      ],
      close,
    }
  },
})

/** The same with tasks that keep their thread busy for so many microseconds. */
const busy = (time: number, underWay: number, count: number): Comparison => {
  const length = time < 1_000 ? `${time} us` : `${time / 1_000} ms`
  const name = `threads-${length.replace(' ', '')}`
  return {
    name,
    what: `tasks of ${length} on 2 threads, ${underWay} under way`,
    count,
    async open() {
      const { pool, close } = await opened(name, new URL('./busy.js', import.meta.url))
      return {
        sides: [
          { name: 'umbel', run: (total) => bounded(total, underWay, () => bench.busy.delay(time).get()) },
          { name: 'piscina', run: (total) => bounded(total, underWay, () => pool.run(time)) },
        ],
        close,
      }
    },
  }
}

/** One task alone on a thread that waits for it, against bare Piscina. */
const loneOnThread: Lone = {
  name: 'threads-lone',
  what: 'one no-op task alone on a thread',
  count: 1_000,
  async open() {
    const { pool, close } = await opened('threads-lone', new URL('./noop.js', import.meta.url))
    return {
      sides: [
        { name: 'umbel', one: () => bench.noop.delay(1).get() },
        { name: 'piscina', one: () => pool.run(1) },
      ],
      close,
    }
  },
}

/** Small tasks, many under way, against bare Piscina. */
const SMALL: readonly Comparison[] = [
  noops(1_000, 200_000, 0.1),
  noops(64, 100_000, 0.125),
  noops(16, 50_000, 0.2),
  noops(4, 20_000, 0.25),
  busy(20, 256, 40_000),
  busy(100, 256, 20_000),
  busy(1_000, 16, 600),
  busy(5_000, 16, 150),
]

/** What a thread costs. */
export const threads: readonly Measure[] = [...SMALL.map(comparing), timingLone(loneOnThread)]
