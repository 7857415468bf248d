import { type RatePolicy, ratePolicy } from '@umbel/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Booking, Pace } from '../src/limits/pace.ts'
import { broken, type Start, worstExcess, worstWindow } from './fixtures/rate-laws.ts'

const policies: fc.Arbitrary<RatePolicy> = fc.oneof(
  fc.constantFrom('10/s', '3/s', '100/m', '1000/s', '1.5/s').map((rate) => ratePolicy(rate, 'x')),
  fc
    .tuple(fc.constantFrom<'10/s' | '50/s' | '7/m'>('10/s', '50/s', '7/m'), fc.integer({ min: 1, max: 20 }))
    .map(([rate, burst]) => ratePolicy({ rate, burst }, 'x')),
  fc.constantFrom<'10/s' | '3/m' | '100/s'>('10/s', '3/m', '100/s').map((window) => ratePolicy({ window }, 'x')),
)

/** One thing that happens: time passes, a start is wanted, one that was let go begins or never does. */
const steps = fc.array(
  fc.record({
    pass: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 3_000 })),
    weight: fc.integer({ min: 1, max: 3 }),
    allowance: fc.integer({ min: 0, max: 100 }),
    /** How late the handler is, of the allowance; beyond it the start never happens. */
    late: fc.oneof(fc.double({ min: 0, max: 1.2, noNaN: true }), fc.constant(1.000_001)),
    /** How much later its own clock tells, in milliseconds. */
    clock: fc.double({ min: 0, max: 5, noNaN: true }),
  }),
  { minLength: 1, maxLength: 200 },
)

interface Open {
  readonly booking: Booking
  readonly at: number
  readonly weight: number
  readonly clock: number
}

/** How much later a handler's clock may tell, for steps of up to 3 permits: a bucket that has no time to lose keeps less in reserve. */
function clockError({ kind, permits, per, burst }: RatePolicy): number {
  const weight = Math.min(3, burst)
  const spare = (((burst - weight) * 0.5 + weight * 0.025) * per) / permits
  return Math.min(per * 0.004, kind === 'bucket' ? spare : Number.POSITIVE_INFINITY)
}

/** Go through steps, and give the starts as handlers saw them. */
function played(policy: RatePolicy, all: typeof steps extends fc.Arbitrary<infer T> ? T : never): Start[] {
  const pace = new Pace(policy)
  const starts: Start[] = []
  let open: Open[] = []
  let lost: { readonly booking: Booking; readonly toldAt: number }[] = []
  let now = 1_000_000
  const settle = (): void => {
    for (const { booking, at, weight, clock } of open.filter((one) => one.at <= now)) {
      pace.begun(booking, at)
      starts.push({ at: at + clock, permits: weight })
    }
    open = open.filter((one) => one.at > now)
    for (const { booking, toldAt } of lost) if (toldAt <= now) pace.cancel(booking)
    lost = lost.filter(({ toldAt }) => toldAt > now)
  }
  for (const { pass, weight: wanted, allowance, late, clock } of all) {
    now += pass
    settle()
    const weight = policy.kind === 'spaced' ? 1 : Math.min(wanted, policy.burst)
    const at = pace.earliest(weight, now)
    expect(at).toBeGreaterThanOrEqual(now)
    if (at > now) continue
    const booking = pace.book(weight, now, now + allowance)
    // that nothing came of it may be told at once, or long after it could have begun
    if (late > 1) lost.push({ booking, toldAt: now + (late - 1) * 5_000 })
    else open.push({ booking, at: now + allowance * late, weight, clock: Math.min(clock, clockError(policy)) })
  }
  now = Number.POSITIVE_INFINITY
  settle()
  return starts
}

describe('a pace', () => {
  test('never lets a rate be broken where handlers start, however late they do and whatever never starts', () => {
    fc.assert(
      fc.property(policies, steps, (policy, all) => {
        expect(broken(policy, played(policy, all))).toBeUndefined()
      }),
      { numRuns: 5_000 },
    )
  })

  test.each<[string, RatePolicy]>([
    ['spaced', ratePolicy('10/s', 'x')],
    ['spaced, fast', ratePolicy('10000/s', 'x')],
    ['spaced, slow', ratePolicy('100/m', 'x')],
    ['window', ratePolicy({ window: '10/s' }, 'x')],
    ['bucket', ratePolicy({ rate: '10/s', burst: 5 }, 'x')],
    ['bucket, fast', ratePolicy({ rate: '1000/s', burst: 20 }, 'x')],
    ['bucket, fast, whose burst is gone in a few milliseconds', ratePolicy({ rate: '1000/s', burst: 5 }, 'x')],
    ['bucket of two', ratePolicy({ rate: '100/s', burst: 2 }, 'x')],
    ['bucket of one', ratePolicy({ rate: '8/s', burst: 1 }, 'x')],
  ])('%s: gives at least 95 %% of the rate to who always wants more, with timers of a millisecond', (_, policy) => {
    const pace = new Pace(policy)
    const starts: Start[] = []
    const end = policy.per * 20
    for (let now = 0; now < end; ) {
      const at = pace.earliest(1, now)
      if (at > now) {
        now = Math.ceil(at) // a timer fires no earlier, and not between its ticks
        continue
      }
      pace.begun(pace.book(1, now, now + 25), now + 1)
      starts.push({ at: now + 1, permits: 1 })
    }
    expect(broken(policy, starts)).toBeUndefined()
    expect(starts.length / ((policy.permits * end) / policy.per)).toBeGreaterThan(0.95)
  })

  test('spaces starts evenly, also after a rest', () => {
    const pace = new Pace(ratePolicy('10/s', 'x'))
    const gaps: number[] = []
    let last = 0
    let now = 0
    const start = (): void => {
      now = pace.earliest(1, now)
      pace.begun(pace.book(1, now, now + 25), now)
      gaps.push(now - last)
      last = now
    }
    for (let n = 0; n < 20; n += 1) start()
    now += 60_000
    last = now
    for (let n = 0; n < 20; n += 1) start()
    const between = gaps.filter((gap) => gap > 0)
    expect(Math.min(...between)).toBeGreaterThan(80)
    expect(Math.max(...between)).toBeLessThan(125)
    expect(between).toHaveLength(38)
  })

  test('lets a whole window or burst go at once after a rest, and not one start more', () => {
    for (const [policy, many] of [
      [ratePolicy({ window: '10/s' }, 'x'), 10],
      [ratePolicy({ rate: '10/s', burst: 5 }, 'x'), 5],
      [ratePolicy('10/s', 'x'), 1],
    ] as const) {
      const pace = new Pace(policy)
      for (const now of [0, 60_000]) {
        let started = 0
        for (; pace.earliest(1, now) <= now; started += 1) pace.book(1, now, now + 25)
        expect(started).toBe(many)
      }
    }
  })

  test('takes a bucket for full only once it is so by every handler’s clock', () => {
    const pace = new Pace(ratePolicy({ rate: '10/s', burst: 2 }, 'x'))
    pace.begun(pace.book(1, 0, 25), 0)
    expect(pace.earliest(2, 100)).toBeGreaterThan(100)
    expect(pace.earliest(2, 115)).toBe(115)
  })

  test('gives back what never started', () => {
    const pace = new Pace(ratePolicy({ rate: '1/s', burst: 5 }, 'x'))
    const bookings = Array.from({ length: 5 }, () => pace.book(1, 0, 25))
    expect(pace.earliest(1, 1)).toBeGreaterThan(1)
    for (const booking of bookings.slice(0, 2)) pace.cancel(booking)
    pace.cancel(bookings[0] as Booking)
    expect(pace.earliest(2, 1)).toBe(1)
    expect(pace.earliest(3, 1)).toBeGreaterThan(1)
  })

  test('goes on by another rate at once, counting what has started', () => {
    const pace = new Pace(ratePolicy({ window: '10/s' }, 'x'))
    for (let n = 0; n < 10; n += 1) pace.begun(pace.book(1, 0, 0), 0)
    pace.changeTo(ratePolicy({ window: '12/s' }, 'x'), 1)
    expect(pace.earliest(2, 1)).toBe(1)
    expect(pace.earliest(3, 1)).toBeGreaterThan(1_000)
    pace.changeTo(ratePolicy({ window: '1/m' }, 'x'), 2)
    expect(pace.earliest(1, 2)).toBeGreaterThan(60_000)
    pace.changeTo(ratePolicy({ rate: '10/s', burst: 1 }, 'x'), 2)
    expect(pace.earliest(1, 2)).toBeGreaterThan(900)
  })

  test('holds any new rate from the moment it was set', () => {
    fc.assert(
      fc.property(policies, policies, fc.integer({ min: 0, max: 3_000 }), (before, after, when) => {
        const pace = new Pace(before)
        const starts: Start[] = []
        let changed = false
        for (let now = 0; now < when + 3_000; now += 7) {
          if (!changed && now >= when) {
            pace.changeTo(after, now)
            changed = true
          }
          for (let n = 0; n < 3 && pace.earliest(1, now) <= now; n += 1) {
            pace.begun(pace.book(1, now, now + 25), now)
            if (changed) starts.push({ at: now, permits: 1 })
          }
        }
        expect(broken(after, starts)).toBeUndefined()
      }),
      { numRuns: 300 },
    )
  })

  test('counts by a new rate what has started in the very moment in which it is set', () => {
    fc.assert(
      fc.property(policies, policies, fc.integer({ min: 0, max: 300 }), (before, after, when) => {
        const pace = new Pace(before)
        const starts: Start[] = []
        const start = (now: number, most: number): void => {
          for (let n = 0; n < most && pace.earliest(1, now) <= now; n += 1) {
            pace.begun(pace.book(1, now, now + 25), now)
            starts.push({ at: now, permits: 1 })
          }
        }
        start(when, after.kind === 'bucket' ? after.burst : after.permits) // as many as it would have let go
        pace.changeTo(after, when)
        for (let now = when; now < when + 3_000; now += 7) start(now, 3)
        expect(broken(after, starts)).toBeUndefined()
      }),
      {
        numRuns: 1_000,
        examples: [[ratePolicy({ rate: '10/s', burst: 4 }, 'x'), ratePolicy({ window: '4/s' }, 'x'), 0]],
      },
    )
  })

  test('lets no start more go for one that turns out to have come to nothing long after', () => {
    const pace = new Pace(ratePolicy({ rate: '10/s', burst: 5 }, 'x'))
    const starved = pace.book(1, 0, 25)
    const started = (now: number): number => {
      let count = 0
      for (; pace.earliest(1, now) <= now; count += 1) pace.begun(pace.book(1, now, now), now)
      return count
    }
    expect(started(1_000)).toBe(5)
    pace.cancel(starved) // its thread had no processor for a second
    expect(started(1_000)).toBe(0)
  })

  test('comes to rest, and then keeps nothing', () => {
    const pace = new Pace(ratePolicy('10/s', 'x'))
    expect(pace.isAtRest(0)).toBe(true)
    pace.begun(pace.book(1, 0, 25), 3)
    expect(pace.isAtRest(1_000)).toBe(false)
    expect(pace.isAtRest(1_030)).toBe(true)
  })
})

describe('the laws that paces are held to', () => {
  test('see what breaks them', () => {
    const at = (...moments: number[]): Start[] => moments.map((moment) => ({ at: moment, permits: 1 }))
    expect(worstWindow(at(0, 999.9), 1_000)).toBe(2)
    expect(worstWindow(at(0, 1_000), 1_000)).toBe(1)
    const policy = ratePolicy({ rate: '10/s', burst: 2 }, 'x')
    expect(worstExcess(at(0, 0, 100), policy)).toBeCloseTo(0)
    expect(worstExcess(at(0, 0, 99), policy)).toBeGreaterThan(0)
    expect(broken(policy, at(0, 0, 0))).toBeDefined()
    expect(broken(ratePolicy('2/s', 'x'), at(0, 1, 999))).toBeDefined()
  })
})
