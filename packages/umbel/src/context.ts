import type { Duration, Place, TaskHeaders } from '@umbel/core'
import type { AnySignature, HandleOf } from './any-signature.ts'
import type { SendOptions } from './workflows/run-event.ts'

/** Keyword arguments of a task that declares no schema: whatever came. */
export type AnyKeywords = Readonly<Record<string, unknown>>

/** What the compiler shows when a handler sets a state in a task that declares none. */
export interface NoStatesDeclared {
  readonly error: 'this task declares no states of its own: add `states: [...]` to its options'
}

/** Why and when `ctx.retry` wants a new attempt. */
export interface RetryRequest {
  /** What went wrong; thrown to those who wait once the retries are used up. */
  readonly error?: unknown
  /** Wait before the next attempt. Default: the task's backoff. */
  readonly countdown?: Duration
  /** Most retries of this task. Default: the task's `retry.max`. */
  readonly max?: number
}

/** What a handler writes to: lines that become signals and carry the task's name and id. */
export interface TaskLog {
  debug(message: string, fields?: object): void
  info(message: string, fields?: object): void
  warn(message: string, fields?: object): void
  error(message: string, fields?: object): void
}

/** What SQLite binds. */
export type WriteValue = string | number | bigint | Uint8Array | null

/** What is bound to a statement: values in the order of its `?`, or by the names of its parameters. */
export type WriteParams = readonly WriteValue[] | Readonly<Record<string, WriteValue>>

/**
 * What a handler knows about its attempt and can do: its first parameter.
 * `States` are the states of its own it may set, `Keywords` its keyword arguments.
 */
export interface TaskContext<States extends string = never, Keywords = AnyKeywords> {
  /** Id of the task; the same in all its attempts. */
  readonly id: string
  /** 1 for the first attempt. */
  readonly attempt: number
  /** Aborted when the task is revoked, its time is over or its worker stops. */
  readonly signal: AbortSignal
  readonly kwargs: Keywords
  /** Id of what sent this task or came before it. */
  readonly parent: string | undefined
  /** Id of the first task or workflow of the tree this belongs to. */
  readonly root: string
  /** Where in its canvas it stands; `undefined` unless its task has the option `place`. */
  readonly place: Place | undefined
  /** What is written on it: see `Signature.stamp`. What it sends or is replaced by has them too, unless it says otherwise. */
  readonly headers: TaskHeaders
  /**
   * Show a state of the task's own, with whatever belongs to it.
   * @throws UMBEL_UNKNOWN_STATE when it is not among the task's `states`.
   */
  setState(state: [States] extends [never] ? NoStatesDeclared : States, meta?: object): void
  /** Show how far it has come. */
  progress(done: number, total: number): void
  /** End this attempt and ask for a new one. @throws always; once retries are used up, the given error. */
  retry(request?: RetryRequest): never
  /** Send what becomes a child of this task. Gives its handle, whose id is known; waiting for it here throws. */
  send<S extends AnySignature>(signature: S): HandleOf<S>
  /**
   * Add one more member to the header of the chord that this task ends a member of; its result comes behind the others'.
   * Added by an attempt that fails and is retried, it stays, and the next attempt adds another.
   * @throws UMBEL_NO_CHORD where it is a member of none.
   */
  addToChord<S extends AnySignature>(signature: S): HandleOf<S>
  /**
   * Send an event to a run of a machine, by its id: see `Run.send`. That it was refused (the run has ended or is unknown) is told as the
   * signal `send-failed`. An attempt that runs again tells again, unless with a `dedupe` id.
   */
  tell<E extends { readonly type: string }>(run: string, event: E, options?: SendOptions): void
  /** End this task here: what the signature comes to becomes its result, and what follows it goes on from there. */
  replace(signature: AnySignature): never
  /**
   * Write to a table of your own in the file of the store: one INSERT, REPLACE, UPDATE or DELETE. It is done in the transaction that
   * stores the attempt's success (or that it was replaced), so exactly once; an attempt that fails or is retried writes nothing.
   * A statement that SQLite refuses then fails the task with UMBEL_WRITE_FAILED. At most 1,000 for an attempt, of `values.maxBytes` together.
   * @throws UMBEL_CANNOT_WRITE where the store takes none, or for another statement; UMBEL_CANNOT_TRAVEL for what SQLite does not bind;
   * UMBEL_VALUE_TOO_LARGE; UMBEL_ATTEMPT_OVER
   */
  write(sql: string, params?: WriteParams): void
  /**
   * Do something outside of the store once: what `fn` comes to is recorded under the name, and given to every later attempt of the task, which then does not call it.
   * Resolves once that is stored, with what was stored. Between the effect and its record the process may die, and `fn` is called again: with
   * the same key, as something to be recognised by. What `fn` throws is recorded by nobody. A name is of 1 to 256 characters; at most 1,000 in an attempt.
   * @throws what `fn` throws; UMBEL_BAD_OPTION, UMBEL_CANNOT_TRAVEL, UMBEL_VALUE_TOO_LARGE; UMBEL_ATTEMPT_OVER
   */
  once<T>(name: string, fn: (key: string) => T): Promise<Awaited<T>>
  readonly log: TaskLog
}

/** The context of a task whose bases put `Made` on it. */
export type ContextWith<States extends string, Keywords, Made> = TaskContext<States, Keywords> & Made
