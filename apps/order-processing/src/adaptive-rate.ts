/** Milliseconds in which refusals are of what was on its way as the rate was changed. */
const SETTLING = 1_000
/** Milliseconds without a change after which more is tried. */
const QUIET = 5_000

/** A rate that finds out what the other side allows: less at once when it refuses, a little more while it does not. */
export class AdaptiveRate {
  readonly #least: number
  readonly #most: number
  #rate: number
  #changedAt: number

  /** `now`, here and below, is in milliseconds of any one clock. */
  constructor(first: number, bounds: { readonly least: number; readonly most: number }, now: number) {
    this.#rate = first
    this.#changedAt = now
    this.#least = bounds.least
    this.#most = bounds.most
  }

  /** Starts a second. */
  get rate(): number {
    return this.#rate
  }

  /** It was refused. Gives the new rate; `undefined` where this is told of the rate before: what was on its way already. */
  refused(now: number): number | undefined {
    if (now - this.#changedAt < SETTLING) return undefined
    return this.#set(Math.max(this.#least, this.#rate * 0.7), now)
  }

  /** It was allowed. Gives the new rate; `undefined` while it stays. */
  allowed(now: number): number | undefined {
    if (now - this.#changedAt < QUIET || this.#rate >= this.#most) return undefined
    return this.#set(Math.min(this.#most, this.#rate + 0.2), now)
  }

  #set(rate: number, now: number): number | undefined {
    const rounded = Math.round(rate * 100) / 100
    if (rounded === this.#rate) return undefined
    this.#changedAt = now
    this.#rate = rounded
    return rounded
  }
}
