/** Slots of a page, as a power of two. */
const PAGE_BITS = 8
const PAGE = 1 << PAGE_BITS
const IN_PAGE = PAGE - 1

/** A hole: what is left where an item stood that was taken out of its turn. */
class Hole {
  readonly id: string
  constructor(id: string) {
    this.id = id
  }
}

type Page<T> = (T | Hole | undefined)[]

/**
 * A queue in pages, which come as it grows and go round as it moves on: nothing is copied, and 100,000 items that come at once take no memory that the
 * system has to provide anew (see `Pieces`). The place of an item is its number since the ring was made or resized by `resize`.
 */
export class Ring<T extends { readonly id: string }> {
  /** The pages of the places from the head to the tail, each by its number; as many as a power of two. */
  #pages: (Page<T> | undefined)[] = [undefined]
  /** An empty page, to be the next one. */
  #spare: Page<T> | undefined
  #head = 0
  #tail = 0
  /** Items in it, without the holes. */
  size = 0

  /** Slots in use, with the holes. */
  get length(): number {
    return this.#tail - this.#head
  }

  push(item: T): number {
    const inPage = this.#tail & IN_PAGE
    const page = (inPage === 0 ? undefined : this.#pages[this.#at(this.#tail)]) ?? this.#begin()
    page[inPage] = item
    this.size++
    return this.#tail++
  }

  shift(): T | undefined {
    while (this.#head < this.#tail) {
      const item = this.at(this.#head)
      this.#pass()
      if (item === undefined) continue
      this.size--
      return item
    }
    return undefined
  }

  /** The oldest item. Passes over the holes before it for good. */
  peek(): T | undefined {
    while (this.#head < this.#tail) {
      const item = this.at(this.#head)
      if (item !== undefined) return item
      this.#pass()
    }
    return undefined
  }

  /** Where an item stands, if all stand in the order of their ids. */
  find(id: string): number | undefined {
    let [low, high] = [this.#head, this.#tail - 1]
    while (low <= high) {
      const place = Math.floor((low + high) / 2)
      const slot = this.#page(place)[place & IN_PAGE] as T | Hole
      if (slot.id === id) return slot instanceof Hole ? undefined : place
      if (slot.id < id) low = place + 1
      else high = place - 1
    }
    return undefined
  }

  /** What stands at a place. */
  at(place: number): T | undefined {
    const item = this.#page(place)[place & IN_PAGE]
    return item instanceof Hole ? undefined : item
  }

  /** Leave a hole. */
  delete(place: number): T | undefined {
    const item = this.at(place)
    if (item === undefined) return undefined
    this.#page(place)[place & IN_PAGE] = new Hole(item.id)
    this.size--
    return item
  }

  clear(): void {
    // nothing is to be found in what is left of a page, and its holes are to go
    if (this.length > 0) this.#pages = [undefined]
    this.#head = this.#tail
  }

  *entries(): IterableIterator<[place: number, item: T]> {
    for (let place = this.#head; place < this.#tail; place++) {
      const item = this.at(place)
      if (item !== undefined) yield [place, item]
    }
  }

  /** Close the holes and give back what is not needed. Places change. */
  resize(): void {
    const items = Array.from(this.entries(), ([, item]) => item)
    this.#pages = [undefined]
    this.#spare = undefined
    this.#head = this.#tail = this.size = 0
    for (const item of items) this.push(item)
  }

  #page(place: number): Page<T> {
    return this.#pages[this.#at(place)] as Page<T>
  }

  /** Where the page of a place is among the pages. */
  #at(place: number): number {
    return (place >> PAGE_BITS) & (this.#pages.length - 1)
  }

  /** Begin the page of the tail. */
  #begin(): Page<T> {
    const first = this.#head - (this.#head & IN_PAGE)
    if ((this.#tail - first) >> PAGE_BITS >= this.#pages.length) this.#widen(first)
    const page = this.#spare ?? new Array<T | Hole | undefined>(PAGE)
    this.#spare = undefined
    this.#pages[this.#at(this.#tail)] = page
    return page
  }

  /** Have places for twice as many pages. Those that are there begin with the first place. */
  #widen(first: number): void {
    const pages = Array.from({ length: this.#pages.length }, (_, page) => this.#page(first + page * PAGE))
    this.#pages = new Array(pages.length * 2)
    for (const [page, one] of pages.entries()) this.#pages[this.#at(first + page * PAGE)] = one
  }

  /** The head moves on. A page that it leaves is empty. */
  #pass(): void {
    const at = this.#at(this.#head)
    const page = this.#pages[at] as Page<T>
    page[this.#head & IN_PAGE] = undefined
    this.#head++
    if ((this.#head & IN_PAGE) !== 0) return
    this.#pages[at] = undefined
    this.#spare = page
  }
}
