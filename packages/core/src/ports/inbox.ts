import type { Encoded } from '../codec.ts'
import type { ErrorData } from '../error-data.ts'
import type { CanvasSent, ChartStarted, EngineEvent } from '../event.ts'
import type { Row } from '../rows.ts'

/** What a sender asks of the owner: a method by its name, and its arguments. */
export interface Request {
  /** Such as `control.pause`. */
  readonly name: string
  /** Encoded list of the arguments. */
  readonly args: Encoded
}

/** What the owner answers: an encoded value, or why there is none. */
export type Reply = { readonly value: Encoded } | { readonly error: ErrorData }

/** What a sender leaves for the owner: a fact, or a request with an id for its answer. */
export type Entry =
  | { readonly kind: 'event'; readonly event: EngineEvent }
  | { readonly kind: 'request'; readonly id: string; readonly request: Request }

/** An entry as the owner finds it. */
export type FoundEntry = Entry & {
  /** Place in the inbox: entries of one sender stand in the order in which it left them. */
  readonly n: number
}

/**
 * What the owner of a store has of its senders. An event that was taken from here leaves it in the transaction of the batch that it
 * is stored with: a process that dies at any moment has it either here or in the log, never in both and never in neither.
 */
export interface Inbox {
  /** Call back when there may be something, soon after it came. Returns how to stop that. */
  watch(look: () => void): () => void
  /** Take what has come since it was asked last, oldest first, at most so many. What cannot be read is answered and left out. */
  take(limit: number): readonly FoundEntry[]
  /** Leave an event that was taken where it is, and keep nothing of it in memory: it is taken again by its number. */
  putBack(entry: FoundEntry): void
  /** Take an event that was put back; `undefined` where it is there no more. */
  takeAgain(n: number): FoundEntry | undefined
  /** Reply a request, or say why an event cannot be taken in: the entry leaves with that. */
  answer(entry: FoundEntry, answer: Reply): void
  /** Take out an event that cannot be taken in, where nobody waits for an answer. */
  drop(entry: FoundEntry): void
  /** Give all again that was taken and is still here. */
  rewind(): void
}

/** How something stands that was sent, as a sender sees it. */
export type Standing =
  /** It is in the inbox. */
  | { readonly at: 'inbox'; readonly event: CanvasSent | ChartStarted }
  | { readonly at: 'rows'; readonly row: Row }
  /** The owner could not take it in. */
  | { readonly at: 'refused'; readonly error: ErrorData }
  | { readonly at: 'nowhere' }

/** Who owns a store. */
export interface Owner {
  readonly pid: number
  readonly host: string
}

/** A store that another process owns, as a sender has it: it leaves entries in the inbox, and reads. */
export interface SenderStore {
  readonly as: 'sender'
  /** Name for messages. */
  readonly file: string
  /** Make ready. Called once, before anything else. */
  open(): Promise<void>
  /**
   * Leave entries in the inbox, all or none, in their order. An event that sends something is refused under an id that is in use, one that starts a run
   * where something else has it.
   * Rejects with UMBEL_INBOX_FULL, UMBEL_DUPLICATE_ID, UMBEL_STORE_BUSY or the error of the store.
   */
  put(entries: readonly Entry[]): Promise<void>
  /** How what was sent under an id stands. */
  standing(id: string): Standing
  /** Ids of what a task or workflow started, oldest first. */
  children(id: string): readonly string[]
  /** Which of these ids need a look: those that have ended, are joins, or are not known. */
  noteworthy(ids: readonly string[]): readonly string[]
  /** Whether anybody has written anything since it was asked last. */
  changed(): boolean
  /** The answer to a request; `undefined` while there is none. */
  answer(id: string): Reply | undefined
  /** Take a request back, so that nobody answers it any more. */
  withdraw(id: string): void
  /** Who owns the store, as far as can be told; `undefined` where nobody does. */
  owner(): Owner | undefined
  /** Release everything. Idempotent. */
  close(): Promise<void>
}
