import type { Resolve } from './cell.ts'

// A promise whose one call is kept that resolves it is rejected by way of another one, that is rejected. That takes two microtasks more, so what
// is settled before it is through goes the same way: as promises of tasks that end in one batch are to be heard of in the order in which they end.

/** Promises on their way that are not through. */
let onTheWay = 0

const through = (): void => {
  onTheWay -= 1
}
const ignore = (): void => {}

function byWayOf(resolve: Resolve, promise: Promise<unknown>): void {
  // told one microtask after it has settled the other one; nobody else hears of it where that was settled before
  promise.catch(ignore).then(ignore).then(through)
  onTheWay += 1
  resolve(promise)
}

/** Give a promise its result. */
export function fulfil(resolve: Resolve, value: unknown): void {
  if (onTheWay === 0) resolve(value)
  else byWayOf(resolve, Promise.resolve(value))
}

/** Give a promise its error. `reject`: its own call for that, where that is at hand. */
export function fail(resolve: Resolve, error: unknown, reject?: (reason: unknown) => void): void {
  if (onTheWay === 0 && reject !== undefined) reject(error)
  else byWayOf(resolve, Promise.reject(error))
}
