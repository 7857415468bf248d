/** How large the events of one transaction may be in the log, in characters and bytes. SQLite is synchronous: the main loop waits while they are written. */
const AIM = 131_072

/** The most events that are stored in one go, however small they are. */
const MOST = 250

/** How much of a transaction is still remembered at the next one. */
const MEMORY = 0.8

/**
 * How many events go into one transaction, by how large those before were: so that a store of large values does not keep the main loop for longer
 * than one of small ones. Not by what they took: where the machine has other work to do all takes longer, and smaller transactions would only be more of them.
 */
export class CommitSize {
  #events = 0
  #size = 0

  /** The most events that the next transaction should have. */
  get events(): number {
    if (this.#size === 0) return MOST
    return Math.min(MOST, Math.max(1, Math.floor((AIM * this.#events) / this.#size)))
  }

  /** Take in that so many events were so large. */
  took(events: number, size: number): void {
    this.#events = MEMORY * this.#events + events
    this.#size = MEMORY * this.#size + size
  }
}
