import type { Encoded } from './codec.ts'
import type { ErrorData } from './error-data.ts'

/** Whether the attempt goes on, once its outcome is stored: see `Worker.finish`. */
interface Unfinished {
  readonly unfinished?: true
}

/** What the handler wrote to the user's tables, where it did: an encoded list of `[sql, params]`. Stored with the outcome, once. */
interface Written {
  readonly writes?: Encoded
}

/**
 * What one attempt of a task came to. A closed union: everything that runs a handler answers with one of these and never throws.
 * Judged where the handler ran (retry rules see the real error object there), carried out by `advance`.
 */
export type Outcome =
  | ({ readonly kind: 'succeeded'; readonly result: Encoded } & Written & Unfinished)
  | ({ readonly kind: 'failed'; readonly error: ErrorData } & Unfinished)
  /** A new attempt is wanted, `delay` milliseconds from now. Retries used up arrive as `failed`. */
  | { readonly kind: 'retry'; readonly error: ErrorData | undefined; readonly delay: number }
  /** The task goes on as this canvas (encoded), whose result becomes its own. */
  | ({ readonly kind: 'replaced'; readonly canvas: Encoded } & Written)
  /** The handler asked for no record of it (`throw new Ignore()`). */
  | { readonly kind: 'ignored' }
  /** The handler refused the task for good (`throw new Reject(reason)`). */
  | { readonly kind: 'rejected'; readonly reason: string }
  /** The handler stopped because its signal was aborted. */
  | { readonly kind: 'aborted'; readonly error: ErrorData }
  /** The worker died under the attempt, which is at fault. */
  | { readonly kind: 'lost'; readonly error: ErrorData }
  /** It never started, or (`begun`) its worker died of something else while it ran. Uses up no attempt. */
  | { readonly kind: 'given-back'; readonly begun?: boolean }
