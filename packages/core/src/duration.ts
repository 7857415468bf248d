import { umbelError } from './errors.ts'

/** A length of time: a number of milliseconds, or a number with its unit, such as `'250ms'`, `'30s'`, `'1.5h'`. */
export type Duration = number | `${number}ms` | `${number}s` | `${number}m` | `${number}h` | `${number}d`

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** The longest duration: 100 years. */
const LONGEST = 36_525 * 86_400_000

/** Longest text looked at, so that a megabyte of digits costs nothing. */
const LONGEST_TEXT = 32

/**
 * Read a duration, in milliseconds: 0 up to 100 years. `what` names it in the error.
 * @throws UMBEL_BAD_DURATION for everything else.
 */
export function milliseconds(value: unknown, what: string): number {
  const length = typeof value === 'number' ? value : typeof value === 'string' ? parse(value) : Number.NaN
  if (length >= 0 && length <= LONGEST) return length === 0 ? 0 : length
  const why = Number.isNaN(length) ? 'is no duration' : length < 0 ? 'is negative' : 'is longer than 100 years'
  throw umbelError('UMBEL_BAD_DURATION', `${what} is ${show(value)}, which ${why}.`)
}

function parse(text: string): number {
  if (text.length > LONGEST_TEXT) return Number.NaN
  const parts = /^(-?[0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)$/.exec(text)
  return parts === null ? Number.NaN : Number(parts[1]) * (UNITS[parts[2] ?? ''] ?? Number.NaN)
}

function show(value: unknown): string {
  if (typeof value === 'string') {
    return value.length > LONGEST_TEXT ? `${JSON.stringify(value.slice(0, LONGEST_TEXT))}...` : JSON.stringify(value)
  }
  if (typeof value === 'object' && value !== null) return 'an object'
  return typeof value === 'function' ? 'a function' : String(value)
}
