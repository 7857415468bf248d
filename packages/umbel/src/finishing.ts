import type { AbortReason, Worker } from '@umbel/core'

/**
 * Attempts whose outcome is told and which are not over yet: their `afterReturn` is still to run. What they came to is
 * announced as it is stored, that they are over only then.
 */
export class Finishing {
  readonly #attempts = new Map<string, Attempt>()
  readonly #changed: () => void

  /** `changed` is called each time one is over. */
  constructor(changed: () => void) {
    this.#changed = changed
  }

  /** How many are not over. */
  get size(): number {
    return this.#attempts.size
  }

  begin(id: string, worker: Worker): void {
    this.#attempts.set(id, { worker, over: undefined })
  }

  /** Call once an attempt is over: at once, where it is none of these. */
  onceOver(id: string, call: () => void): void {
    const attempt = this.#attempts.get(id)
    if (attempt === undefined) call()
    else attempt.over = call
  }

  end(id: string): void {
    const attempt = this.#attempts.get(id)
    this.#attempts.delete(id)
    attempt?.over?.()
    this.#changed()
  }

  /** Abort the signals of all. */
  abort(reason: AbortReason): void {
    for (const [id, { worker }] of this.#attempts) worker.abort(id, reason)
  }

  /** End what runs them, whatever they do. */
  kill(reason: AbortReason): void {
    for (const [id, { worker }] of this.#attempts) worker.kill(id, reason)
  }
}

interface Attempt {
  readonly worker: Worker
  over: (() => void) | undefined
}
