import type { Row, Seat } from '@umbel/core'
import { SteadyMap } from './steady-map.ts'

/** What is at hand about one id: its row, and its cell. */
interface OwnSeat<Cell> extends Seat {
  row: Row | undefined
  cell: Cell | undefined
}

/** Where an app has all that it has at hand about something, under its id: to look for it once costs less than to do so in a map of each kind. */
export class Seats<Cell> {
  readonly #seats = new SteadyMap<OwnSeat<Cell>>()

  get(id: string): OwnSeat<Cell> | undefined {
    return this.#seats.get(id)
  }

  /** The seat of an id, made where there is none. */
  take(id: string): OwnSeat<Cell> {
    let seat = this.#seats.get(id)
    if (seat === undefined) {
      seat = { row: undefined, next: undefined, cell: undefined }
      this.#seats.set(id, seat)
    }
    return seat
  }

  /** Something was taken from a seat: where nothing is left it is given up. */
  left(id: string, { row, cell }: OwnSeat<Cell>): void {
    if (row === undefined && cell === undefined) this.#seats.delete(id)
  }

  *rows(): Generator<Row, void, undefined> {
    for (const { row } of this.#seats.values()) if (row !== undefined) yield row
  }

  *cells(): Generator<Cell, void, undefined> {
    for (const { cell } of this.#seats.values()) if (cell !== undefined) yield cell
  }
}
