import type { Row, Seat } from '@umbel/core'
import { NodeSeats } from './node-seats.ts'
import { GONE, SeatList, UNLISTED } from './seat-list.ts'
import { SteadyMap } from './steady-map.ts'

/** What is at hand about one id: its row, and its cell. By a class: of what a literal makes V8 may come to think that all of it grows old. */
export class OwnSeat<Cell> implements Seat {
  row: Row | undefined = undefined
  next: Row | undefined = undefined
  place: number | undefined = undefined
  cell: Cell | undefined = undefined
  /** Where it stands in the list of those whose ids were made here. */
  at: number = UNLISTED
}

/** Where an app has all that it has at hand about something, under its id: to look for it once costs less than to do so in a map of each kind. */
export class Seats<Cell> {
  /** Those of all but the nodes of workflows, and but for what is in the list. */
  readonly #seats = new SteadyMap<OwnSeat<Cell>>()
  /** Those of ids that were made here a moment ago, in the order in which they were. */
  readonly #list = new SeatList<OwnSeat<Cell>>(this.#seats)
  readonly #nodes = new NodeSeats<OwnSeat<Cell>>()
  /** Whether none is to be given up for now; those that may have to be after that, and workflows of whose nodes some may. */
  #held = false
  #empty: [string, OwnSeat<Cell>][] = []
  #emptied: string[] = []

  get(id: string): OwnSeat<Cell> | undefined {
    if (!this.#nodes.isEmpty && this.#nodes.reads(id)) return this.#nodes.get(id)
    return this.#list.get(id) ?? this.#seats.get(id)
  }

  /** The seat of a node of a workflow, found without its id. */
  node(workflow: string, node: number): OwnSeat<Cell> | undefined {
    return this.#nodes.of(workflow, node)
  }

  /** The seat of an id, made where there is none. */
  take(id: string): OwnSeat<Cell> {
    let seat = this.get(id)
    if (seat === undefined) seat = this.make(id)
    return seat
  }

  /** Make the seat of an id that has none. */
  make(id: string): OwnSeat<Cell> {
    const seat = new OwnSeat<Cell>()
    if (this.#nodes.reads(id)) this.#nodes.put(id, seat)
    else this.#seats.add(id, seat)
    return seat
  }

  /** Take in the seat of an id that was made here and has never been used. */
  addNew(id: string, seat: OwnSeat<Cell>): void {
    if (!this.#list.add(id, seat)) this.#seats.add(id, seat) // it has waited until it was sent
  }

  /** Whether a seat is still that of its id: one that was given up is empty, and nobody fills it any more. */
  keeps(seat: Seat): boolean {
    return !isEmpty(this.own(seat))
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
    if (this.#empty.length > 0) for (const [id, seat] of this.#empty.splice(0)) this.left(id, seat)
    if (this.#emptied.length > 0) for (const workflow of this.#emptied.splice(0)) this.#nodes.sweep(workflow, isEmpty)
  }

  /** Something was taken from a seat: where nothing is left it is given up. */
  left(id: string, seat: OwnSeat<Cell>): void {
    if (!isEmpty(seat)) return
    if (this.#held) this.#empty.push([id, seat])
    else if (seat.at >= 0) this.#list.delete(seat)
    else if (seat.at === GONE)
      return // by now its id may have another one
    else if (this.#nodes.reads(id)) this.#nodes.delete(id)
    else this.#seats.delete(id)
  }

  /** Take the rows from the seats of all nodes of a workflow. */
  dropNodes(workflow: string): void {
    this.#nodes.eachOf(workflow, leaveRow)
    if (this.#held) this.#emptied.push(workflow)
    else this.#nodes.sweep(workflow, isEmpty)
  }

  *rows(): Generator<Row, void, undefined> {
    for (const { row } of this.#all()) if (row !== undefined) yield row
  }

  *cells(): Generator<Cell, void, undefined> {
    for (const { cell } of this.#all()) if (cell !== undefined) yield cell
  }

  /** What is given up in the list and had again stands in the map: so it is seen at least once. */
  #all(): Generator<OwnSeat<Cell>, void, undefined> {
    return this.#list.values(this.#seats.values(), this.#nodes.values())
  }
}

function leaveRow(seat: OwnSeat<unknown>): void {
  seat.row = undefined
}

const isEmpty = (seat: OwnSeat<unknown>): boolean => seat.row === undefined && seat.cell === undefined
