import { AsyncLocalStorage } from 'node:async_hooks'
import {
  advance,
  type Batch,
  type Clock,
  currentRun,
  type EngineEvent,
  MACHINES,
  type Machines,
  neededRows,
  type Row,
  type RowReader,
  type Seat,
  type Step,
  type Store,
  toErrorData,
  UmbelError,
  WritesRefused,
} from '@umbel/core'
import { Ahead, type Committed, type RowOf } from './engine-ahead.ts'
import {
  type AddStarts,
  answerAll,
  answerEach,
  batchOf,
  type JudgeWrites,
  keptOf,
  refusalOf,
  refused,
  withPeeked,
  withStored,
} from './engine-batch.ts'
import { type Came, Incoming, oneOf, type Taken } from './engine-incoming.ts'
import { EngineRows } from './engine-rows.ts'
import { Turns } from './engine-turn.ts'
import type { Seats } from './seats.ts'
import { lateTurns, nextTurn, pause, systemClock } from './system.ts'

/** Most events taken in at once, where the store does not want fewer. */
const MAX_BATCH = 4_096

/** Facts for which there is room at first. */
const FIRST_ROOM = 4

/** Milliseconds until the store is tried again after it failed; doubled each time up to the longest. */
const FIRST_DELAY = 50
const LONGEST_DELAY = 5_000

/** Runs in the async context of the module's load: what follows from a fact is no part of the handler that happened to bring it. */
const outside = AsyncLocalStorage.snapshot()

/** What an engine works with. */
export interface EngineParts {
  readonly store: Store
  /** What follows once a batch is stored. `row`: a row as it stands after it. */
  readonly perform: (step: Step, row: RowOf) => void
  /** Told what went wrong where nobody waits for an answer. */
  readonly failed: (error: unknown) => void
  /** Told of each fact as it comes in. */
  readonly came?: (event: EngineEvent) => void
  readonly machines?: Machines
  /** Default: the system's. */
  readonly clock?: Clock
  /** Where it has its rows. Default: seats of its own. */
  readonly seats?: Seats<unknown>
  /** Adds to the facts that are about to be stored what can start at once. */
  readonly starts?: AddStarts
  /** Says what an outcome comes to whose writes were refused. Default: its task has failed. */
  readonly judge?: JudgeWrites
}

/**
 * The one door for facts: takes all that came in, has core's `advance` work out what they come to, stores rows and events
 * together, and only then has the commands carried out. One batch after another, so every actor sees its messages in order.
 */
export class Engine extends EngineRows {
  readonly #parts: EngineParts
  readonly #store: Store
  readonly #machines: Machines
  /** What has come in and is not being stored yet. */
  #came = new Incoming(FIRST_ROOM)
  /** Those of the batch that is being stored. */
  #storing: readonly EngineEvent[] = []
  #running: Promise<void> | undefined
  readonly #isLate: () => boolean
  readonly #turns = new Turns({
    advance: (events) => advance(withPeeked(this, this.#store, events), events, this.#machines),
    stored: (step) => this.#stored(step),
    failed: (error) => this.#fenced(error),
  })
  /** What is being stored. */
  #batch: Promise<unknown> | undefined
  #opening: Promise<unknown> | undefined
  readonly #ahead = new Ahead({
    follow: (batch, row) => this.#follow(batch, row),
    row: (id) => this.get(id),
    lost: (error) => this.#end(error),
    refuse: ({ came }, error) => this.#refuse(came, error),
  })
  #givenUp = false
  #refusal: unknown
  #lost: (error: UmbelError) => void = () => {}

  constructor(parts: EngineParts) {
    super(parts.seats)
    this.#parts = parts
    this.#store = parts.store
    this.#machines = parts.machines ?? MACHINES
    this.#isLate = lateTurns(parts.clock ?? systemClock)
  }

  /** Take nothing in before the store is open. When that fails, what came in is refused. */
  opening(open: Promise<void>): void {
    this.#opening = open.then(
      () => undefined,
      (error: unknown) => error,
    )
  }

  /** Resolve once the store is open; rejects where it cannot be. */
  async opened(): Promise<void> {
    const refusal = await this.#opening
    if (refusal !== undefined) throw refusal
  }

  /** Take in a fact. `taken` is called once it is stored and its commands are carried out. `seat`: of what it is about, where that is at hand. */
  accept(event: EngineEvent, taken?: Taken, seat?: Seat): void {
    this.#parts.came?.(event)
    if (this.#turns.open && this.#turns.gather(event, taken, seat)) return
    this.#came.add(event, taken, seat)
    this.#running ??= outside(() => this.#run())
  }

  /** Have something done between two batches: see `Between`. Rejects with what it throws. */
  turn<T>(act: (settle: () => Batch) => T): Promise<T> {
    const done = this.#turns.wait(act)
    this.#running ??= outside(() => this.#run())
    return done
  }

  /** Whether facts that come in are gathered for a turn that is going on. */
  get gathers(): boolean {
    return this.#turns.open
  }

  /** Take in a fact and wait until it is stored. */
  accepted(event: EngineEvent): Promise<void> {
    return new Promise((resolve, reject) => {
      this.accept(event, (error) => (error === undefined ? resolve() : reject(error)))
    })
  }

  /** Why the store did not take the last batch it was given; `undefined` where it did. */
  get refusal(): unknown {
    return this.#refusal
  }

  /** Whether facts have come in that are not stored yet. */
  get busy(): boolean {
    return this.#running !== undefined || this.#ahead.size > 0
  }

  /** Facts that came in and are not stored yet, in their order. */
  *arriving(): Generator<EngineEvent> {
    yield* this.#storing
    yield* this.#came.events()
  }

  /** Resolve once every fact that came in so far is stored, whatever comes in meanwhile. */
  async drained(): Promise<void> {
    if (this.#came.size === 0) {
      await this.#batch
      return this.#ahead.caughtUp
    }
    await new Promise<void>((resolve) => this.#came.whenLast(resolve))
  }

  /** Try no longer to store what the store has refused: the app ends. */
  giveUp(): void {
    this.#givenUp = true
  }

  /** Resolve once nothing is left to be stored. */
  async rested(): Promise<void> {
    while (this.busy) await (this.#running ?? this.#ahead.caughtUp)
  }

  /** Whether a row is of a batch that is not known to be safe yet: what it says is nobody's to know. */
  isAhead(row: Row): boolean {
    return this.#ahead.has(row)
  }

  /** Call back when the store has another owner by now: nothing can be stored any more. */
  whenLost(lost: (error: UmbelError) => void): void {
    this.#lost = lost
  }

  async #run(): Promise<void> {
    const refusal = await this.#opening // and what the same turn sends goes into one batch
    while (this.#came.size + this.#turns.size > 0) {
      if (this.#turns.size > 0) {
        await this.#ahead.caughtUp // what follows from a turn follows at once
        this.#turns.run(refusal ?? this.#ahead.unsafe)
        await nextTurn()
        continue
      }
      // handlers that never wait for anything, and threads that answer all the time, must not keep timers and sockets from their turn
      if (this.#isLate()) await nextTurn()
      const came = this.#next()
      const { starts } = this.#parts
      const all = refusal === undefined && starts ? starts(came, this.#ahead.onTheWay) : came
      this.#storing = all.events
      this.#batch = refusal === undefined ? this.#take(all) : Promise.resolve(answerAll(all, refusal))
      await this.#batch
    }
    this.#storing = []
    this.#batch = undefined
    this.#running = undefined
  }

  /** What is to be taken in next: all that came in, unless the store wants fewer at once. */
  #next(): Came {
    const came = this.#came.take(this.#store.mostEvents ?? MAX_BATCH)
    if (this.#came.size === 0) this.#came = new Incoming(came.events.length) // as a rule about as many come next
    return came
  }

  async #take(came: Came, delay = FIRST_DELAY): Promise<void> {
    if (this.#ahead.unsafe !== undefined) return answerAll(came, this.#ahead.unsafe)
    const { events, seats } = came
    let rows: RowReader = this
    let step: Step
    const needed = neededRows(this, events)
    if (needed.length > 0) {
      try {
        rows = await withStored(this, this.#store, needed)
      } catch (cause) {
        return this.#keep(came, cause, delay)
      }
    }
    try {
      step = advance(rows, events, this.#machines, seats)
    } catch (error) {
      if (events.length === 1) return this.#takeInstead(came, error)
      // one event that cannot be taken in must not take the others with it
      return this.#takeApart(came)
    }
    this.hold()
    try {
      await this.#store.commit(batchOf(step, events, delay > FIRST_DELAY))
      this.#refusal = undefined
    } catch (cause) {
      this.unset(step)
      if (cause instanceof WritesRefused) return this.#takeRefused(cause, came)
      return this.#keep(came, cause, delay)
    }
    this.setAll(step)
    this.#ahead.take({ step, came }, this.#store.safe?.())
  }

  /** What is stored may be gone when the power is: nothing can be built on it, and the app ends. The next owner finds what there is. */
  #end(error: UmbelError): void {
    this.#refusal = error
    if (this.#givenUp) return
    this.#givenUp = true
    this.#lost(error)
  }

  #follow({ step, came }: Committed, row: RowOf): void {
    this.#perform(step, row)
    if (step.answers.size === 0) answerAll(came, undefined)
    else answerEach(came, step)
  }

  #stored(step: Step): void {
    this.setAll(step)
    this.#perform(step, (id) => this.get(id))
  }

  #perform(step: Step, row: RowOf): void {
    try {
      this.#parts.perform(step, row)
    } catch (error) {
      this.#parts.failed(error)
    }
  }

  /** Take events one by one. */
  async #takeApart(came: Came): Promise<void> {
    for (const [index, event] of came.events.entries()) await this.#take(oneOf(came, index, event))
  }

  /** The store will not have what handlers wrote: their attempts have failed, and all else is taken in as it came. */
  #takeRefused(refusal: WritesRefused, came: Came): Promise<void> {
    const { errors } = refusal
    const { events } = came
    if (errors.size === 0) return events.length > 1 ? this.#takeApart(came) : this.#takeInstead(came, refusal)
    const instead = events.map((event) => refused(event, errors, this.task(event.id), this.#parts.judge))
    return this.#take({ ...came, events: instead })
  }

  /** A task of which something cannot be taken in has failed: else it, and all that waits for it, would never end. */
  async #takeInstead(came: Came, error: unknown): Promise<void> {
    const event = came.events[0] as EngineEvent
    const row = this.task(event.id)
    if (row === undefined || !('run' in event) || event.type === 'task-failed') return this.#refuse(came, error)
    this.#parts.failed(error)
    const failure = { ...currentRun(row), error: toErrorData(error), at: event.at }
    await this.#take(oneOf(came, 0, { type: 'task-failed', id: row.id, ...failure }))
  }

  /**
   * The store did not take a batch. What somebody sent is refused: the sender knows what to do. All else has happened already,
   * so it is kept and tried again, before anything that came in since, until the app gives up.
   */
  async #keep(came: Came, cause: unknown, delay: number): Promise<void> {
    this.#refusal = cause ?? 'it gave no reason'
    const error = refusalOf(cause, came.events.length)
    this.#fenced(error)
    this.#parts.failed(error)
    const kept = keptOf(came, error, this.#givenUp)
    if (kept.events.length === 0) return
    await pause(delay)
    await this.#take(kept, Math.min(delay * 2, LONGEST_DELAY))
  }

  /** The store has another owner by now. */
  #fenced(error: unknown): void {
    if (this.#givenUp || !(error instanceof UmbelError) || error.code !== 'UMBEL_STORE_FENCED') return
    this.#givenUp = true
    this.#lost(error)
  }

  #refuse(came: Came, error: unknown): void {
    this.#parts.failed(error)
    answerAll(came, error)
  }
}
