import type { App } from 'umbel'
import type { Measure, Size } from '../measure.ts'
import { type Spread, spread, withSpan } from '../spread.ts'
import { openApp } from './app.ts'
import { chainOf, chordOf, noops } from './canvases.ts'

const MEMBERS = 1_000

/** Runs of each in a round, and rounds. */
const EFFORTS: Readonly<Record<Size, { readonly runs: number; readonly rounds: number }>> = {
  full: { runs: 20, rounds: 15 },
  short: { runs: 1, rounds: 2 },
}

/** Each does the same tasks. The first ones have no canvas. */
const WAYS: Readonly<Record<string, (app: App) => Promise<unknown>>> = {
  lone: (app) => Promise.all(noops(MEMBERS, 'main loop').map((call) => app.delay(call).get())),
  chord: (app) => app.delay(chordOf(MEMBERS, 'main loop')).get(),
  chain: (app) => app.delay(chainOf(MEMBERS, 'main loop')).get(),
}

/**
 * What a canvas costs over its tasks: the processor time of a chord, and of a chain, less that of as many lone tasks that are sent at
 * once; of the whole process, so that garbage counts.
 */
export const bookkeeping: Measure = {
  name: 'workflows-bookkeeping',
  async *run(size) {
    const app = await openApp(0)
    const costs = await costsOf(app, EFFORTS[size]).finally(() => app.stop())
    const lone = costs.get('lone') ?? []
    const more = (way: string): Spread =>
      spread((costs.get(way) ?? []).map((cost, round) => cost - (lone[round] as number)))
    const result = { members: MEMBERS, lone: spread(lone), chord: more('chord'), chain: more('chain') }
    const each = `a lone task on the main loop ${withSpan(result.lone, 1)} us of processor time`
    yield {
      text: `${each}; over it a member of a chord ${withSpan(result.chord, 1)}, a step of a chain ${withSpan(result.chain, 1)}`,
      result,
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
