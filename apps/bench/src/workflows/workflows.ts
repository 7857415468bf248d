import { Piscina } from 'piscina'
import { type Lone, timingLone } from '../lone.ts'
import type { Measure } from '../measure.ts'
import { openApp } from './app.ts'
import { chainBeside, chordBeside } from './beside.ts'
import { bookkeeping } from './bookkeeping.ts'
import { chainOf } from './canvases.ts'

const STEPS = 200

/** A chain on threads, against as many round trips of bare Piscina. */
const chainOnThreads: Lone = {
  name: 'workflows-chain',
  what: `a chain of ${STEPS} no-op tasks on 2 threads`,
  count: 20,
  async open() {
    const app = await openApp(2)
    const threads = { minThreads: 2, maxThreads: 2, concurrentTasksPerWorker: 1 }
    const filename = new URL('../noop.js', import.meta.url).href
    const pool = new Piscina({ filename, ...threads, atomics: 'async' })
    return {
      sides: [
        { name: 'umbel', one: () => app.delay(chainOf(STEPS, 'thread')).get() },
        { name: 'piscina', one: () => roundTrips(pool) },
      ],
      async close() {
        await app.stop()
        await pool.destroy()
      },
    }
  },
}

async function roundTrips(pool: Piscina): Promise<void> {
  for (let step = 0, value = 1; step < STEPS; step += 1) value = await pool.run(value)
}

/** What workflows cost. */
export const workflows: readonly Measure[] = [timingLone(chainOnThreads), chainBeside, chordBeside, bookkeeping]
