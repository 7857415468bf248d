import type { ResultRow, Row, Seat } from '@umbel/core'
import { isResultRow } from '@umbel/core/tasks'
import { Cell, type CellsOwner } from './cell.ts'
import type { OwnSeat, Seats } from './seats.ts'

export interface ResultsOptions extends CellsOwner {
  /** Whether an id that is made was never made before: as they are but by a clock and chance of the user's, with a store that was kept. Default false. */
  readonly idsAreNew?: boolean
}

/** The cells of what has not ended, by id. A cell leaves when it ends; the handles that hold it keep it. */
export class Results {
  readonly #seats: Seats<Cell>
  readonly #owner: CellsOwner
  readonly #idsAreNew: boolean
  /** Those of what sleeps, as long as somebody has a handle. */
  readonly #resting = new Map<string, WeakRef<Cell>>()
  readonly #gone = new FinalizationRegistry<string>((id) => {
    if (this.#resting.get(id)?.deref() === undefined) this.#resting.delete(id)
  })
  /** Why nothing will ever end here any more. */
  #refusal: unknown

  constructor(seats: Seats<Cell>, { idsAreNew = false, ...owner }: ResultsOptions = {}) {
    this.#seats = seats
    this.#owner = owner
    this.#idsAreNew = idsAreNew
  }

  /** The cell of an id, made when there is none. */
  cell(id: string): Cell {
    return this.find(id) ?? this.#cellIn(this.#seats.take(id), id)
  }

  /** The cell of an id that was just made, which is its seat, too; `undefined` where something is at hand under that id. */
  fresh(id: string): Cell | undefined {
    if (!this.#idsAreNew && this.#seats.get(id) !== undefined) return undefined
    const cell = new Cell(id, this.#owner)
    this.#seats.addNew(id, cell)
    this.#put(cell, cell)
    return cell
  }

  /** A seat with the cell of an id that was just made. */
  seat(id: string): OwnSeat<Cell> {
    const fresh = this.fresh(id)
    if (fresh !== undefined) return fresh
    const seat = this.#seats.take(id)
    this.#cellIn(seat, id)
    return seat
  }

  #cellIn(seat: OwnSeat<Cell>, id: string): Cell {
    const cell = new Cell(id, this.#owner)
    this.#put(seat, cell)
    return cell
  }

  #put(seat: OwnSeat<Cell>, cell: Cell): void {
    seat.cell = cell
    if (this.#refusal !== undefined) cell.answer(this.#refusal)
  }

  /** The cell of an id, where there is one. */
  find(id: string): Cell | undefined {
    return this.#at(id) ?? this.#restingAt(id)
  }

  /** Something sleeps: whoever has a handle of it keeps its cell, and nobody else. */
  rest(id: string): void {
    const cell = this.#at(id)
    if (cell === undefined || cell.awaited) return
    this.#leave(id)
    this.#resting.set(id, new WeakRef(cell))
    this.#gone.register(cell, id)
    cell.rest(() => {
      this.#resting.delete(id)
      this.#seats.take(id).cell = cell
    })
  }

  /** What is on its way under an id of a caller's choice: see `Cell.checked`. */
  checks(): Promise<unknown>[] {
    return [...this.#seats.cells()].flatMap(({ checked }) => (checked === undefined ? [] : [checked]))
  }

  /** `seat`: where the row is at hand, where that is known. */
  changed(row: Row, seat?: Seat): void {
    if (!isResultRow(row)) return
    const cell = seat?.row === undefined ? this.#at(row.id) : this.#seats.own(seat).cell
    cell?.changed(row)
  }

  /** `known`: where the row is at hand, where that is known. */
  ended(row: ResultRow, known?: Seat): void {
    const seat = known === undefined ? this.#seats.get(row.id) : this.#seats.own(known)
    const cell = seat?.cell ?? this.#restingAt(row.id)
    if (cell === undefined) return
    this.#drop(row.id, seat)
    cell.end(row)
  }

  /** Whether somebody waits for an id that has not ended. */
  waitsFor(id: string): boolean {
    return this.#at(id) !== undefined
  }

  /** Have a cell that was let go before. */
  keep(cell: Cell): void {
    this.#seats.take(cell.id).cell ??= cell
    if (this.#refusal !== undefined) cell.answer(this.#refusal)
  }

  drop(id: string): void {
    this.#drop(id)
  }

  /** Refuse all that is waited for and has not ended, from now on: the app has stopped. */
  refuseAll(error: unknown): void {
    this.#refusal = error
    const resting = Array.from(this.#resting.values(), (one) => one.deref())
    const cells = [...this.#seats.cells()]
    for (const cell of [...cells, ...resting]) if (cell?.ended === false) cell.answer(error)
    for (const { id } of cells) this.#leave(id)
  }

  #at(id: string): Cell | undefined {
    return this.#seats.get(id)?.cell
  }

  #restingAt(id: string): Cell | undefined {
    return this.#resting.size === 0 ? undefined : this.#resting.get(id)?.deref()
  }

  #drop(id: string, seat = this.#seats.get(id)): void {
    this.#leave(id, seat)
    if (this.#resting.size > 0) this.#resting.delete(id)
  }

  #leave(id: string, seat = this.#seats.get(id)): void {
    if (seat === undefined) return
    seat.cell = undefined
    this.#seats.left(id, seat)
  }
}
