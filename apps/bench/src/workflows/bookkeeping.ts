import type { App } from 'umbel'
import type { Measure, Size } from '../measure.ts'
import { spread, withSpan } from '../spread.ts'
import { openApp } from './app.ts'
import { chainOf, chordOf, noops } from './canvases.ts'

const MEMBERS = 1_000

/** Runs of each in a round, and rounds. */
const EFFORTS: Readonly<Record<Size, { readonly runs: number; readonly rounds: number }>> = {
  full: { runs: 20, rounds: 15 },
  short: { runs: 1, rounds: 2 },
}

/** Each does the same tasks, at once or one after another, without a canvas and with one. */
const WAYS: Readonly<Record<string, (app: App) => Promise<unknown>>> = {
  'at once': (app) => Promise.all(noops(MEMBERS, 'main loop').map((call) => app.delay(call).get())),
  'one by one': async (app) => {
    for (const call of noops(MEMBERS, 'main loop')) await app.delay(call).get()
  },
  chord: (app) => app.delay(chordOf(MEMBERS, 'main loop')).get(),
  chain: (app) => app.delay(chainOf(MEMBERS, 'main loop')).get(),
}

/**
 * What a canvas costs over its tasks: the processor time of a chord less that of as many lone tasks sent at once, and of a chain less
 * that of as many sent one by one; of the whole process, so that garbage counts.
 */
export const bookkeeping: Measure = {
  name: 'workflows-bookkeeping',
  async *run(size) {
    const app = await openApp(0)
    const costs = await costsOf(app, EFFORTS[size]).finally(() => app.stop())
    for (const [canvas, lone] of [
      ['chord', 'at once'],
      ['chain', 'one by one'],
    ] as const) {
      const [own = [], without = []] = [costs.get(canvas), costs.get(lone)]
      const more = spread(own.map((cost, round) => cost - (without[round] as number)))
      const result = { canvas, members: MEMBERS, each: spread(own), lone: spread(without), more }
      const text = `a ${canvas} of ${MEMBERS} on the main loop: ${withSpan(result.each, 1)} us of processor time a task, lone tasks ${lone} ${withSpan(result.lone, 1)}; a task's canvas costs ${withSpan(more, 1)}`
      yield { text, result }
    }
  },
}

/** Microseconds for each member, round by round. */
async function costsOf(app: App, { runs, rounds }: (typeof EFFORTS)[Size]): Promise<ReadonlyMap<string, number[]>> {
  const costs = new Map(Object.keys(WAYS).map((way): [string, number[]] => [way, []]))
  for (let round = -1; round < rounds; round += 1) {
    const ways = Object.entries(WAYS)
    for (const [way, run] of round % 2 === 0 ? ways : ways.reverse()) {
      const before = process.cpuUsage()
      for (let count = 0; count < runs; count += 1) await run(app)
      const { user, system } = process.cpuUsage(before)
      if (round >= 0) costs.get(way)?.push((user + system) / (runs * MEMBERS))
    }
  }
  return costs
}
