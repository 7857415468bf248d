import type { Plan, ResultRow, Row, Seat, TaskHeaders } from '@umbel/core'
import { headersOf, isResultRow, NO_HEADERS } from '@umbel/core/tasks'
import type { OwnSeat, Seats } from './seats.ts'

/** What a watcher of one task or workflow is called with: its row after each change, the ended one included. */
export type Watcher = (row: ResultRow) => void

/** Somebody who waits until nothing more will become of a cell. */
export interface Waiter {
  over(): void
}

/** Called when somebody begins to wait for a cell, where that has to be known. */
export type Wanted = (cell: Cell) => void

/** What few cells have. */
interface Rare {
  checked?: Promise<unknown>
  plan?: Plan
  headers?: TaskHeaders
  watchers?: readonly Watcher[] | undefined
  waiters?: (() => void)[] | undefined
  /** Those who came behind the first that waits for the end. */
  overs?: Waiter[] | undefined
  wake?: (() => void) | undefined
}

/** How far it has come, as bits. */
const PENDING = 1
const ACCEPTED = 2
const ENDED = 4

/** What is known here about one task or workflow that somebody holds a handle to. There is one for each task that waits, so it is small. */
export class Cell {
  readonly id: string
  /** The last row seen; the ended one stays, whatever the store drops. */
  row: ResultRow | undefined
  /** Why the send was not taken in. */
  refused: unknown
  #is = 0
  readonly #wanted: Wanted | undefined
  /** As a rule nobody else waits for the end. */
  #over: Waiter | undefined
  #rare: Rare | undefined

  constructor(id: string, wanted?: Wanted) {
    this.id = id
    this.#wanted = wanted
  }

  /** It was just sent: nothing need be stored under its id yet. */
  get pending(): boolean {
    return (this.#is & PENDING) !== 0
  }

  set pending(is: boolean) {
    this.#is = is ? this.#is | PENDING : this.#is & ~PENDING
  }

  get accepted(): boolean {
    return (this.#is & ACCEPTED) !== 0
  }

  get ended(): boolean {
    return (this.#is & ENDED) !== 0
  }

  /** Resolves once an id of the caller's choice is known to be new and the send is on its way. */
  get checked(): Promise<unknown> | undefined {
    return this.#rare?.checked
  }

  set checked(checked: Promise<unknown>) {
    this.#rarely.checked = checked
  }

  /** What was sent here under its id, where that is a workflow. */
  get plan(): Plan | undefined {
    return this.#rare?.plan
  }

  /** What is written on what was sent here. */
  get headers(): TaskHeaders | undefined {
    return this.#rare?.headers
  }

  /** This was just sent under its id. */
  sent(plan: Plan): void {
    this.pending = true
    const headers = headersOf(plan)
    if (plan.nodes.length > 1) this.#rarely.plan = plan
    if (headers !== NO_HEADERS) this.#rarely.headers = headers
  }

  get #rarely(): Rare {
    this.#rare ??= {}
    return this.#rare
  }

  /** Whether somebody wants to know of each change. */
  get watched(): boolean {
    return (this.#rare?.watchers?.length ?? 0) > 0
  }

  /** Whether somebody waits for what becomes of it. */
  get awaited(): boolean {
    return this.watched || this.#over !== undefined || (this.#rare?.waiters?.length ?? 0) > 0
  }

  /** Call back after each change. Returns how to stop that. */
  watch(watcher: Watcher): () => void {
    this.#awaken()
    const rare = this.#rarely
    rare.watchers = [...(rare.watchers ?? []), watcher]
    this.#wanted?.(this)
    return () => {
      rare.watchers = rare.watchers?.filter((other) => other !== watcher)
    }
  }

  /** Whether nothing more will become of it: it was refused or has ended. */
  get over(): boolean {
    return this.ended || this.refused !== undefined
  }

  /** Call back once it is over. */
  whenOver(waiter: Waiter): void {
    this.#awaken()
    if (this.#over === undefined) this.#over = waiter
    else {
      this.#rarely.overs ??= []
      this.#rarely.overs.push(waiter)
    }
    this.#wanted?.(this)
  }

  /** Call back once at the next step of its life: accepted, refused or ended. */
  wait(waiter: () => void): void {
    this.#awaken()
    const rare = this.#rarely
    if (rare.waiters === undefined) rare.waiters = [waiter]
    else rare.waiters.push(waiter)
    this.#wanted?.(this)
  }

  /** Do not call back one that waits. */
  forget(waiter: () => void): void {
    if (this.#rare?.waiters !== undefined) this.#rare.waiters = this.#rare.waiters.filter((other) => other !== waiter)
  }

  changed(row: ResultRow): void {
    if (row === this.row) return
    this.row = row
    const watchers = this.#rare?.watchers
    if (watchers !== undefined) for (const watcher of watchers) watcher(row)
  }

  /** Its send was stored, or was not. */
  answer(error: unknown): void {
    if (error === undefined) this.#is |= ACCEPTED
    else this.refused = error
    this.#tell()
  }

  end(row: ResultRow): void {
    this.#is |= ENDED | ACCEPTED
    this.changed(row)
    if (this.#rare !== undefined) this.#rare.watchers = undefined
    this.#tell()
  }

  /** Hold its row no longer, and say so once somebody waits again. */
  rest(wake: () => void): void {
    this.row = undefined
    this.#rarely.wake = wake
  }

  #awaken(): void {
    const wake = this.#rare?.wake
    if (wake === undefined) return
    wake()
    this.#rarely.wake = undefined
  }

  #tell(): void {
    const waiters = this.#rare?.waiters
    if (waiters !== undefined) {
      this.#rarely.waiters = undefined
      for (const waiter of waiters) waiter()
    }
    if (!this.over || this.#over === undefined) return
    const first = this.#over
    const others = this.#rare?.overs
    this.#over = undefined
    if (others !== undefined) this.#rarely.overs = undefined
    first.over()
    if (others !== undefined) for (const other of others) other.over()
  }
}

export interface ResultsOptions {
  readonly wanted?: Wanted
  /** Whether an id that is made was never made before: as they are but by a clock and chance of the user's, with a store that was kept. Default false. */
  readonly idsAreNew?: boolean
}

/** The cells of what has not ended, by id. A cell leaves when it ends; the handles that hold it keep it. */
export class Results {
  readonly #seats: Seats<Cell>
  readonly #wanted: Wanted | undefined
  readonly #idsAreNew: boolean
  /** Those of what sleeps, as long as somebody has a handle. */
  readonly #resting = new Map<string, WeakRef<Cell>>()
  readonly #gone = new FinalizationRegistry<string>((id) => {
    if (this.#resting.get(id)?.deref() === undefined) this.#resting.delete(id)
  })
  /** Why nothing will ever end here any more. */
  #refusal: unknown

  constructor(seats: Seats<Cell>, { wanted, idsAreNew = false }: ResultsOptions = {}) {
    this.#seats = seats
    this.#wanted = wanted
    this.#idsAreNew = idsAreNew
  }

  /** The cell of an id, made when there is none. */
  cell(id: string): Cell {
    return this.find(id) ?? this.#cellIn(this.#seats.take(id), id)
  }

  /** A seat with the cell of an id that was just made. */
  seat(id: string): OwnSeat<Cell> {
    const seat = this.#idsAreNew ? this.#seats.makeNew(id) : this.#seats.take(id)
    this.#cellIn(seat, id)
    return seat
  }

  #cellIn(seat: OwnSeat<Cell>, id: string): Cell {
    const cell = new Cell(id, this.#wanted)
    seat.cell = cell
    if (this.#refusal !== undefined) cell.answer(this.#refusal)
    return cell
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
