import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AdaptiveRate } from '../src/adaptive-rate.ts'

test('a refusal takes a third off, once for all that was on its way; quiet brings a little back', () => {
  const rate = new AdaptiveRate(10, { least: 1, most: 12 }, 0)
  expect(rate.refused(500)).toBeUndefined()
  expect(rate.refused(1_000)).toBe(7)
  expect(rate.refused(1_500)).toBeUndefined()
  expect(rate.allowed(5_000)).toBeUndefined()
  expect(rate.allowed(6_000)).toBe(7.2)
  expect(rate.refused(7_000)).toBe(5.04)
})

test('whatever it is told, it stays within its bounds and says what it is', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(20_000))), (told) => {
      const rate = new AdaptiveRate(5, { least: 1, most: 10 }, 0)
      let now = 0
      for (const [refused, after] of told) {
        now += after
        const changed = refused ? rate.refused(now) : rate.allowed(now)
        expect(rate.rate).toBeGreaterThanOrEqual(1)
        expect(rate.rate).toBeLessThanOrEqual(10)
        if (changed !== undefined) expect(changed).toBe(rate.rate)
      }
    }),
  )
})
