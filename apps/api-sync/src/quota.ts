/** What has come under one quota. Moments are in milliseconds of the server's clock. */
export interface Seen {
  readonly requests: number
  /** Requests that were refused. */
  readonly violations: number
  /** The most weight that came in any one window, refused or not. */
  readonly worstWindow: number
  readonly first: number
  readonly last: number
}

interface Arrival {
  readonly at: number
  readonly weight: number
}

/** Allows so much weight in any window of so many milliseconds: an exact sliding window, which counts whatever comes. */
export class Quota {
  readonly #most: number
  readonly #window: number
  #all: Arrival[] = []
  #allowed: Arrival[] = []
  #seen: Seen | undefined

  constructor(most: number, window: number) {
    this.#most = most
    this.#window = window
  }

  /** `undefined` while nothing has come. */
  get seen(): Seen | undefined {
    return this.#seen
  }

  /** Take in a request that arrives now. Gives how long it should have waited: 0 where it is allowed. */
  arrive(now: number, weight: number): number {
    const inWindow = ({ at }: Arrival): boolean => at > now - this.#window
    this.#all = [...this.#all.filter(inWindow), { at: now, weight }]
    this.#allowed = this.#allowed.filter(inWindow)
    let excess = weightOf(this.#allowed) + weight - this.#most
    let wait = 0
    for (const { at, weight: freed } of this.#allowed) {
      if (excess <= 0) break
      excess -= freed
      wait = at + this.#window - now
    }
    if (wait === 0) this.#allowed.push({ at: now, weight })
    const { requests = 0, violations = 0, worstWindow = 0, first = now } = this.#seen ?? {}
    this.#seen = {
      requests: requests + 1,
      violations: violations + (wait > 0 ? 1 : 0),
      worstWindow: Math.max(worstWindow, weightOf(this.#all)),
      first,
      last: now,
    }
    return wait
  }
}

const weightOf = (arrivals: readonly Arrival[]): number => arrivals.reduce((sum, { weight }) => sum + weight, 0)
