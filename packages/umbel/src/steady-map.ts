/** Entries that are always there: so many others come and go without the table being made anew. */
const FILLERS = 512

/**
 * A map of what comes and goes all the time, by id. V8 halves the table of a map as it empties and doubles it as it fills, with copies of
 * all that is in it; and each table that has grown old leads to the next one, so that the collector keeps all of them, and all that was in
 * them, until it looks through the old ones, too. With 100 tasks under way that was a fifth of what a task cost the main loop. A map that never becomes
 * nearly empty keeps its table.
 */
export class SteadyMap<V extends object> {
  readonly #map = new Map<string, V | undefined>()

  constructor() {
    // no id has a control character
    for (let n = 0; n < FILLERS; n += 1) this.#map.set(`\0${n}`, undefined)
  }

  get(id: string): V | undefined {
    return this.#map.get(id)
  }

  set(id: string, value: V): void {
    this.#map.set(id, value)
  }

  /** Take out what is there under an id. Tells whether there was anything. */
  delete(id: string): boolean {
    return this.#map.delete(id)
  }

  /** What is there, in the order in which it came. */
  *values(): Generator<V, void, undefined> {
    for (const value of this.#map.values()) if (value !== undefined) yield value
  }
}
