import type { AttemptCall, AttemptReports, Encoded } from '@umbel/core'
import { decode, effectKey, encode, umbelError } from '@umbel/core/tasks'

/** The most names of one attempt. */
const MOST = 1_000

/** What effects need of where an attempt runs. */
export interface EffectsParts {
  readonly reports: Pick<AttemptReports, 'recall' | 'record'>
  /** Longest encoded value, in characters and bytes. */
  readonly maxBytes: number
}

/** What the handler of one attempt does once, by name. */
export class AttemptEffects {
  readonly #call: AttemptCall
  readonly #parts: EffectsParts
  readonly #named = new Map<string, Promise<Encoded>>()

  constructor(call: AttemptCall, parts: EffectsParts) {
    this.#call = call
    this.#parts = parts
  }

  /** @throws what `fn` throws; UMBEL_BAD_OPTION, UMBEL_VALUE_TOO_LARGE, UMBEL_CANNOT_TRAVEL, UMBEL_ATTEMPT_OVER */
  async once(name: string, fn: (key: string) => unknown): Promise<unknown> {
    check(name, fn)
    let result = this.#named.get(name)
    if (result === undefined) {
      if (this.#named.size >= MOST)
        throw umbelError('UMBEL_VALUE_TOO_LARGE', `ctx.once was given more than ${MOST} names in one attempt.`)
      result = this.#result(name, fn)
      this.#named.set(name, result)
      result.catch(() => this.#named.delete(name)) // it may be tried again
    }
    return decode(await result) // what is stored, and for each call its own
  }

  async #result(name: string, fn: (key: string) => unknown): Promise<Encoded> {
    const { reports, maxBytes } = this.#parts
    const recorded = await reports.recall(this.#call, name)
    if (recorded !== undefined) return recorded
    const value = await fn(effectKey(this.#call.id, name))
    const result = encode(value, { maxBytes, path: `once(${JSON.stringify(name)})` })
    await reports.record(this.#call, name, result)
    return result
  }
}

function check(name: unknown, fn: unknown): void {
  if (typeof name !== 'string' || !/^\P{Cc}{1,256}$/u.test(name))
    throw umbelError('UMBEL_BAD_OPTION', 'The name given to ctx.once is not text of 1 to 256 characters.')
  if (typeof fn !== 'function')
    throw umbelError('UMBEL_BAD_OPTION', `ctx.once takes a name and a function, not ${typeof fn}.`)
}
