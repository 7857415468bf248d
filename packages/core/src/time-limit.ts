import { didYouMean } from './did-you-mean.ts'
import { type Duration, milliseconds } from './duration.ts'
import { umbelError } from './errors.ts'

/**
 * How long one call of a handler may take. At the soft limit its signal is aborted, with an error it may catch; at the hard
 * one its thread is ended. A bare duration is the hard limit.
 */
export type TimeLimit = Duration | { readonly soft?: Duration; readonly hard?: Duration }

/** Limits in milliseconds; `undefined` is none. */
export interface TimeLimits {
  readonly soft: number | undefined
  readonly hard: number | undefined
}

/**
 * Read a time limit. `what` names it in the error. Given together, the soft limit is the shorter one.
 * @throws UMBEL_BAD_TIME_LIMIT; UMBEL_BAD_DURATION for a length that is none
 */
export function timeLimits(value: unknown, what: string): TimeLimits {
  if (typeof value !== 'object') return { soft: undefined, hard: length(value, what) }
  if (value === null || Array.isArray(value))
    throw bad(`${what} is ${value === null ? 'null' : 'a list'}, which is no time limit.`)
  const given = read(value, what)
  const soft = given.soft === undefined ? undefined : length(given.soft, `${what}.soft`)
  const hard = given.hard === undefined ? undefined : length(given.hard, `${what}.hard`)
  if (soft === undefined && hard === undefined) throw bad(`${what} names neither a soft nor a hard limit.`)
  if (soft !== undefined && hard !== undefined && soft >= hard)
    throw bad(`${what} has a soft limit of ${soft} ms, which is not under its hard one of ${hard} ms.`)
  return { soft, hard }
}

/** Put limits over others, each for itself, as in Celery. A soft limit that then is not under the hard one never comes. */
export function limitsOver(given: TimeLimits | undefined, own: TimeLimits | undefined): TimeLimits | undefined {
  if (given === undefined || own === undefined) return given ?? own
  return { soft: given.soft ?? own.soft, hard: given.hard ?? own.hard }
}

/** The same for limits as they are written. */
export const limitOver = (given: TimeLimit, own: TimeLimit): TimeLimit =>
  Object.freeze({ ...parts(own), ...parts(given) })

// what is malformed stays so: it is refused where it is read
const parts = (limit: TimeLimit): Exclude<TimeLimit, Duration> =>
  typeof limit === 'object' && limit !== null ? limit : { hard: limit }

function read(value: object, what: string): { readonly soft?: unknown; readonly hard?: unknown } {
  let given: object
  try {
    given = { ...value }
  } catch {
    throw bad(`${what} cannot be read.`)
  }
  for (const name of Object.keys(given)) {
    if (name !== 'soft' && name !== 'hard')
      throw bad(`${what} has no part ${name.slice(0, 80)}.${didYouMean(name, ['soft', 'hard'])}`)
  }
  return given
}

function length(value: unknown, what: string): number {
  const limit = milliseconds(value, what)
  if (limit === 0) throw bad(`${what} is 0, in which nothing can be done.`)
  return limit
}

const bad = (message: string): Error => umbelError('UMBEL_BAD_TIME_LIMIT', message)
