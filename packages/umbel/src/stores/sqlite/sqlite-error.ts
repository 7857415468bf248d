import { UmbelError, umbelError } from '@umbel/core'

/** Result codes of SQLite that have an error of their own here. */
const BUSY = 5
const READONLY = 8
const CORRUPT = 11
const FULL = 13
const NOT_A_DATABASE = 26
/** A write that the system refused: a limit of the file's size, or of the disk. */
const WRITE_FAILED = 778

/** Whether another connection has a lock that is needed. */
export const isBusy = (cause: unknown): boolean =>
  !(cause instanceof UmbelError) && (((cause ?? {}) as { errcode?: number }).errcode ?? 0) % 256 === BUSY

/** Whether the file has another owner by now. */
export const isFenced = (error: unknown): boolean => error instanceof UmbelError && error.code === 'UMBEL_STORE_FENCED'

/** Make of what node:sqlite threw the error of its code; what has one already stays as it is. `file` is named in it. */
export function storeError(cause: unknown, file: string): UmbelError {
  if (cause instanceof UmbelError) return cause
  const { errcode, message } = (cause ?? {}) as { errcode?: number; message?: string }
  const why = message ?? String(cause)
  const options = { cause, details: { file } }
  if (errcode === WRITE_FAILED) return umbelError('UMBEL_STORE_FULL', `${file} cannot grow: ${why}.`, options)
  switch ((errcode ?? 0) & 0xff) {
    case FULL:
      return umbelError('UMBEL_STORE_FULL', `${file} cannot grow: ${why}.`, options)
    case READONLY:
      return umbelError('UMBEL_STORE_READ_ONLY', `${file} cannot be written: ${why}.`, options)
    case CORRUPT:
    case NOT_A_DATABASE:
      return umbelError('UMBEL_STORE_CORRUPT', `${file} is damaged: ${why}.`, options)
    case BUSY:
      return umbelError('UMBEL_STORE_OWNED', `${file} is locked by another process.`, options)
    default:
      return umbelError('UMBEL_STORE_FAILED', `${file}: ${why}.`, options)
  }
}
