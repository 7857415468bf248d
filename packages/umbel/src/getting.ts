import type { Cell, Reject, Resolve } from './cell.ts'

/** Says what a handle has come to, by one of two calls. */
export type Settle<H, R> = (handle: H, resolve: Resolve<R>, reject: Reject) => void

let resolveLast: Resolve | undefined
let rejectLast: Reject | undefined

const keep = (resolve: Resolve, reject: Reject): void => {
  resolveLast = resolve
  rejectLast = reject
}

/** A promise whose calls are at hand until `forget`. Not by `withResolvers`, which takes V8 longer by a quarter. */
function promised<R>(): Promise<R> {
  forget()
  return new Promise<R>(keep as (resolve: Resolve<R>, reject: Reject) => void)
}

/** Else they would keep the promise, and what it comes to. */
function forget(): void {
  resolveLast = undefined
  rejectLast = undefined
}

/** A `get()` that waits for what its handle alone can tell. */
class Getting<H, R> {
  readonly #handle: H
  readonly #settle: Settle<H, R>
  readonly #resolve: Resolve<R>
  readonly #reject: Reject

  constructor(handle: H, settle: Settle<H, R>, resolve: Resolve<R>, reject: Reject) {
    this.#handle = handle
    this.#settle = settle
    this.#resolve = resolve
    this.#reject = reject
  }

  over(): void {
    this.#settle(this.#handle, this.#resolve, this.#reject)
  }
}

/** A promise that is settled once a cell is over. What goes wrong meanwhile rejects it. */
export function getting<H, R>(cell: Cell, handle: H, settle: Settle<H, R>): Promise<R> {
  const promise = promised<R>()
  const resolve = resolveLast as Resolve<R> | undefined
  const reject = rejectLast
  if (resolve === undefined || reject === undefined) return promise // the stack was at its end, which has rejected it
  forget()
  try {
    const waiting = new Getting(handle, settle, resolve, reject)
    if (cell.over) waiting.over()
    else cell.whenOver(waiting)
  } catch (error) {
    reject(error)
  }
  return promise
}

/**
 * A promise that is given what a cell has come to, once it is over. There is one for nearly each task, and all that is kept of it is its call: the one
 * to reject it, the handle, and something that has them were 180 bytes more of each task that waits.
 */
export function given<R>(cell: Cell): Promise<R> {
  const promise = promised<R>()
  const resolve = resolveLast
  const reject = rejectLast
  if (resolve === undefined || reject === undefined) return promise // see `getting`
  forget()
  try {
    cell.giveTo(resolve, reject)
  } catch (error) {
    reject(error)
  }
  return promise
}
