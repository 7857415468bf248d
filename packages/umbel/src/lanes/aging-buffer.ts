import { PriorityBuffer, type Queued } from './priority-buffer.ts'

/** When what waits has aged. */
export interface AgingOptions {
  /** Milliseconds of waiting. */
  readonly after: number
  /** Milliseconds that only grow. */
  readonly now: () => number
}

/** One that waits, between the one that came before it and the one that came after. */
interface Age<T> {
  readonly item: T
  readonly since: number
  older: Age<T> | undefined
  newer: Age<T> | undefined
}

/**
 * What waits in a lane in which nothing starves: what has waited `after` milliseconds goes before everything that has not, oldest
 * first whatever its level; the others as in any lane. Only the oldest of all is looked at, so every call still takes constant time.
 * A change of priority leaves the age as it is.
 */
export class AgingBuffer<T extends Queued> extends PriorityBuffer<T> {
  readonly #options: AgingOptions
  readonly #ages = new Map<string, Age<T>>()
  #oldest: Age<T> | undefined
  #newest: Age<T> | undefined
  /** The last of the oldest that came again: each has the age of what it stands before. */
  #again: Age<T> | undefined
  /** Those that came with an age, oldest first: few, as a lane has one for each of its gates. */
  readonly #brought: { readonly item: T; readonly since: number }[] = []

  constructor(options: AgingOptions) {
    super()
    this.#options = options
  }

  override get since(): number | undefined {
    return this.#first()?.since
  }

  override push(item: T, priority: number, again = false): void {
    super.push(item, priority, again)
    const { since } = item
    if (since !== undefined) {
      const place = this.#brought.findLastIndex((other) => other.since <= since) + 1
      this.#brought.splice(place, 0, { item, since })
      return
    }
    const older = again ? this.#again : this.#newest
    const newer = again ? (older === undefined ? this.#oldest : older.newer) : undefined
    const age: Age<T> = { item, since: newer?.since ?? this.#options.now(), older, newer }
    if (older === undefined) this.#oldest = age
    else older.newer = age
    if (newer === undefined) this.#newest = age
    else newer.older = age
    if (again) this.#again = age
    this.#ages.set(item.id, age)
  }

  override peek(): T | undefined {
    const oldest = this.#first()
    return oldest !== undefined && this.#hasAged(oldest) ? oldest.item : super.peek()
  }

  override take(): T | undefined {
    const oldest = this.#first()
    if (oldest !== undefined && this.#hasAged(oldest)) return this.remove(oldest.item.id)
    const item = super.take()
    if (item !== undefined) this.#forget(item.id)
    return item
  }

  /** Time passes between a look and a take: what was looked at is taken, though something else may have aged meanwhile. */
  override takeIf(fits: (item: T) => boolean): T | undefined {
    const item = this.peek()
    return item !== undefined && fits(item) ? this.remove(item.id) : undefined
  }

  override remove(id: string, level?: number): T | undefined {
    const item = super.remove(id, level)
    if (item !== undefined) this.#forget(id)
    return item
  }

  override *[Symbol.iterator](): IterableIterator<T> {
    const aged = new Set<T>()
    for (const item of this.#aged()) {
      aged.add(item)
      yield item
    }
    for (const item of super[Symbol.iterator]()) if (!aged.has(item)) yield item
  }

  *#aged(): IterableIterator<T> {
    const brought = this.#brought.filter((age) => this.#hasAged(age))
    let next = 0
    for (let age = this.#oldest; age !== undefined && this.#hasAged(age); age = age.newer) {
      for (let other = brought[next]; other !== undefined && other.since < age.since; other = brought[next]) {
        next += 1
        yield other.item
      }
      yield age.item
    }
    for (const { item } of brought.slice(next)) yield item
  }

  /** What has waited longest. */
  #first(): { readonly item: T; readonly since: number } | undefined {
    const [brought] = this.#brought
    const oldest = this.#oldest
    return brought !== undefined && (oldest === undefined || brought.since < oldest.since) ? brought : oldest
  }

  #hasAged({ since }: { readonly since: number }): boolean {
    return this.#options.now() - since >= this.#options.after
  }

  #forget(id: string): void {
    const age = this.#ages.get(id)
    if (age === undefined) {
      const place = this.#brought.findIndex(({ item }) => item.id === id)
      if (place !== -1) this.#brought.splice(place, 1)
      return
    }
    this.#ages.delete(id)
    if (age === this.#again) this.#again = age.older
    if (age.older === undefined) this.#oldest = age.newer
    else age.older.newer = age.newer
    if (age.newer === undefined) this.#newest = age.older
    else age.newer.older = age.older
  }
}
