import { type Encoded, encode } from '../codec.ts'
import { codedError } from '../coded-error.ts'
import type { ErrorData } from '../error-data.ts'

/** Something that a run has done, and that can be taken back. */
export interface Done {
  /** Id of the task or workflow that did it. */
  readonly id: string
  /** What the machine calls it in `actors`. */
  readonly src: string
  /** What the machine gave it, encoded. */
  readonly input: Encoded
  /** What it came to. */
  readonly output: Encoded
  /** How often its compensation was sent. */
  readonly sent?: number
  /** The machine that did it, where that was a run that this one has invoked. */
  readonly by?: { readonly machine: string; readonly version: string }
}

/** How far a run that has failed has come with taking back what it has done: what was done last is taken back first. */
export interface Compensating {
  /** What the run failed with. */
  readonly cause: ErrorData
  /**
   * Of the compensation whose turn it is: `held` while its machine is not registered; it `runs`; it `waits` for its time to be sent
   * again; it has `failed` for good, and somebody has to say how it goes on.
   */
  readonly step: 'held' | 'runs' | 'waits' | 'failed'
  /** How often it was sent again. */
  readonly retries: number
  /** What it failed with last. */
  readonly error?: ErrorData
  /** Those that failed and were gone on without. */
  readonly skipped: readonly FailedCompensation[]
}

/** A compensation that failed for good. */
export interface FailedCompensation {
  /** Id of what it should have taken back. */
  readonly id: string
  readonly error: ErrorData
}

/** What a run shows that takes back what it has done, and one whose compensation has failed for good. */
export type CompensationState = 'COMPENSATING' | 'COMPENSATION_FAILED'

/** What a person may tell a run whose compensation has failed for good: try it again, or go on without it. */
export type CompensationEvent = { readonly type: 'RETRY' } | { readonly type: 'SKIP' }

/** What a run has failed with, and with it those compensations that have. */
export function compensationError(
  id: string,
  { cause, skipped }: Compensating,
  failed?: FailedCompensation,
): ErrorData {
  const failures = failed === undefined ? skipped : [...skipped, failed]
  if (failures.length === 0) return cause
  const names = failures.map((one) => `${one.id} (${said(one.error)})`).join(', ')
  const error = codedError(
    'UMBEL_COMPENSATION_FAILED',
    `Run ${id} failed (${said(cause)}), and was not able to take back ${names}.`,
  )
  const compensations = failures.map((one) => ({ id: one.id, name: one.error.name, message: one.error.message }))
  return { ...error, fields: encode({ details: { compensations } }) as string, cause }
}

const MOST_SAID = 300

const said = ({ name, message }: ErrorData): string => `${name}: ${message}`.slice(0, MOST_SAID)
