import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type RatePolicy, ratePolicy, rateText, sameRate } from '../src/rate.ts'

const spaced = (permits: number, per: number): RatePolicy => ({ kind: 'spaced', permits, per, burst: 1 })

describe('a rate limit', () => {
  it.each<[unknown, RatePolicy]>([
    ['10/s', spaced(10, 1_000)],
    ['100/m', spaced(100, 60_000)],
    ['1000/h', spaced(1_000, 3_600_000)],
    ['5/d', spaced(5, 86_400_000)],
    // as Celery reads them: a bare number is starts a second
    [10, spaced(10, 1_000)],
    [2.5, spaced(1, 400)],
    ['1.5/s', spaced(1, 1_000 / 1.5)],
    [{ rate: '10/s' }, spaced(10, 1_000)],
    [
      { rate: '10/s', burst: 5 },
      { kind: 'bucket', permits: 10, per: 1_000, burst: 5 },
    ],
    [{ window: '10/m' }, { kind: 'window', permits: 10, per: 60_000, burst: 10 }],
  ])('%j is understood', (limit, policy) => {
    expect(ratePolicy(limit, 'x')).toEqual(policy)
  })

  it.each<[unknown, string]>([
    ['abc', 'x is "abc", which is no rate'],
    ['10', 'no rate'],
    ['10/x', 'no rate'],
    ['-1/s', 'no rate'],
    ['1e3/s', 'no rate'],
    [' 10/s', 'no rate'],
    ['١٠/s', 'no rate'],
    [`${'9'.repeat(40)}/s`, 'no rate'],
    ['99999999999/s', 'more than'],
    [0, 'at least one start'],
    ['0/s', 'at least one start'],
    [-1, 'at least one start'],
    [Number.NaN, 'no rate'],
    [Number.POSITIVE_INFINITY, 'no rate'],
    [1e-12, 'less than one start a year'],
    [null, 'no rate'],
    [undefined, 'no rate'],
    [true, 'no rate'],
    [[], 'either rate or window'],
    [{}, 'either rate or window'],
    [{ rate: '10/s', window: '10/s' }, 'either rate or window'],
    [{ window: '10/s', burst: 5 }, 'burst only beside rate'],
    [{ rate: '10/s', burst: 0 }, 'burst of x is 0'],
    [{ rate: '10/s', burst: 1.5 }, 'burst of x is 1.5'],
    [{ rate: '10/s', burst: '5' }, 'burst of x is "5"'],
    [{ rate: '10/s', brust: 5 }, 'no option brust. Did you mean "burst"?'],
  ])('%j is refused with what is wrong', (limit, words) => {
    expect(() => ratePolicy(limit, 'x')).toThrow(expect.objectContaining({ code: 'UMBEL_BAD_RATE' }))
    expect(() => ratePolicy(limit, 'x')).toThrow(words)
  })

  it('is written as it would be given', () => {
    expect(rateText(ratePolicy('10/s', 'x'))).toBe('10/s')
    expect(rateText(ratePolicy({ rate: '100/m', burst: 5 }, 'x'))).toBe('100/m burst 5')
    expect(rateText(ratePolicy({ window: '7/h' }, 'x'))).toBe('window 7/h')
    expect(rateText(ratePolicy(2.5, 'x'))).toBe('2.5/s')
  })

  it('of any whole number and unit keeps both, and is the same as itself alone', () => {
    const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.constantFrom('s', 'm', 'h', 'd'), (count, unit) => {
        const policy = ratePolicy(`${count}/${unit}`, 'x')
        expect([policy.permits, policy.per]).toEqual([count, units[unit]])
        expect(rateText(policy)).toBe(`${count}/${unit}`)
        expect(sameRate(policy, ratePolicy(`${count}/${unit}`, 'y'))).toBe(true)
        expect(sameRate(policy, ratePolicy({ window: `${count}/${unit}` }, 'y'))).toBe(false)
      }),
    )
  })
})
