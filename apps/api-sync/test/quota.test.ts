import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Quota } from '../src/quota.ts'

test('a quota allows its number in any half-open window, and tells how long to wait for the next', () => {
  const quota = new Quota(2, 1_000)
  expect(quota.arrive(0, 1)).toBe(0)
  expect(quota.arrive(400, 1)).toBe(0)
  expect(quota.arrive(999, 1)).toBe(1)
  expect(quota.arrive(1_000, 1)).toBe(0)
  expect(quota.arrive(1_001, 2)).toBe(999)
  expect(quota.seen).toEqual({ requests: 5, violations: 2, worstWindow: 5, first: 0, last: 1_001 })
})

test('whatever comes, no window is let through that holds more, and each violation is one that would have', () => {
  const arrivals = fc.array(
    fc.record({ gap: fc.integer({ min: 0, max: 500 }), weight: fc.integer({ min: 1, max: 3 }) }),
  )
  fc.assert(
    fc.property(arrivals, (all) => {
      const quota = new Quota(5, 1_000)
      const allowed: { at: number; weight: number }[] = []
      let now = 0
      let violations = 0
      for (const { gap, weight } of all) {
        now += gap
        const window = allowed.filter(({ at }) => at > now - 1_000)
        const used = window.reduce((sum, one) => sum + one.weight, 0)
        const wait = quota.arrive(now, weight)
        expect(wait === 0).toBe(used + weight <= 5)
        if (wait === 0) allowed.push({ at: now, weight })
        else violations += 1
      }
      expect(quota.seen?.violations ?? 0).toBe(violations)
    }),
  )
})
