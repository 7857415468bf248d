import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lengthOf, NO_PAST, type PastState, pastStates, pastWith } from '../src/chart/past.ts'

const things = fc.array(
  fc.record(
    {
      state: fc.constantFrom('OPEN', 'PAID', 'SENT'),
      at: fc.integer({ min: 0, max: 2 ** 45 }),
      by: fc.constantFrom('ann', 'bob'),
      event: fc.constantFrom('{"type":"PAY"}', new Uint8Array([1, 2])),
    },
    { requiredKeys: ['state', 'at'] },
  ),
  { maxLength: 130 },
)

/** What nobody told has no event. */
const asTold = ({ by, event, ...shown }: PastState): PastState =>
  by === undefined ? shown : { ...shown, by, ...(event !== undefined && { event }) }

describe('the past of a run', () => {
  test('gives back the last 50 things that it was given', () => {
    fc.assert(
      fc.property(things, (given) => {
        const past = (given as PastState[]).reduce(pastWith, NO_PAST)
        const last = (given as PastState[]).slice(-50).map(asTold)
        expect(pastStates(past)).toEqual(last)
        expect(lengthOf(past)).toBe(last.length)
        expect(past.at).toBe(last.at(-1)?.at ?? 0)
      }),
    )
  })

  test('forgets who told it what it has forgotten, and is small', () => {
    const shown = Array.from({ length: 50 }, (_unused, n) => ({ state: n % 2 === 0 ? 'HERE' : 'THERE', at: n }))
    const past = [{ state: 'HERE', at: 0, by: 'ann' }, ...shown].reduce(pastWith, NO_PAST)
    expect(past.told).toBeUndefined()
    expect(JSON.stringify(past).length).toBeLessThan(250)
  })
})
