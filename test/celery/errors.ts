import { type ErrorCode, UmbelError } from 'umbel'

/** A mistake in a value, as Python calls it. */
export class ValueError extends Error {
  override readonly name = 'ValueError'
}

/** The error type of the vectors' own tasks. */
export class OracleError extends Error {
  override readonly name = 'OracleError'
}

/** What Celery, or Python, calls what our codes say. The only such table. */
const CELERY_NAMES: Partial<Record<ErrorCode, string>> = {
  UMBEL_WRONG_ARITY: 'TypeError',
  UMBEL_BAD_KWARGS: 'TypeError',
  UMBEL_BAD_OPTION: 'TypeError',
  UMBEL_CANNOT_TRAVEL: 'EncodeError',
  UMBEL_CHORD_FAILED: 'ChordError',
  UMBEL_EXPIRED: 'TaskRevokedError',
  UMBEL_REVOKED: 'TaskRevokedError',
  UMBEL_RETRIES_SPENT: 'MaxRetriesExceededError',
  UMBEL_UNKNOWN_TASK: 'NotRegistered',
  UMBEL_BAD_CANVAS: 'ImproperlyConfigured',
  UMBEL_NO_CHORD: 'ValueError',
  UMBEL_IGNORED: 'Ignore',
  UMBEL_REJECTED: 'Reject',
  UMBEL_TIMEOUT: 'TimeoutError',
  UMBEL_WORKER_LOST: 'WorkerLostError',
} as Record<string, string>

/** Celery's words where its messages count and ours are others. */
export const celeryMessage = (error: Error): string =>
  error instanceof UmbelError && error.code === 'UMBEL_NO_CHORD'
    ? 'Current task is not member of any chord'
    : error.message

/** Name of an error's type as Celery would write it. */
export function celeryName(error: unknown): string {
  if (error instanceof UmbelError) return CELERY_NAMES[error.code] ?? error.code
  return error instanceof Error ? error.name : typeof error
}
