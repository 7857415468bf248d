/** Places of a page, as a power of two. */
const PAGE_BITS = 10
const PAGE = 1 << PAGE_BITS
const IN_PAGE = PAGE - 1

/** Places that there are from the start where nothing else is said. */
const FEW = 16

/**
 * A list of things by number, in pages that come as they are needed: with 100,000 places in one list V8 took new memory from the system for it, and again
 * whenever it grew (see `Pieces`). Nothing is at a place that was given none.
 */
export class PagedList<T> {
  readonly #pages: ((T | undefined)[] | undefined)[]

  /** `room`: how many places will be needed, where that is known. There is room for so many from the start, up to a page. */
  constructor(room = FEW) {
    this.#pages = [new Array(Math.min(room, PAGE))]
  }

  get(index: number): T | undefined {
    return this.#pages[index >> PAGE_BITS]?.[index & IN_PAGE]
  }

  set(index: number, value: T | undefined): void {
    const page = this.#pages[index >> PAGE_BITS]
    const place = index & IN_PAGE
    if (page !== undefined && place < page.length) page[place] = value
    else this.#room(index)[place] = value
  }

  /** Call back with all that is there, in order. What it is called back for may be taken out meanwhile. */
  each(tell: (value: T, index: number) => void): void {
    for (let at = 0; at < this.#pages.length; at += 1) {
      const page = this.#pages[at]
      if (page === undefined) continue
      for (let place = 0; place < page.length; place += 1) {
        const value = page[place]
        if (value !== undefined) tell(value, at * PAGE + place)
      }
    }
  }

  /** What is there, in order, and what comes behind that meanwhile. */
  *values(): Generator<T, void, undefined> {
    for (let at = 0; at < this.#pages.length; at += 1)
      for (let place = 0; place < (this.#pages[at]?.length ?? 0); place += 1) {
        const value = this.#pages[at]?.[place]
        if (value !== undefined) yield value
      }
  }

  /** Have nothing at any place. Pages that have grown old would keep alive what they had until the collector looks through what is old, too. */
  clear(): void {
    for (const page of this.#pages) page?.fill(undefined)
  }

  /** The page of a place, with room for it: the first one grows, as most lists are short. */
  #room(index: number): (T | undefined)[] {
    const at = index >> PAGE_BITS
    const page = this.#pages[at]
    const places = at > 0 ? PAGE : Math.min(Math.max((index & IN_PAGE) + 1, (page?.length ?? 0) * 2), PAGE)
    // with holes of its own V8 would make it a map
    const longer = new Array<T | undefined>(places)
    if (page !== undefined) for (let place = 0; place < page.length; place += 1) longer[place] = page[place]
    this.#pages[at] = longer
    return longer
  }
}
