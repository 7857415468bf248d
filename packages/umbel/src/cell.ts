import type { Plan, ResultRow, TaskHeaders } from '@umbel/core'
import { headersOf, NO_HEADERS } from '@umbel/core/tasks'
import { OwnSeat } from './seats.ts'

/** What a watcher of one task or workflow is called with: its row after each change, the ended one included. */
export type Watcher = (row: ResultRow) => void

/** Resolves a promise. */
export type Resolve<R = unknown> = (value: R) => void

/** Rejects a promise. */
export type Reject = (reason: unknown) => void

/** Somebody who waits until nothing more will become of a cell: a promise that is given what it has come to, or who is called. */
export type Waiter = Resolve | { over(): void }

/** What all cells of an app have in common. */
export interface CellsOwner {
  /** Called when somebody begins to wait for a cell, where that has to be known. */
  readonly wanted?: (cell: Cell) => void
  /** Gives a promise what a cell that is over has come to. Default: handles do so. */
  readonly give?: Give
}

/** `reject`: the promise's call to reject it, where that is at hand. */
type Give = (cell: Cell, resolve: Resolve, reject?: Reject) => void

/** What few cells have. */
class Rare {
  refused: unknown = undefined
  checked: Promise<unknown> | undefined = undefined
  plan: Plan | undefined = undefined
  headers: TaskHeaders | undefined = undefined
  watchers: readonly Watcher[] | undefined = undefined
  waiters: (() => void)[] | undefined = undefined
  /** Those who wait for the end, in the order in which they came. */
  overs: Waiter[] | undefined = undefined
  wake: (() => void) | undefined = undefined
}

/** How far it has come, as bits. */
const PENDING = 1
const ACCEPTED = 2
const ENDED = 4

const NO_OWNER: CellsOwner = {}

/**
 * What is known here about one task or workflow that somebody holds a handle to. There is one for each task that waits, so it is small: it is the seat
 * of what was sent here, too, and has no private methods, for which V8 notes in each object that it has them.
 */
export class Cell extends OwnSeat<Cell> {
  readonly id: string
  /** The last row seen; the ended one stays, whatever the store drops. */
  seen: ResultRow | undefined
  #is = 0
  readonly #owner: CellsOwner
  /** Who waits for the end, as a rule nobody else; of few cells what they have besides. */
  #more: Waiter | Rare | undefined

  constructor(id: string, owner = NO_OWNER) {
    super()
    this.id = id
    this.#owner = owner
  }

  /** Why the send was not taken in. */
  get refused(): unknown {
    return rareOf(this.#more)?.refused
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
    return rareOf(this.#more)?.checked
  }

  set checked(checked: Promise<unknown>) {
    Cell.#rarely(this).checked = checked
  }

  /** What was sent here under its id, where that is a workflow. */
  get plan(): Plan | undefined {
    return rareOf(this.#more)?.plan
  }

  /** What is written on what was sent here. */
  get headers(): TaskHeaders | undefined {
    return rareOf(this.#more)?.headers
  }

  /** This was just sent under its id. */
  sent(plan: Plan): void {
    this.pending = true
    const headers = headersOf(plan)
    if (plan.nodes.length > 1) Cell.#rarely(this).plan = plan
    if (headers !== NO_HEADERS) Cell.#rarely(this).headers = headers
  }

  /** Whether somebody wants to know of each change. */
  get watched(): boolean {
    return (rareOf(this.#more)?.watchers?.length ?? 0) > 0
  }

  /** Whether somebody waits for what becomes of it. */
  get awaited(): boolean {
    const rare = rareOf(this.#more)
    if (rare === undefined) return this.#more !== undefined
    return this.watched || rare.overs !== undefined || (rare.waiters?.length ?? 0) > 0
  }

  /** Call back after each change. Returns how to stop that. */
  watch(watcher: Watcher): () => void {
    Cell.#awaken(this)
    const rare = Cell.#rarely(this)
    rare.watchers = [...(rare.watchers ?? []), watcher]
    this.#owner.wanted?.(this)
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
    Cell.#awaken(this)
    if (this.#more === undefined) this.#more = waiter
    else {
      const rare = Cell.#rarely(this)
      rare.overs ??= []
      rare.overs.push(waiter)
    }
    this.#owner.wanted?.(this)
  }

  /** Whether a promise can be given what it has come to, without its handle. */
  get gives(): boolean {
    return this.#owner.give !== undefined
  }

  /** Give a promise what it has come to, now or once it is over: where it `gives`. */
  giveTo(resolve: Resolve, reject: Reject): void {
    if (this.over) Cell.#give(this)(this, resolve, reject)
    else this.whenOver(resolve)
  }

  /** Call back once at the next step of its life: accepted, refused or ended. */
  wait(waiter: () => void): void {
    Cell.#awaken(this)
    const rare = Cell.#rarely(this)
    if (rare.waiters === undefined) rare.waiters = [waiter]
    else rare.waiters.push(waiter)
    this.#owner.wanted?.(this)
  }

  /** Do not call back one that waits. */
  forget(waiter: () => void): void {
    const rare = rareOf(this.#more)
    if (rare?.waiters !== undefined) rare.waiters = rare.waiters.filter((other) => other !== waiter)
  }

  changed(row: ResultRow): void {
    if (row === this.seen) return
    this.seen = row
    const watchers = rareOf(this.#more)?.watchers
    if (watchers !== undefined) for (const watcher of watchers) watcher(row)
  }

  /** Its send was stored, or was not. */
  answer(error: unknown): void {
    if (error === undefined) this.#is |= ACCEPTED
    else Cell.#rarely(this).refused = error
    Cell.#tell(this)
  }

  end(row: ResultRow): void {
    this.#is |= ENDED | ACCEPTED
    this.changed(row)
    const rare = rareOf(this.#more)
    if (rare !== undefined) rare.watchers = undefined
    Cell.#tell(this)
  }

  /** Hold its row no longer, and say so once somebody waits again. */
  rest(wake: () => void): void {
    this.seen = undefined
    Cell.#rarely(this).wake = wake
  }

  static #rarely(cell: Cell): Rare {
    const more = cell.#more
    if (more instanceof Rare) return more
    const rare = new Rare()
    if (more !== undefined) rare.overs = [more]
    cell.#more = rare
    return rare
  }

  static #awaken(cell: Cell): void {
    const rare = rareOf(cell.#more)
    if (rare?.wake === undefined) return
    rare.wake()
    rare.wake = undefined
  }

  static #tell(cell: Cell): void {
    const rare = rareOf(cell.#more)
    if (rare?.waiters !== undefined) {
      const { waiters } = rare
      rare.waiters = undefined
      for (const waiter of waiters) waiter()
    }
    if (!cell.over) return
    const more = cell.#more
    if (!(more instanceof Rare)) {
      cell.#more = undefined
      if (more !== undefined) Cell.#end(cell, more)
    } else if (more.overs !== undefined) {
      const { overs } = more
      more.overs = undefined
      for (const waiter of overs) Cell.#end(cell, waiter)
    }
  }

  static #end(cell: Cell, waiter: Waiter): void {
    if (typeof waiter === 'function') Cell.#give(cell)(cell, waiter)
    else waiter.over()
  }

  static #give(cell: Cell): Give {
    return cell.#owner.give as Give
  }
}

const rareOf = (more: Waiter | Rare | undefined): Rare | undefined => (more instanceof Rare ? more : undefined)
