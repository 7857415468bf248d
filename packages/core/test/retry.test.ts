import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Ignore, Reject } from '../src/control-errors.ts'
import { UmbelError } from '../src/errors.ts'
import { type RetryOptions, retryDelay, retryPolicy, unitHash, wantsRetry } from '../src/retry.ts'

describe('the delay before a retry', () => {
  it("is Celery's, where there is no jitter", () => {
    for (const { factor, maximum, retries, seconds } of recordedBackoff()) {
      const policy = retryPolicy({ backoff: { base: factor * 1000, max: maximum * 1000 }, jitter: false })
      expect(retryDelay(policy, retries + 1, 0.5)).toBe(seconds * 1000)
    }
  })

  it('is a second at first, doubles, and never passes ten minutes, where nothing says otherwise', () => {
    const policy = retryPolicy({ jitter: false })
    expect([1, 2, 3, 10, 11, 2000].map((attempt) => retryDelay(policy, attempt, 0))).toEqual([
      1000, 2000, 4000, 512_000, 600_000, 600_000,
    ])
  })

  it('takes its base as a duration alone, and a factor of one to stay the same', () => {
    expect(retryDelay(retryPolicy({ backoff: '5s', jitter: false }), 2, 0)).toBe(10_000)
    const steady = retryPolicy({ backoff: { base: '250ms', factor: 1, jitter: false } })
    expect([1, 2, 50].map((attempt) => retryDelay(steady, attempt, 0))).toEqual([250, 250, 250])
  })

  it('lies between nothing and the full delay with jitter, and reaches both ends', () => {
    const policy = retryPolicy({ backoff: '1s' })
    const full = retryPolicy({ backoff: '1s', jitter: false })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        fc.double({ min: 0, max: 0.999999, noNaN: true }),
        (attempt, unit) => {
          const delay = retryDelay(policy, attempt, unit)
          return Number.isInteger(delay) && delay >= 0 && delay <= retryDelay(full, attempt, 0)
        },
      ),
    )
    expect(retryDelay(policy, 5, 0)).toBe(0)
    expect(retryDelay(policy, 5, 1 - 2 ** -32)).toBe(16_000)
  })

  it('is finite whatever the options, and never falls from one attempt to the next', () => {
    const options = fc.record({
      base: fc.integer({ min: 0, max: 10 ** 9 }),
      max: fc.integer({ min: 0, max: 10 ** 9 }),
      factor: fc.oneof(fc.double({ min: 1, max: 10, noNaN: true }), fc.constantFrom(1e308, Number.MAX_VALUE)),
    })
    fc.assert(
      fc.property(options, fc.integer({ min: 1, max: 5000 }), (backoff, attempt) => {
        const policy = retryPolicy({ backoff, jitter: false })
        const delay = retryDelay(policy, attempt, 0)
        expect(delay).toBeGreaterThanOrEqual(0)
        expect(delay).toBeLessThanOrEqual(backoff.max)
        expect(retryDelay(policy, attempt + 1, 0)).toBeGreaterThanOrEqual(delay)
      }),
    )
  })
})

describe('another attempt', () => {
  const policy = (options: RetryOptions) => retryPolicy(options)

  it('is wanted as often as max says, three times by default', () => {
    const wanted = (options: RetryOptions) =>
      [1, 2, 3, 4, 5, 10 ** 9].filter((attempt) => wantsRetry(policy(options), new Error('x'), attempt))
    expect(wanted({})).toEqual([1, 2, 3])
    expect(wanted({ max: 0 })).toEqual([])
    expect(wanted({ max: Number.POSITIVE_INFINITY })).toEqual([1, 2, 3, 4, 5, 10 ** 9])
  })

  it('is wanted for the classes named and what derives from them', () => {
    class NetError extends Error {}
    class ResetError extends NetError {}
    const only = policy({ on: [NetError, RangeError] })
    expect([new NetError(), new ResetError(), new RangeError()].map((error) => wantsRetry(only, error, 1))).toEqual([
      true,
      true,
      true,
    ])
    expect(
      [new Error('x'), new TypeError('x'), 'NetError', null, undefined].map((error) => wantsRetry(only, error, 1)),
    ).toEqual([false, false, false, false, false])
    expect(wantsRetry(policy({ on: [] }), new Error('x'), 1)).toBe(false)
  })

  it('is wanted where a test says exactly true', () => {
    expect(wantsRetry(policy({ on: (error) => (error as { code?: string }).code === 'E' }), { code: 'E' }, 1)).toBe(
      true,
    )
    expect(wantsRetry(policy({ on: (() => 'yes') as unknown as () => boolean }), new Error('x'), 1)).toBe(false)
  })

  it('is not wanted where the test throws or the error cannot be looked at', () => {
    const throwing = policy({
      on: () => {
        throw new Error('in the test')
      },
    })
    expect(wantsRetry(throwing, new Error('x'), 1)).toBe(false)
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    expect(wantsRetry(policy({ on: [TypeError] }), proxy, 1)).toBe(false)
  })

  it('is never wanted for Ignore and Reject', () => {
    expect(wantsRetry(policy({}), new Ignore(), 1)).toBe(false)
    expect(wantsRetry(policy({ on: () => true }), new Reject('no'), 1)).toBe(false)
  })
})

describe('retry options that are malformed', () => {
  it.each<[unknown, string, string]>([
    [{ max: -1 }, 'UMBEL_BAD_RETRY', 'retry.max'],
    [{ max: 1.5 }, 'UMBEL_BAD_RETRY', 'retry.max'],
    [{ max: Number.NaN }, 'UMBEL_BAD_RETRY', 'retry.max'],
    [{ max: '3' }, 'UMBEL_BAD_RETRY', 'retry.max'],
    [{ maxx: 3 }, 'UMBEL_BAD_RETRY', 'Did you mean "max"?'],
    [{ on: TypeError }, 'UMBEL_BAD_RETRY', 'retry.on'],
    [{ on: ['TypeError'] }, 'UMBEL_BAD_RETRY', 'retry.on'],
    [{ on: [class {}] }, 'UMBEL_BAD_RETRY', 'retry.on'],
    [{ backoff: { base: 1, factor: 0.5 } }, 'UMBEL_BAD_RETRY', 'retry.backoff.factor'],
    [{ backoff: { base: 1, factor: Number.POSITIVE_INFINITY } }, 'UMBEL_BAD_RETRY', 'retry.backoff.factor'],
    [{ backoff: { base: 1, jitter: -1 } }, 'UMBEL_BAD_RETRY', 'retry.jitter'],
    [{ backoff: { base: 1, facter: 2 } }, 'UMBEL_BAD_RETRY', 'Did you mean "factor"?'],
    [{ backoff: null }, 'UMBEL_BAD_RETRY', 'retry.backoff'],
    [{ jitter: 'yes' }, 'UMBEL_BAD_RETRY', 'retry.jitter'],
    [{ backoff: {} }, 'UMBEL_BAD_DURATION', 'retry.backoff.base'],
    [{ backoff: 'soon' }, 'UMBEL_BAD_DURATION', 'retry.backoff.base'],
    [{ backoff: { base: -1 } }, 'UMBEL_BAD_DURATION', 'negative'],
    [{ backoff: { base: 1, max: Number.POSITIVE_INFINITY } }, 'UMBEL_BAD_DURATION', 'retry.backoff.max'],
    [null, 'UMBEL_BAD_RETRY', 'retry takes an object'],
    [3, 'UMBEL_BAD_RETRY', 'retry takes an object'],
  ])('%j are refused as %s, which names %s', (options, code, names) => {
    const thrown = caught(() => retryPolicy(options as RetryOptions))
    expect(thrown.code).toBe(code)
    expect(thrown.message).toContain(names)
  })
})

describe('unitHash', () => {
  it('gives the same number in [0, 1) for the same text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const unit = unitHash(text)
        return unit >= 0 && unit < 1 && unit === unitHash(text)
      }),
    )
  })

  it('spreads ids and attempts evenly: no tenth is hit a tenth more or less often than the others', () => {
    const tenths = Array.from({ length: 10 }, () => 0)
    for (let id = 0; id < 20_000; id += 1) {
      for (let attempt = 1; attempt <= 5; attempt += 1) {
        const tenth = Math.floor(unitHash(`0Q3xkV1n${id}/${attempt}`) * 10)
        tenths[tenth] = (tenths[tenth] ?? 0) + 1
      }
    }
    for (const hits of tenths) expect(Math.abs(hits - 10_000)).toBeLessThan(1000)
  })

  it('gives the attempts of one task delays that have nothing to do with each other', () => {
    let together = 0
    for (let id = 0; id < 10_000; id += 1) {
      if (Math.abs(unitHash(`task-${id}/1`) - unitHash(`task-${id}/2`)) < 0.1) together += 1
    }
    // two independent numbers are this close in 19 of 100 cases
    expect(together).toBeGreaterThan(1600)
    expect(together).toBeLessThan(2200)
  })
})

function caught(run: () => unknown): UmbelError {
  try {
    run()
  } catch (error) {
    if (error instanceof UmbelError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

interface RecordedBackoff {
  readonly factor: number
  readonly maximum: number
  readonly retries: number
  readonly seconds: number
}

/** What Celery 5.6 answered, recorded once. */
function recordedBackoff(): RecordedBackoff[] {
  const file = new URL('fixtures/celery-backoff.json', import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')) as RecordedBackoff[]
}
