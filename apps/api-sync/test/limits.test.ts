import fc from 'fast-check'
import { createApp, defineTasks, group, type RateLimit, SimulatedClock, task } from 'umbel'
import { describe, expect, test } from 'vitest'
import { QUOTA } from '../src/contract.ts'
import { headroom, limitsFor } from '../src/limits.ts'
import { Quota } from '../src/quota.ts'

/** When 60 tasks under a limit start that come as these gaps say, in milliseconds of a simulated clock. */
async function startsUnder(limit: RateLimit, gaps: readonly number[]): Promise<number[]> {
  const clock = new SimulatedClock()
  const starts: number[] = []
  const start = task(() => void starts.push(clock.monotonic()), { rateLimit: { limit: 'pages' } })
  const { begin } = defineTasks('starts', { begin: start })
  const app = createApp({ tasks: [{ begin }], limits: { pages: limit }, clock, lanes: { default: { threads: 0 } } })
  for (const gap of gaps) {
    app.delay(group([begin.s(), begin.s(), begin.s()]))
    await clock.advance(gap)
  }
  await clock.advance('1m')
  await app.stop({ deadline: 0 })
  return starts
}

/** What a server sees of requests that start at these moments and are so long on their way. */
function seen(starts: readonly number[], ways: readonly number[]): Quota['seen'] {
  const quota = new Quota(QUOTA.pages, 1_000)
  const arrivals = starts.map((at, index) => at + (ways[index] ?? 0)).sort((a, b) => a - b)
  for (const at of arrivals) quota.arrive(at, 1)
  return quota.seen
}

const gaps = fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 20, maxLength: 20 })
const ways = (longest: number) =>
  fc.array(fc.double({ min: 0, max: longest, noNaN: true }), { minLength: 60, maxLength: 60 })

describe('the limits of the worker', () => {
  test.each([4, 7, 8])(
    'at %i a second keep the quota, however the ways to the server differ within their headroom',
    (rate) =>
      fc.assert(
        fc.asyncProperty(gaps, ways(headroom(rate) - 1), async (all, delays) => {
          const starts = await startsUnder(limitsFor(rate).pages, all)
          expect(starts).toHaveLength(60)
          expect(seen(starts, delays)).toMatchObject({ requests: 60, violations: 0 })
        }),
        { numRuns: 100 },
      ),
  )

  test('keep it no further: requests that are held up on their way for longer than the headroom arrive with later ones', async () => {
    const starts = await startsUnder(limitsFor(7).pages, Array(20).fill(0))
    const heldUpTill = starts[0]! + headroom(7) + 20
    const late = starts.map((at) => Math.max(0, heldUpTill - at))
    expect(seen(starts, late)).toMatchObject({ worstWindow: 11, violations: 1 })
  })

  test('are buckets, because a window as far below the quota does not: 7 at its end and 7 of the next arrive together', async () => {
    const starts = await startsUnder(
      { window: '7/s' },
      Array.from({ length: 20 }, () => 0),
    )
    const late = starts.map((_, index) => (index < 7 ? 100 : 0))
    expect(seen(starts, late)).toMatchObject({ worstWindow: 14, violations: 4 })
  })
})
