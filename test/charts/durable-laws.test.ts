import fc from 'fast-check'
import { expect, test } from 'vitest'
import { durableRun, type Turn } from './durable-run.ts'
import { liveRun } from './live-run.ts'
import { happenings, randomChart } from './random-chart.ts'

/** Killed twice at most: under a third death a task that runs is given up as poison. */
const turns: fc.Arbitrary<readonly Turn[]> = fc
  .tuple(happenings, fc.uniqueArray(fc.nat(8), { minLength: 1, maxLength: 2 }))
  .map(([list, kills]) => list.map((happening, index) => ({ happening, killed: kills.includes(index) })))

test('a random machine, its process killed between any two events, shows what a live actor of XState shows', async () => {
  await fc.assert(
    fc.asyncProperty(randomChart, turns, async (chart, list) => {
      const live = liveRun(
        chart,
        list.map(({ happening }) => happening),
      )
      expect(await durableRun(chart, list)).toEqual(live)
    }),
    { numRuns: 40 },
  )
})
