import { Ignore, Reject } from './control-errors.ts'
import { didYouMean } from './did-you-mean.ts'
import { type Duration, milliseconds } from './duration.ts'
import type { ErrorClass } from './error-data.ts'
import { type UmbelError, umbelError } from './errors.ts'

/** When a failed task is tried again, and after how long. */
export interface RetryOptions {
  /** Classes of errors to try again for, or a test of the error. Default: every error. */
  readonly on?: readonly ErrorClass[] | ((error: unknown) => boolean)
  /** The most retries after the first attempt. Default 3; `Infinity` is allowed. */
  readonly max?: number
  /** The delay before the first retry, doubled for each further one; or its parts. Default 1 second. */
  readonly backoff?: Duration | Backoff
  /** Whether delays are random, from none to the full one. Default true. `backoff.jitter` wins over it. */
  readonly jitter?: boolean
}

/** How the delay before a retry grows: `base * factor ** retries`, at most `max`. */
export interface Backoff {
  readonly base: Duration
  /** Default 10 minutes. */
  readonly max?: Duration
  /** At least 1. Default 2. */
  readonly factor?: number
  /** Default: `jitter` of the retry options. */
  readonly jitter?: boolean
}

/** Retry options, checked and with their defaults. Lengths are in milliseconds. */
export interface RetryPolicy {
  readonly on: readonly ErrorClass[] | ((error: unknown) => boolean) | undefined
  readonly max: number
  readonly base: number
  readonly longest: number
  readonly factor: number
  readonly jitter: boolean
}

const DEFAULT_MAX = 3
const DEFAULT_FACTOR = 2

/**
 * Check retry options and put in the defaults.
 * @throws UMBEL_BAD_RETRY naming the option; UMBEL_BAD_DURATION for a delay that is none.
 */
export function retryPolicy(options: RetryOptions): RetryPolicy {
  refuseUnknown(options, 'retry', ['on', 'max', 'backoff', 'jitter'])
  const { on, max = DEFAULT_MAX, jitter = true } = options
  const backoff = backoffOf(options.backoff)
  const { factor = DEFAULT_FACTOR } = backoff
  const random = backoff.jitter ?? jitter
  if (!isCondition(on)) throw bad('on', 'takes a list of error classes or a function')
  if (typeof max !== 'number' || !(max >= 0) || (!Number.isInteger(max) && max !== Number.POSITIVE_INFINITY)) {
    throw bad('max', 'takes a whole number from 0, or Infinity')
  }
  if (typeof factor !== 'number' || !Number.isFinite(factor) || factor < 1)
    throw bad('backoff.factor', 'takes a number from 1')
  if (typeof random !== 'boolean') throw bad('jitter', 'takes true or false')
  return {
    on,
    max,
    base: milliseconds(backoff.base, 'retry.backoff.base'),
    longest: milliseconds(backoff.max ?? '10m', 'retry.backoff.max'),
    factor,
    jitter: random,
  }
}

function backoffOf(backoff: Duration | Backoff = '1s'): Backoff {
  if (typeof backoff !== 'object') return { base: backoff }
  refuseUnknown(backoff, 'retry.backoff', ['base', 'max', 'factor', 'jitter'])
  return backoff
}

function refuseUnknown(options: unknown, where: string, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw umbelError('UMBEL_BAD_RETRY', `${where} takes an object.`)
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    throw umbelError('UMBEL_BAD_RETRY', `${where} has no option ${JSON.stringify(name)}.${didYouMean(name, known)}`)
  }
}

function isCondition(on: RetryOptions['on']): boolean {
  if (on === undefined || (typeof on === 'function' && !isErrorClass(on))) return true
  return Array.isArray(on) && on.every(isErrorClass)
}

const isErrorClass = (value: unknown): boolean =>
  typeof value === 'function' && (value === Error || value.prototype instanceof Error)

const bad = (option: string, takes: string): UmbelError => umbelError('UMBEL_BAD_RETRY', `retry.${option} ${takes}.`)

/**
 * Give the delay in milliseconds before the next attempt: Celery's `min(max, base * factor ** retries)`, with jitter a
 * random part of it. `attempt` is how many were made, from 1; `unit` a number in [0, 1).
 */
export function retryDelay(policy: RetryPolicy, attempt: number, unit: number): number {
  // nothing times infinity is no number
  const full = policy.base === 0 ? 0 : Math.min(policy.longest, policy.base * policy.factor ** (attempt - 1))
  return policy.jitter ? Math.round(full * unit) : full
}

/**
 * Tell whether an error is to be tried again for, `attempt` attempts having been made. A test that throws counts as no,
 * and so do Ignore and Reject.
 */
export function wantsRetry(policy: RetryPolicy, error: unknown, attempt: number): boolean {
  if (attempt > policy.max) return false
  try {
    if (error instanceof Ignore || error instanceof Reject) return false
    const { on } = policy
    if (on === undefined) return true
    return typeof on === 'function' ? on(error) === true : on.some((one) => error instanceof one)
  } catch {
    return false
  }
}

/**
 * Hash a text to a number in [0, 1): the same for the same text everywhere, evenly spread over texts that differ
 * little.
 */
export function unitHash(text: string): number {
  // FNV-1a over UTF-16 units, then the finaliser of MurmurHash3, which spreads the last characters over all bits
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}
