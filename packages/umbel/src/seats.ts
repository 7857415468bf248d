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
  /** Whether none is to be given up for now, and those that may have to be after that. */
  #held = false
  #empty: [string, OwnSeat<Cell>][] = []

  get(id: string): OwnSeat<Cell> | undefined {
    return this.#seats.get(id)
  }

  /** The seat of an id, made where there is none. */
  take(id: string): OwnSeat<Cell> {
    let seat = this.#seats.get(id)
    if (seat === undefined) seat = this.make(id)
    return seat
  }

  /** Make the seat of an id that has none. */
  make(id: string): OwnSeat<Cell> {
    const seat = { row: undefined, next: undefined, cell: undefined }
    this.#seats.set(id, seat)
    return seat
  }

  /** A seat that somebody was given who knows nothing of cells. */
  own(seat: Seat): OwnSeat<Cell> {
    return seat as OwnSeat<Cell>
  }

  /** Give up none until `free`, also where nothing is left in it: a step that is being stored goes by its seats. */
  hold(): void {
    this.#held = true
  }

  free(): void {
    this.#held = false
    if (this.#empty.length === 0) return
    for (const [id, seat] of this.#empty.splice(0)) this.left(id, seat)
  }

  /** Something was taken from a seat: where nothing is left it is given up. */
  left(id: string, seat: OwnSeat<Cell>): void {
    if (seat.row !== undefined || seat.cell !== undefined) return
    if (this.#held) this.#empty.push([id, seat])
    else this.#seats.delete(id)
  }

  *rows(): Generator<Row, void, undefined> {
    for (const { row } of this.#seats.values()) if (row !== undefined) yield row
  }

  *cells(): Generator<Cell, void, undefined> {
    for (const { cell } of this.#seats.values()) if (cell !== undefined) yield cell
  }
}
