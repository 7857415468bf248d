/** Allows so many in any window of so many milliseconds: an exact sliding window over what was allowed. */
export class Quota {
  readonly #most: number
  readonly #window: number
  #allowed: number[] = []

  constructor(most: number, window: number) {
    this.#most = most
    this.#window = window
  }

  /** Take in a request that arrives now. Gives how many milliseconds it is early: 0 where it is allowed. */
  arrive(now: number): number {
    this.#allowed = this.#allowed.filter((at) => at > now - this.#window)
    const [first] = this.#allowed
    if (first !== undefined && this.#allowed.length >= this.#most) return first + this.#window - now
    this.#allowed.push(now)
    return 0
  }
}
