import type { Rate, RateOfBucket, RateOfWindow, RatePolicy } from '@umbel/core'
import { ratePolicy, umbelError } from '@umbel/core/tasks'

/** How fast a task may start: a rate of its own or a limit of the app's, for each key a bucket of its own. `P` are the handler's parameters. */
export type TaskRateLimit<P extends readonly unknown[]> =
  | Rate
  | ((RateOfBucket | RateOfWindow | SharedLimit) & LimitedCall<P>)

/** A limit of the app's that several tasks share: `createApp({ limits: { stripe: '100/m' } })`. */
export interface SharedLimit {
  readonly limit: string
}

/** What of a call counts for its limit. Both functions are given the handler's arguments and have to be quick. */
export interface LimitedCall<P extends readonly unknown[]> {
  /** Text or a number, each of which has a bucket of its own: a user, a tenant, a host. Default: one for all. */
  readonly key?: (...args: Parameters<P>) => string | number
  /** Permits that one start takes. Default 1. */
  readonly weight?: number | ((...args: Parameters<P>) => number)
}

/** `P` itself, which the compiler is to take from the handler and not from here. */
type Parameters<P extends readonly unknown[]> = Extract<P, readonly unknown[]>

/** The rate limit of a task, checked. */
export interface DefinedLimit {
  /** Name of the app's limit; `undefined` for one of the task's own. */
  readonly limit: string | undefined
  /** The task's own rate. */
  readonly policy: RatePolicy | undefined
  readonly key: ((...args: unknown[]) => unknown) | undefined
  readonly weight: unknown
}

/** Check the rate limit of a task. @throws UMBEL_BAD_RATE */
export function definedLimit(given: unknown, task: string): DefinedLimit {
  const what = `rateLimit of ${task}`
  if (typeof given !== 'object' || given === null)
    return { limit: undefined, policy: ratePolicy(given, what), key: undefined, weight: 1 }
  const { key, weight = 1, limit, ...rate } = given as Record<string, unknown>
  if (key !== undefined && typeof key !== 'function')
    throw bad(`The key of the ${what} is ${typeof key}, not a function.`)
  if (typeof weight !== 'function' && !isWeight(weight)) throw badWeight(what, weight)
  if (limit !== undefined && (typeof limit !== 'string' || Object.keys(rate).length > 0))
    throw bad(`The ${what} takes the name of a limit alone, or a rate of its own.`)
  return {
    limit: limit as string | undefined,
    policy: limit === undefined ? ratePolicy(rate, what) : undefined,
    key: key as DefinedLimit['key'],
    weight,
  }
}

/** The bucket that a call counts for, `''` where its limit has but one. @throws UMBEL_BAD_RATE for a key that is none or a function that throws. */
export function keyOf({ key }: DefinedLimit, args: readonly unknown[], task: string): string {
  if (key === undefined) return ''
  const value = asked(key, args, `The key of the rateLimit of ${task}`)
  if ((typeof value === 'string' && value.length <= 1_024) || (typeof value === 'number' && Number.isFinite(value)))
    return String(value)
  throw bad(`The key of the rateLimit of ${task} is ${typeof value}, not text of up to 1,024 characters or a number.`)
}

/** How many permits a call takes. @throws UMBEL_BAD_RATE for what is no weight or a function that throws. */
export function weightOf({ weight }: DefinedLimit, args: readonly unknown[], task: string): number {
  if (typeof weight !== 'function') return weight as number
  const what = `rateLimit of ${task}`
  const value = asked(weight as (...args: unknown[]) => unknown, args, `The weight of the ${what}`)
  if (isWeight(value)) return value
  throw badWeight(what, value)
}

/** Refuse a weight that its rate could never give at once. @throws UMBEL_BAD_RATE */
export function checkWeight(weight: number, { kind, burst }: RatePolicy, task: string): void {
  if (kind === 'spaced' || weight <= burst) return
  throw bad(`A start of ${task} weighs ${weight}, but no more than ${burst} may start at once.`)
}

function asked(ask: (...args: unknown[]) => unknown, args: readonly unknown[], what: string): unknown {
  try {
    return ask(...args)
  } catch (cause) {
    throw umbelError('UMBEL_BAD_RATE', `${what} threw.`, { cause })
  }
}

const isWeight = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= 1_000_000

const badWeight = (what: string, weight: unknown): Error =>
  bad(
    `The weight of the ${what} is ${typeof weight === 'number' ? weight : typeof weight}, no whole number from 1 to 1,000,000.`,
  )

const bad = (message: string): Error => umbelError('UMBEL_BAD_RATE', message)
