import type { MessagePort } from 'node:worker_threads'
import type { LogRow } from './log-table.ts'
import type { Packed } from './pack.ts'

/** What the thread of the journal is started with. */
export interface JournalStart {
  readonly file: string
  /** The owner's number: see `Lease`. */
  readonly token: number
  /** How SQLite is told to wait for the disk. */
  readonly synchronous: 'NORMAL' | 'OFF'
  /** See `CHECKPOINT_PAGES`. */
  readonly checkpointPages: number
  readonly cells: Int32Array
  /** See `BusyThreads`. */
  readonly busy: Int32Array
  /** Where requests come and answers go. */
  readonly port: MessagePort
}

/** What the cells count: requests; those to put all into its tables that are answered; batches that are wholly in their tables. `ENDED` is not 0 once the thread has ended, `AWAKE` while it counts as busy (see `BusyThreads`); `ANSWERED` counts answers. */
export const ASKED = 0
export const SETTLED = 1
export const STORED = 2
export const ENDED = 3
export const ANSWERED = 4
export const AWAKE = 5
export const CELLS = 6

/** What the thread is asked. */
export type JournalRequest =
  | {
      readonly kind: 'put'
      readonly log: LogRow
      /** How many rows it changes. */
      readonly rows: number
      readonly written: Packed
      /** Whether the thread is to wait for the disk. */
      readonly waits: boolean
    }
  | { readonly kind: 'settle' }

/** What SQLite threw, or that another one owns the file. */
export type JournalError = { readonly errcode: number | undefined; readonly message: string } | 'fenced'

/** What the thread answers, once it is ready and to each request. */
export interface JournalAnswer {
  readonly kind: 'ready' | JournalRequest['kind']
  readonly error?: JournalError
  /** Whether the batch is stored, and only its wait for the disk has failed. */
  readonly unsafe?: boolean
  /** Milliseconds for which it waited for the disk. */
  readonly waited?: number
  /** Whether how many rows there are has to be counted: see `Backlog`. */
  readonly recount?: boolean
}
