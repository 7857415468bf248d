import { didYouMean } from './did-you-mean.ts'
import { type UmbelError, umbelError } from './errors.ts'

/** So many starts in so long: `'10/s'`, `'100/m'`, `'1000/h'`, `'5/d'`. A bare number is starts a second, as in Celery. */
export type Rate = number | `${number}/${'s' | 'm' | 'h' | 'd'}`

/**
 * How fast tasks may start. A rate alone spaces the starts; with `burst` it is a token bucket, which a burst may empty at once;
 * `window` lets all of a window's starts go at once.
 */
export type RateLimit = Rate | RateOfBucket | RateOfWindow

/** A token bucket: never more than `burst + rate * t` starts in any span of `t`. Without `burst`, the same as the rate alone. */
export interface RateOfBucket {
  readonly rate: Rate
  /** Starts that may go at once after a rest. A whole number from 1. */
  readonly burst?: number
}

/** Never more than the rate's starts in any window of its length, as fast as they come. */
export interface RateOfWindow {
  readonly window: Rate
}

/** A rate limit, checked. */
export interface RatePolicy {
  /** `spaced`: evenly; `window`: as they come; both exact in every window. `bucket`: by burst and rate. */
  readonly kind: 'spaced' | 'window' | 'bucket'
  /** Whole number of starts, from 1 ... */
  readonly permits: number
  /** ... in so many milliseconds. */
  readonly per: number
  /** Starts that may go at once: 1 where they are spaced, `permits` in a window. */
  readonly burst: number
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Most starts that a limit may count in one window, and in one burst. */
const MOST = 10_000_000

/**
 * Check a rate limit. `what` names it in the error.
 * @throws UMBEL_BAD_RATE for everything that is none.
 */
export function ratePolicy(limit: unknown, what: string): RatePolicy {
  if (typeof limit !== 'object' || limit === null) return spaced(limit, what)
  const { rate, burst, window, ...others } = limit as Partial<RateOfBucket & RateOfWindow>
  const [unknown] = Object.keys(others)
  if (unknown !== undefined)
    throw bad(what, `has no option ${unknown.slice(0, 80)}`, didYouMean(unknown, ['rate', 'burst', 'window']))
  if ((rate === undefined) === (window === undefined)) throw bad(what, 'takes either rate or window')
  if (window !== undefined) {
    if (burst !== undefined) throw bad(what, 'takes a burst only beside rate: a window lets all go at once')
    const { permits, per } = spaced(window, `window of ${what}`)
    return { kind: 'window', permits, per, burst: permits }
  }
  const policy = spaced(rate, `rate of ${what}`)
  if (burst === undefined) return policy
  if (!Number.isSafeInteger(burst) || burst < 1 || burst > MOST)
    throw bad(`burst of ${what}`, `is ${shown(burst)}, no whole number from 1 to ${MOST}`)
  return { ...policy, kind: 'bucket', burst }
}

/** Tell whether two policies say the same. */
export const sameRate = (a: RatePolicy, b: RatePolicy): boolean =>
  a.kind === b.kind && a.permits === b.permits && a.per === b.per && a.burst === b.burst

/** Write a policy as it would be given, for people: `10/s`, `10/s burst 5`, `window 10/s`. */
export function rateText({ kind, permits, per, burst }: RatePolicy): string {
  const unit = Object.keys(UNITS).find((name) => UNITS[name] === per)
  const rate = unit === undefined ? `${Number(((permits * 1_000) / per).toPrecision(6))}/s` : `${permits}/${unit}`
  return kind === 'spaced' ? rate : kind === 'window' ? `window ${rate}` : `${rate} burst ${burst}`
}

function spaced(rate: unknown, what: string): RatePolicy {
  const { count, per } = parsed(rate) ?? nothing(rate, what)
  if (!(count > 0)) throw bad(what, `is ${shown(rate)}: at least one start has to come at some time`)
  // '1.5/s' is one start in two thirds of a second
  const whole = Number.isInteger(count) ? { permits: count, per } : { permits: 1, per: per / count }
  if (whole.permits > MOST) throw bad(what, `is ${shown(rate)}, more than ${MOST} starts in one window`)
  if (whole.per / whole.permits > 365 * 86_400_000) throw bad(what, `is ${shown(rate)}, less than one start a year`)
  return { kind: 'spaced', ...whole, burst: 1 }
}

function parsed(rate: unknown): { readonly count: number; readonly per: number } | undefined {
  if (typeof rate === 'number') return Number.isFinite(rate) ? { count: rate, per: 1_000 } : undefined
  if (typeof rate !== 'string' || rate.length > 32) return undefined
  const parts = /^([0-9]+(?:\.[0-9]+)?)\/([smhd])$/.exec(rate)
  return parts === null ? undefined : { count: Number(parts[1]), per: UNITS[parts[2] ?? ''] ?? 1_000 }
}

const nothing = (rate: unknown, what: string): never => {
  throw bad(what, `is ${shown(rate)}, which is no rate`)
}

const shown = (value: unknown): string =>
  typeof value === 'string'
    ? JSON.stringify(value.slice(0, 40))
    : typeof value === 'number'
      ? String(value)
      : typeof value

const bad = (what: string, why: string, hint = ''): UmbelError =>
  umbelError('UMBEL_BAD_RATE', `The ${what} ${why}.${hint}`)
