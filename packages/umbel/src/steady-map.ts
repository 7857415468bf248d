/** What is added until a generation is over, at least and at most. */
const LEAST = 4_096
const MOST = 65_536

/**
 * A map of what comes and goes all the time, by id or by number. V8 makes the table of a map anew each time it is full of what has left, and each table that has
 * grown old leads to the next one, so that the collector keeps all of them, and all that was in them, until it looks through what is old, too. So what
 * comes goes to a map that is young; after so many it is the older one, and another one is young; and what is still in the older one after as many again
 * is moved to a map of few changes. A map that nobody has any more leads nowhere.
 */
export class SteadyMap<V extends object, K extends string | number = string> {
  readonly #least: number
  #young = new Map<K, V>()
  #older = new Map<K, V>()
  readonly #elders = new Map<K, V>()
  /** What may be added until the generation is over. */
  #left: number
  /** How many go through it just now: until they are through, nothing is moved. */
  #readers = 0

  /** `least`: what is added until a generation is over, at least. */
  constructor(least = LEAST) {
    this.#least = least
    this.#left = least
  }

  get(id: K): V | undefined {
    const young = this.#young.get(id)
    if (young !== undefined) return young
    const older = this.#older.size > 0 ? this.#older.get(id) : undefined
    if (older !== undefined) return older
    return this.#elders.size > 0 ? this.#elders.get(id) : undefined
  }

  set(id: K, value: V): void {
    if (this.#older.size > 0 && this.#older.has(id)) this.#older.set(id, value)
    else if (this.#elders.size > 0 && this.#elders.has(id)) this.#elders.set(id, value)
    else this.add(id, value)
  }

  /** The same of an id under which there is nothing. */
  add(id: K, value: V): void {
    this.#young.set(id, value)
    this.#left -= 1
    if (this.#left <= 0 && this.#readers === 0) this.#age()
  }

  /** Take out what is there under an id. Tells whether there was anything. */
  delete(id: K): boolean {
    return this.#young.delete(id) || this.#older.delete(id) || this.#elders.delete(id)
  }

  /** What is there, in the order in which it came. */
  *values(): Generator<V, void, undefined> {
    this.#readers += 1
    try {
      yield* this.#elders.values()
      yield* this.#older.values()
      yield* this.#young.values()
    } finally {
      this.#readers -= 1
    }
  }

  #age(): void {
    for (const [id, value] of this.#older) this.#elders.set(id, value)
    this.#older = this.#young
    this.#young = new Map()
    this.#left = Math.min(MOST, Math.max(this.#least, this.#older.size + this.#elders.size))
  }
}
