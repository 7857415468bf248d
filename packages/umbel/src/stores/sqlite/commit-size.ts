/** Milliseconds that writing the rows and events of one transaction may take: SQLite is synchronous, so the main loop waits for it. */
const AIM = 2

/** The most events and the fewest that are stored in one go, however fast or slow they are. */
const MOST = 250
const FEWEST = 10

/** How much the last transaction counts against those before it. */
const WEIGHT = 0.2

/**
 * How many events go into one transaction, by what those before took: so that a store of large values, or on a slow machine, does not
 * keep the main loop for longer than one of small ones. What waiting for the disk takes is not counted, as fewer events would not shorten it.
 */
export class CommitSize {
  #perEvent = AIM / MOST

  /** The most events that the next transaction should have. */
  get events(): number {
    return Math.min(MOST, Math.max(FEWEST, Math.floor(AIM / this.#perEvent)))
  }

  /** Take in that writing so many events took so many milliseconds. */
  took(events: number, millis: number): void {
    if (events < FEWEST) return // of so few it tells what a transaction costs, not what an event does
    this.#perEvent += WEIGHT * (Math.min(millis, 10 * AIM) / events - this.#perEvent)
  }
}
