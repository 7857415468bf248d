import { Ring } from './ring.ts'

/** Levels of priority, 0 to 9. */
const LEVELS = 10

/** Rings: two of each level, as what comes again goes before what has not been taken yet. */
const RINGS = LEVELS * 2

/** Holes left by `remove` that are always allowed before the rings are closed up. */
const FREE_HOLES = 1024

/** What waits: anything with an id of its own. */
export interface Queued {
  readonly id: string
  /** Where ages are kept: since when it waits, if not from its `push` on. */
  readonly since?: number | undefined
}

/**
 * What waits in a lane: 9 first, within a level what comes again first, else the oldest. Rings, with 8 bytes for each item.
 * All calls take constant time on average; the ids are indexed by the first `reprioritise`, or `remove` of what stands in no order, and until the buffer is empty.
 * An id must not wait twice at the same time.
 */
export class PriorityBuffer<T extends Queued> {
  /** Ring 2 n has what waits at level n, and ring 2 n + 1 what comes again there: made as something comes to it. */
  readonly #rings: (Ring<T> | undefined)[] = new Array(RINGS).fill(undefined)
  /** Bit n is set while something waits in ring n. */
  #filled = 0
  #size = 0
  #holes = 0
  /** Where each id stands: place in its ring * RINGS + ring. */
  #places: Map<string, number> | undefined

  get size(): number {
    return this.#size
  }

  /** The highest level at which something waits; -1 where nothing does. */
  get highest(): number {
    return (31 - Math.clz32(this.#filled)) >> 1
  }

  /** Since when the one waits that has waited longest; `undefined` where ages are not kept. */
  get since(): number | undefined {
    return undefined
  }

  /**
   * Put an item behind those of its level; where it comes `again`, having been taken, before them, and behind those that did so before it.
   * Throws a RangeError unless its priority is a whole number from 0 to 9.
   */
  push(item: T, priority: number, again = false): void {
    this.#put(item, priority, again)
  }

  /** Take the oldest item of the highest level, or `undefined` when nothing waits. */
  take(): T | undefined {
    if (this.#size === 0) return undefined
    const first = 31 - Math.clz32(this.#filled)
    const ring = this.#rings[first] as Ring<T>
    const length = ring.length
    const item = ring.shift() as T
    this.#holes -= length - ring.length - 1
    this.#places?.delete(item.id)
    this.#forget(ring, first)
    return item
  }

  /** The item that `take` would take. */
  peek(): T | undefined {
    if (this.#size === 0) return undefined
    const ring = this.#rings[31 - Math.clz32(this.#filled)] as Ring<T>
    const length = ring.length
    const item = ring.peek()
    this.#holes -= length - ring.length
    return item
  }

  /** Take the item that `take` would take, if it fits. */
  takeIf(fits: (item: T) => boolean): T | undefined {
    const item = this.peek()
    return item !== undefined && fits(item) ? this.take() : undefined
  }

  /**
   * Take the item of this id out of its turn, or `undefined` when it does not wait. `level`: the one it most likely has. Ids come in their order as a rule,
   * and then it is found there without an index, which takes a good microsecond for each item to be made.
   */
  remove(id: string, level?: number): T | undefined {
    const found = level === undefined || this.#places !== undefined ? undefined : this.#rings[level * 2]?.find(id)
    const place = found === undefined ? this.#placeOf(id) : found * RINGS + (level as number) * 2
    return place === undefined ? undefined : this.#pull(id, place)
  }

  /** Move an item behind those of another level; in its own it keeps its place. Gives it, or `undefined` when it does not wait. Throws like `push`. */
  reprioritise(id: string, priority: number): T | undefined {
    checkLevel(priority)
    const place = this.#placeOf(id)
    if (place === undefined) return undefined
    const own = place % RINGS
    if (own >> 1 === priority) return this.#rings[own]?.at((place - own) / RINGS)
    const item = this.#pull(id, place)
    this.#put(item, priority, false)
    return item
  }

  /** Whether an item of this id waits. */
  has(id: string): boolean {
    return this.#placeOf(id) !== undefined
  }

  /** The first of each level, highest first. */
  *heads(): IterableIterator<T> {
    for (let level = LEVELS - 1; level >= 0; level--) {
      const head = this.#rings[(this.#filled >> (level * 2 + 1)) & 1 ? level * 2 + 1 : level * 2]?.entries().next()
      if (head?.done === false) yield head.value[1]
    }
  }

  /** Go through what waits in the order in which it will be taken. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (const ring of this.#rings.toReversed()) for (const [, item] of ring?.entries() ?? []) yield item
  }

  #put(item: T, level: number, again: boolean): void {
    const at = checkLevel(level) * 2 + (again ? 1 : 0)
    let ring = this.#rings[at]
    if (ring === undefined) {
      ring = new Ring()
      this.#rings[at] = ring
    }
    const place = ring.push(item)
    this.#places?.set(item.id, place * RINGS + at)
    this.#filled |= 1 << at
    this.#size++
  }

  #placeOf(id: string): number | undefined {
    if (this.#size === 0) return undefined
    this.#places ??= this.#index()
    return this.#places.get(id)
  }

  #pull(id: string, found: number): T {
    this.#places?.delete(id)
    const at = found % RINGS
    const ring = this.#rings[at] as Ring<T>
    const item = ring.delete((found - at) / RINGS) as T
    this.#holes++
    this.#forget(ring, at)
    if (this.#holes > this.#size + FREE_HOLES) this.#closeUp()
    return item
  }

  #forget(ring: Ring<T>, at: number): void {
    this.#size--
    if (ring.size > 0) return
    this.#holes -= ring.length
    ring.clear()
    this.#filled &= ~(1 << at)
    if (this.#size === 0) this.#places = undefined
  }

  #index(): Map<string, number> {
    const places = new Map<string, number>()
    this.#rings.forEach((ring, at) => {
      for (const [place, item] of ring?.entries() ?? []) places.set(item.id, place * RINGS + at)
    })
    return places
  }

  /** Places change: the next `remove` makes a new index, which the removals since the last one have paid for. */
  #closeUp(): void {
    for (const ring of this.#rings) ring?.resize()
    this.#holes = 0
    this.#places = undefined
  }
}

function checkLevel(level: number): number {
  if (Number.isInteger(level) && level >= 0 && level < LEVELS) return level
  throw new RangeError(`A priority is a whole number from 0 to 9, not ${level}.`)
}
