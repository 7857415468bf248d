import type { Duration, UniqueSend } from '@umbel/core'
import { milliseconds, umbelError } from '@umbel/core/tasks'
import type { DefinedKey, KeyFunction } from './idempotency-key.ts'

/**
 * Under which key a task is the only one: what is sent beside it ends as it does and never runs. `key` gives text for the
 * arguments; without it, all arguments together are the key.
 */
export type Unique<P extends readonly unknown[]> = Keyed<P> & (UniqueUntil | Debounced | Throttled)

interface Keyed<P extends readonly unknown[]> {
  readonly key?: KeyFunction<P>
}

/** One task at a time. */
interface UniqueUntil {
  /** Until it has ended (default), or only until its first attempt starts. */
  readonly until?: 'started' | 'ended'
  readonly debounce?: never
  readonly maxWait?: never
  readonly throttle?: never
}

/** One task for many sends that come soon after one another. */
interface Debounced {
  /** How long it waits for another send, whose arguments are the ones that count then. */
  readonly debounce: Duration
  /** How long it waits at most, whatever comes. Default: as long as more comes. */
  readonly maxWait?: Duration
  readonly until?: never
  readonly throttle?: never
}

/** One task in a time. */
interface Throttled {
  /** How long from its sending what is sent ends as it does. */
  readonly throttle: Duration
  readonly until?: never
  readonly debounce?: never
  readonly maxWait?: never
}

/** The uniqueness of a task, checked. */
export interface DefinedUnique {
  /** `undefined` for all arguments. */
  readonly key: DefinedKey['key'] | undefined
  readonly send: Omit<UniqueSend, 'id'>
}

/** Check the option `unique` of a task. @throws UMBEL_BAD_OPTION, UMBEL_BAD_DURATION */
export function definedUnique(given: unknown, task: string): DefinedUnique {
  if (typeof given !== 'object' || given === null)
    throw bad(task, `is ${typeof given}, not an object such as {} or { until: 'started' }`)
  const { key, until, debounce, maxWait, throttle, ...rest } = given as Record<string, unknown>
  const strange = Object.keys(rest)[0]
  if (strange !== undefined) throw bad(task, `has no ${strange.slice(0, 80)}`)
  if (key !== undefined && typeof key !== 'function') throw bad(task, `has a key that is ${typeof key}, no function`)
  if (until !== undefined && until !== 'started' && until !== 'ended')
    throw bad(task, `has an until that is neither 'started' nor 'ended'`)
  if ([until, debounce, throttle].filter((mode) => mode !== undefined).length > 1)
    throw bad(task, 'takes one of until, debounce and throttle')
  if (maxWait !== undefined && debounce === undefined) throw bad(task, 'has a maxWait without debounce')
  const time = (name: string, value: unknown): number => milliseconds(value as Duration, `${name} of unique of ${task}`)
  const of = { key: key as DefinedKey['key'] | undefined }
  if (throttle !== undefined) return { ...of, send: { until: 'ended', throttle: time('throttle', throttle) } }
  if (debounce === undefined) return { ...of, send: { until: until ?? 'ended' } }
  const most = maxWait === undefined ? {} : { maxWait: time('maxWait', maxWait) }
  return { ...of, send: { until: 'received', debounce: time('debounce', debounce), ...most } }
}

const bad = (task: string, why: string): Error => umbelError('UMBEL_BAD_OPTION', `The option unique of ${task} ${why}.`)
