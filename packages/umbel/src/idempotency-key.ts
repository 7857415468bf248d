import type { Duration } from '@umbel/core'
import { milliseconds, umbelError } from '@umbel/core/tasks'

/** What the key of a call is worked out from: the handler's arguments. `P` are its parameters. It has to be quick, and to give the same for the same. */
export type KeyFunction<P extends readonly unknown[]> = (...args: Parameters<P>) => string

/** Under which key a call comes to one result, and for how long that stands. */
export type IdempotencyKey<P extends readonly unknown[]> =
  | KeyFunction<P>
  | {
      readonly key: KeyFunction<P>
      /** How long a result stands, from the moment at which it came. Default: as long as the store keeps it. */
      readonly ttl?: Duration
    }

/** `P` itself, which the compiler is to take from the handler and not from here. */
type Parameters<P extends readonly unknown[]> = Extract<P, readonly unknown[]>

/** The idempotency key of a task, checked. */
export interface DefinedKey {
  readonly key: (...args: unknown[]) => unknown
  readonly ttl: number | undefined
}

/** Check the idempotency key of a task. @throws UMBEL_BAD_OPTION, UMBEL_BAD_DURATION */
export function definedKey(given: unknown, task: string): DefinedKey {
  const what = `idempotencyKey of ${task}`
  const { key, ttl, ...rest } = (typeof given === 'object' && given !== null ? given : { key: given }) as Record<
    string,
    unknown
  >
  if (typeof key !== 'function' || Object.keys(rest).length > 0)
    throw umbelError('UMBEL_BAD_OPTION', `The ${what} is neither a function nor { key, ttl } with one.`)
  return {
    key: key as DefinedKey['key'],
    ttl: ttl === undefined ? undefined : milliseconds(ttl as Duration, `ttl of the ${what}`),
  }
}

/** What a function gives as the key of a call. @throws UMBEL_BAD_KEY where it throws or that is no text of 1 to 1,024 characters */
export function askedKey(key: DefinedKey['key'], args: readonly unknown[], what: string): string {
  let value: unknown
  try {
    value = key(...args)
  } catch (cause) {
    throw umbelError('UMBEL_BAD_KEY', `${what} threw.`, { cause })
  }
  if (typeof value === 'string' && value.length >= 1 && value.length <= 1_024) return value
  const shown = typeof value === 'string' ? `text of ${value.length} characters` : typeof value
  throw umbelError('UMBEL_BAD_KEY', `${what} gave ${shown}.`)
}
