/** The only source of time and of delayed calls. `SystemClock` is real; `SimulatedClock` moves when told. */
export interface Clock {
  /** Whether it moves only when told to; then ending an app does not wait for timers. */
  readonly simulated: boolean
  /** Milliseconds since the epoch, for humans and for `eta`. May jump with the wall clock. */
  now(): number
  /** Milliseconds that only grow, for intervals; the same in all threads of the process. Its zero means nothing. */
  monotonic(): number
  /** Call `run` once, `delay` milliseconds from now (any finite length: longer than a timer can hold is re-armed inside). */
  setTimer(run: () => void, delay: number): Timer
  /** Do not move on while this is busy, where it moves only when told. Held weakly. */
  heed?(one: { readonly busy: boolean }): void
}

/** One armed timer. */
export interface Timer {
  /** Disarm it. Harmless when it has fired or was cancelled. */
  cancel(): void
  /** Whether it alone keeps the process alive. Timers start as `true`. */
  keepAlive(keep: boolean): void
}

/** The only source of randomness: a number in [0, 1). */
export type Random = () => number
