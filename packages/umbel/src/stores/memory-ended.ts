import type { ChartRow, TaskRow, WorkflowRow } from '@umbel/core'

/** A task outside of workflows, a workflow or a run: what is kept or dropped as a whole. */
export type RootRow = TaskRow | WorkflowRow | ChartRow

/** Rows that were dropped before the list is made anew, at least. */
const MANY = 1_024

/**
 * Rows of what has ended, oldest first. Most are dropped without anybody having asked for them, so there is no index until somebody
 * asks: a map of 10,000 ids that change all the time is the dearest thing about a task on the main loop, a place in a list next to nothing.
 */
export class EndedRows {
  #list: (RootRow | undefined)[] = []
  /** Place of the oldest that may be there still. */
  #oldest = 0
  /** Places whose rows were dropped. */
  #empty = 0
  /** How many rows there are, the nodes of workflows included. */
  #rows = 0
  /** Places of the ids that are indexed: of all before `#indexed`, and of some that were dropped since. */
  #places = new Map<string, number>()
  #indexed = 0

  /** Put a row behind the others. */
  add(row: RootRow): void {
    this.#list.push(row)
    this.#rows += sizeOf(row)
  }

  get(id: string): RootRow | undefined {
    const place = this.#placeOf(id)
    return place === undefined ? undefined : this.#list[place]
  }

  /** Put another row in the place of the one of the same id; false where there is none. */
  replace(row: RootRow): boolean {
    const place = this.#placeOf(row.id)
    if (place === undefined) return false
    this.#rows += sizeOf(row) - sizeOf(this.#list[place] as RootRow)
    this.#list[place] = row
    return true
  }

  /** Take a row out. */
  drop(id: string): RootRow | undefined {
    const place = this.#placeOf(id)
    return place === undefined ? undefined : this.#take(place)
  }

  /** Take the oldest out while there are more than `keep` rows, but never the newest, and call back with each. */
  prune(keep: number, dropped: (row: RootRow) => void): void {
    for (; this.#rows > keep && this.#oldest < this.#list.length - 1; this.#oldest += 1) {
      const row = this.#take(this.#oldest)
      if (row !== undefined) dropped(row)
    }
    if (this.#empty > MANY && this.#empty * 2 > this.#list.length) this.#closeUp()
  }

  #take(place: number): RootRow | undefined {
    const row = this.#list[place]
    if (row === undefined) return undefined
    this.#list[place] = undefined
    this.#empty += 1
    this.#rows -= sizeOf(row)
    return row
  }

  #placeOf(id: string): number | undefined {
    // what was dropped since may outnumber what is there
    if (this.#places.size > MANY + 2 * (this.#list.length - this.#empty)) this.#forgetPlaces()
    for (let place = Math.max(this.#indexed, this.#oldest); place < this.#list.length; place += 1) {
      const row = this.#list[place]
      if (row !== undefined) this.#places.set(row.id, place)
    }
    this.#indexed = this.#list.length
    const place = this.#places.get(id)
    return place !== undefined && this.#list[place]?.id === id ? place : undefined
  }

  #closeUp(): void {
    this.#list = this.#list.filter((row) => row !== undefined)
    this.#oldest = this.#empty = 0
    this.#forgetPlaces()
  }

  #forgetPlaces(): void {
    this.#places = new Map()
    this.#indexed = 0
  }
}

const sizeOf = (row: RootRow): number => (row.kind === 'workflow' ? row.plan.nodes.length + 1 : 1)
