import type { Row } from '@umbel/core'

/** Rows that were taken out of their turn before the list is made anew, at least. */
const MANY = 16_384

/** Places of a piece of the list, as a power of two. */
const PIECE_BITS = 10
const PIECE = 1 << PIECE_BITS

/** No place. */
const NOWHERE = -1

/**
 * Rows in the order in which they came, each in a place of its own. Most are taken out by whoever knows the place, or without anybody having asked for them,
 * so there is no index until somebody asks by id: a map of ids that change all the time is the dearest thing about a task on the main loop, a place in a
 * list next to nothing. The list is in pieces: at its end one is added and at its beginning one taken off, and nothing is copied.
 */
export class RowList<R extends Row> {
  #pieces: (R | undefined)[][] = []
  /** The first place of the first piece, and the one behind the last row. Places are counted on and on. */
  #first = 0
  #end = 0
  /** Place of the oldest that may be there still. */
  #oldest = 0
  /** Places from there on whose rows were taken out. */
  #empty = 0
  /** Places of the ids that are indexed: of all before `#indexed`, and of some that were taken out since. */
  #places = new Map<string, number>()
  #indexed = 0

  /** How many rows there are. */
  get size(): number {
    return this.#end - this.#oldest - this.#empty
  }

  /** Put a row behind the others, and tell in which place. */
  add(row: R): number {
    const place = this.#end
    if (place - this.#first === this.#pieces.length * PIECE) this.#pieces.push(new Array(PIECE))
    this.#put(place, row)
    this.#end += 1
    return place
  }

  get(id: string): R | undefined {
    return this.#at(this.placeOf(id))
  }

  /** The place of an id, where it has one. `known`: where it may be. What was in a place may be in another one later, or gone. */
  placeOf(id: string, known = NOWHERE): number {
    return this.#has(known, id) ? known : this.#search(id)
  }

  /** Put another row into a place that one is in. Gives that. */
  replace(place: number, row: R): R {
    const before = this.#at(place) as R
    this.#put(place, row)
    return before
  }

  /** Take out the row that is in a place. */
  take(place: number): R {
    const row = this.#clear(place)
    // the last place has a row: it is the newest there is
    for (; this.#end > this.#oldest && this.#at(this.#end - 1) === undefined; this.#end -= 1) this.#empty -= 1
    this.#indexed = Math.min(this.#indexed, this.#end)
    this.#tidy()
    return row
  }

  /** Take out the oldest row, unless it is the newest, too. */
  takeOldest(): R | undefined {
    if (this.size < 2) return undefined
    this.#skip()
    const row = this.#clear(this.#oldest)
    this.#tidy()
    return row
  }

  /** The rows there are now, the oldest first. */
  list(): R[] {
    return this.#pieces.flat().filter((row) => row !== undefined)
  }

  /** Begin behind what was taken out, and close up where that is most of the list. */
  #tidy(): void {
    this.#skip()
    for (; this.#oldest - this.#first >= PIECE; this.#first += PIECE) this.#pieces.shift()
    if (this.#empty > MANY && this.#empty * 2 > this.#end - this.#oldest) this.#closeUp()
  }

  #skip(): void {
    for (; this.#oldest < this.#end && this.#at(this.#oldest) === undefined; this.#oldest += 1) this.#empty -= 1
  }

  #pieceOf(place: number): (R | undefined)[] {
    return this.#pieces[(place - this.#first) >> PIECE_BITS] as (R | undefined)[]
  }

  #at(place: number): R | undefined {
    if (place < this.#oldest || place >= this.#end) return undefined
    return this.#pieceOf(place)[(place - this.#first) & (PIECE - 1)]
  }

  #has(place: number, id: string): boolean {
    return this.#at(place)?.id === id
  }

  #put(place: number, row: R | undefined): void {
    this.#pieceOf(place)[(place - this.#first) & (PIECE - 1)] = row
  }

  #clear(place: number): R {
    const row = this.#at(place) as R
    this.#put(place, undefined)
    this.#empty += 1
    return row
  }

  #search(id: string): number {
    // what was taken out since may outnumber what is there
    if (this.#places.size > MANY + 2 * this.size) this.#forgetPlaces()
    for (let place = Math.max(this.#indexed, this.#oldest); place < this.#end; place += 1) {
      const row = this.#at(place)
      if (row !== undefined) this.#places.set(row.id, place)
    }
    this.#indexed = this.#end
    const place = this.#places.get(id) ?? NOWHERE
    return this.#has(place, id) ? place : NOWHERE
  }

  #closeUp(): void {
    const rows = this.list()
    this.#pieces = []
    this.#first = this.#end = this.#oldest = this.#empty = 0
    this.#forgetPlaces()
    for (const row of rows) this.add(row)
  }

  #forgetPlaces(): void {
    this.#places = new Map()
    this.#indexed = 0
  }
}
