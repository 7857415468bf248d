import type { Waiter } from './results.ts'

type Resolve<R> = (value: R) => void
type Reject = (reason: unknown) => void

/** Says what a handle has come to, by one of two calls. */
export type Settle<H, R> = (handle: H, resolve: Resolve<R>, reject: Reject) => void

let resolveLast: Resolve<never> | undefined
let rejectLast: Reject | undefined

const keep = (resolve: Resolve<never>, reject: Reject): void => {
  resolveLast = resolve
  rejectLast = reject
}

/** A promise, for the next `Getting` to settle. */
export const promised = <R>(): Promise<R> => new Promise(keep)

/**
 * A `get()` that waits. There is one for each task whose result somebody waits for, so it is one object: two closures, and what they see,
 * took 130 bytes more, a thirtieth of all that is made for a task.
 */
export class Getting<H, R> implements Waiter {
  readonly #handle: H
  readonly #settle: Settle<H, R>
  readonly #resolve: Resolve<R>
  readonly #reject: Reject

  /** Settles what was promised last. */
  constructor(handle: H, settle: Settle<H, R>) {
    this.#handle = handle
    this.#settle = settle
    this.#resolve = resolveLast as Resolve<R>
    this.#reject = rejectLast as Reject
    resolveLast = rejectLast = undefined // else they would keep the promise and what it comes to
  }

  over(): void {
    this.#settle(this.#handle, this.#resolve, this.#reject)
  }
}
