import type { Encoded } from '../codec.ts'
import type { LetterChange, LetterRow } from '../dead-letter.ts'
import type { Effect } from '../effect.ts'
import type { ErrorData } from '../error-data.ts'
import type { EngineEvent } from '../event.ts'
import type { Row, Seat } from '../rows.ts'
import type { Inbox } from './inbox.ts'

/** Rows that changed and the events that changed them: stored together or not at all. */
export interface Batch {
  /** Each replaces the row of its id. */
  readonly rows: readonly Row[]
  /** Where each of them is at hand, in their order, with the row that it replaces, where the app has that. Not given with what is given again after a failure. */
  readonly seats?: readonly Seat[]
  readonly events: readonly EngineEvent[]
  /** What changes about the dead letters. */
  readonly letters?: readonly LetterChange[]
  /** What handlers have done once: kept with the rows of their tasks. The first under a name stands. */
  readonly effects?: readonly Effect[]
  /** What handlers wrote to tables of the user's, in the order of their outcomes. Given to stores that take writes. */
  readonly writes?: readonly TaskWrites[]
}

/** What the handler of a task wrote to tables of the user's. */
export interface TaskWrites {
  /** Id of the task. */
  readonly id: string
  /** Encoded list of `[sql, params]`. */
  readonly writes: Encoded
}

/** A store's refusal of what handlers wrote. Nothing of the batch is stored; it is given again with those tasks failed. */
export class WritesRefused extends Error {
  /** What is wrong, by the task's id. Empty where it shows only in all writes together: then they are given one by one. */
  readonly errors: ReadonlyMap<string, ErrorData>

  constructor(errors: ReadonlyMap<string, ErrorData>) {
    super(`The writes of ${errors.size} tasks were refused.`)
    this.errors = errors
  }
}

/** An event as it stands in the log. */
export interface StoredEvent {
  /** Place in the log, from 1 without gaps. */
  readonly seq: number
  /** Version of the event's shape. */
  readonly version: number
  readonly event: EngineEvent
}

/** Has something synchronous done between two batches. `settle` gives what was sent within `act`, for it to be stored with the rest. */
export type Between = <T>(act: (settle: () => Batch) => T) => Promise<T>

/**
 * Where rows and events are kept. The first thing a new store does is to pass the conformance suite.
 * All is asynchronous, so that a writer thread or a server can stand behind it.
 */
export interface Store {
  /** The most events it is given in one batch, where storing them keeps the main loop busy. Default 4,096. */
  readonly mostEvents?: number
  /** Whether handlers can write to tables of the user's in it: see `Batch.writes`. Default false. */
  readonly takesWrites?: boolean
  /** Where other processes leave what they send, where the store has such a place. */
  readonly inbox?: Inbox
  /** Told by the app that it belongs to how a transaction of the user's own takes its turn among the batches, where it has such. */
  connect?(between: Between): void
  /** Make ready. Called once, before anything else. */
  open(): Promise<void>
  /**
   * Store a batch whole or reject; resolves with the number of its last event once the next one may build on it: as safe as the store
   * makes it, unless `safe` says otherwise.
   * @throws WritesRefused where writes of handlers are at fault
   */
  commit(batch: Batch): Promise<number>
  /**
   * Resolves once all that was committed so far is as safe as the store makes it; `undefined` where it is. Until then nothing follows from it
   * but the next batch. Rejects where that cannot be known any more: nothing can be stored from then on. Default: it always is.
   */
  safe?(): Promise<void> | undefined
  /** One row, or `undefined` when it is unknown or was dropped by retention. */
  get(id: string): Promise<Row | undefined>
  /** The same at once, where the store can: what the getters of handles show of things that ended before somebody asked. */
  peek?(id: string): Row | undefined
  /** Keep nothing of a row in memory for now: it is read again once it is asked for. Of a store that keeps rows elsewhere. */
  rest?(id: string): void
  /** Ids of what a task or workflow started, oldest first: see `parentOf`. */
  children(id: string): Promise<readonly string[]>
  /**
   * All rows of tasks and workflows that have not ended, and the rows of workflows that have not: what recovery starts from.
   * No streams: a cursor is no work, it is read by its id once somebody goes on with the stream.
   */
  unfinished(): AsyncIterable<Row>
  /** Events from number `from` on, at most `limit`, in order. Older ones may have been dropped. */
  events(from: number, limit: number): Promise<readonly StoredEvent[]>
  /** What an effect of a task came to, where it is recorded and the task's row was not dropped. */
  effect(task: string, name: string): Promise<Encoded | undefined>
  /** The dead letter of a task, where there is one. */
  letter(id: string): Promise<LetterRow | undefined>
  /** Dead letters in the order of their ids, at most `limit`, from behind the id `after` on. Retention has a bound of its own for them. */
  letters(after: string, limit: number): Promise<readonly LetterRow[]>
  /**
   * Drop the rows of something that has ended, its nodes included. Unknown ids and what has not ended stay as they are.
   * The row of a stream goes this way alone: it never ends, and retention leaves it.
   */
  drop(id: string): Promise<void>
  /** Release everything. Idempotent. */
  close(): Promise<void>
}
