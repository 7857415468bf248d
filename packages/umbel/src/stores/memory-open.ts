import type { Row, Seat } from '@umbel/core'
import { RowList } from './row-list.ts'

/**
 * Rows of what goes on, in the order in which it came. An app has each at hand in a seat, and the place here is noted in that: so a task comes and goes without
 * a look by its id. What is noted is looked at before it is believed, as another app may have noted it, of another store.
 */
export class OpenRows {
  readonly #list = new RowList<Row>()

  get(id: string): Row | undefined {
    return this.#list.get(id)
  }

  /** Put a row behind the others, or in the place of the one of the same id. */
  put(row: Row, seat?: Seat): void {
    const place = this.#placeOf(row, seat)
    if (place >= 0) this.#list.replace(place, row)
    else note(seat, this.#list.add(row))
  }

  /** Take out the row of an id. Tells whether there was one. */
  drop(id: string, seat?: Seat): boolean {
    const place = this.#list.placeOf(id, seat?.place)
    if (place < 0) return false
    this.#list.take(place)
    note(seat, undefined)
    return true
  }

  /** The rows there are now. */
  list(): Row[] {
    return this.#list.list()
  }

  #placeOf(row: Row, seat: Seat | undefined): number {
    // an app has the rows of all tasks that have not ended: one that it has none of is new
    if (seat !== undefined && seat.row === undefined && row.kind === 'task') return -1
    const place = this.#list.placeOf(row.id, seat?.place)
    note(seat, place)
    return place
  }
}

function note(seat: Seat | undefined, place: number | undefined): void {
  if (seat !== undefined) seat.place = place
}
