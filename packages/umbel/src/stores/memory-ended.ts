import type { ChartRow, TaskRow, WorkflowRow } from '@umbel/core'

/** A task outside of workflows, a workflow or a run: what is kept or dropped as a whole. */
export type RootRow = TaskRow | WorkflowRow | ChartRow

/** Rows that were dropped out of their turn before the list is made anew, at least. */
const MANY = 1_024

/** Places of a piece of the list, as a power of two. */
const PIECE_BITS = 10
const PIECE = 1 << PIECE_BITS

/**
 * Rows of what has ended, oldest first. Most are dropped without anybody having asked for them, so there is no index until somebody
 * asks: a map of 10,000 ids that change all the time is the dearest thing about a task on the main loop, a place in a list next to nothing.
 * The list is in pieces: at its end one is added and at its beginning one taken off, and nothing is copied.
 */
export class EndedRows {
  #pieces: (RootRow | undefined)[][] = []
  /** The first place of the first piece, and the one behind the last row. Places are counted on and on. */
  #first = 0
  #end = 0
  /** Place of the oldest that may be there still. */
  #oldest = 0
  /** Places from there on whose rows were dropped. */
  #empty = 0
  /** How many rows there are, the nodes of workflows included. */
  #rows = 0
  /** Places of the ids that are indexed: of all before `#indexed`, and of some that were dropped since. */
  #places = new Map<string, number>()
  #indexed = 0

  /** Put a row behind the others. */
  add(row: RootRow): void {
    if (this.#end - this.#first === this.#pieces.length * PIECE) this.#pieces.push(new Array(PIECE))
    this.#put(this.#end, row)
    this.#end += 1
    this.#rows += sizeOf(row)
  }

  get(id: string): RootRow | undefined {
    const place = this.#placeOf(id)
    return place === undefined ? undefined : this.#at(place)
  }

  /** Put another row in the place of the one of the same id; false where there is none. */
  replace(row: RootRow): boolean {
    const place = this.#placeOf(row.id)
    if (place === undefined) return false
    this.#rows += sizeOf(row) - sizeOf(this.#at(place) as RootRow)
    this.#put(place, row)
    return true
  }

  /** Take a row out. */
  drop(id: string): RootRow | undefined {
    const place = this.#placeOf(id)
    if (place === undefined) return undefined
    const row = this.#take(place)
    // the last place has a row, so that it is the newest that prune leaves
    for (; this.#end > this.#oldest && this.#at(this.#end - 1) === undefined; this.#end -= 1) this.#empty -= 1
    this.#indexed = Math.min(this.#indexed, this.#end)
    return row
  }

  /** Take the oldest out while there are more than `keep` rows, but never the newest there is, and call back with each. */
  prune(keep: number, dropped: (row: RootRow) => void): void {
    while (this.#rows > keep && this.#oldest < this.#end - 1) {
      const row = this.#take(this.#oldest)
      this.#oldest += 1
      this.#empty -= 1
      if (row !== undefined) dropped(row)
    }
    for (; this.#oldest - this.#first >= PIECE; this.#first += PIECE) this.#pieces.shift()
    if (this.#empty > MANY && this.#empty * 2 > this.#end - this.#oldest) this.#closeUp()
  }

  #pieceOf(place: number): (RootRow | undefined)[] {
    return this.#pieces[(place - this.#first) >> PIECE_BITS] as (RootRow | undefined)[]
  }

  #at(place: number): RootRow | undefined {
    return place < this.#oldest ? undefined : this.#pieceOf(place)[(place - this.#first) & (PIECE - 1)]
  }

  #put(place: number, row: RootRow | undefined): void {
    this.#pieceOf(place)[(place - this.#first) & (PIECE - 1)] = row
  }

  #take(place: number): RootRow | undefined {
    const row = this.#at(place)
    if (row === undefined) return undefined
    this.#put(place, undefined)
    this.#empty += 1
    this.#rows -= sizeOf(row)
    return row
  }

  #placeOf(id: string): number | undefined {
    // what was dropped since may outnumber what is there
    if (this.#places.size > MANY + 2 * (this.#end - this.#oldest - this.#empty)) this.#forgetPlaces()
    for (let place = Math.max(this.#indexed, this.#oldest); place < this.#end; place += 1) {
      const row = this.#at(place)
      if (row !== undefined) this.#places.set(row.id, place)
    }
    this.#indexed = this.#end
    const place = this.#places.get(id)
    return place !== undefined && this.#at(place)?.id === id ? place : undefined
  }

  #closeUp(): void {
    const rows = this.#pieces.flat().filter((row) => row !== undefined)
    this.#pieces = []
    this.#first = this.#end = this.#oldest = this.#empty = this.#rows = 0
    this.#forgetPlaces()
    for (const row of rows) this.add(row)
  }

  #forgetPlaces(): void {
    this.#places = new Map()
    this.#indexed = 0
  }
}

const sizeOf = (row: RootRow): number => (row.kind === 'workflow' ? row.plan.nodes.length + 1 : 1)
