import { decode, encode } from './codec.ts'
import type { ErrorData } from './error-data.ts'
import { type ErrorCode, umbelError } from './errors.ts'

/** Make the data of a coded error that nobody threw. It has no stack: there is no place it came from. */
export const codedError = (code: ErrorCode, message: string): ErrorData => ({
  name: 'UmbelError',
  message: umbelError(code, message).message,
  code,
})

/** Fields of the error of a chord: `details` name the member that failed. */
export const dependencyFields = (dependency: string): string => encode({ details: { dependency } }) as string

/** Id of the member that a chord's error names. */
export function dependencyOf({ code, fields }: ErrorData): string | undefined {
  if (code !== 'UMBEL_CHORD_FAILED' || fields === undefined) return undefined
  return (decode(fields) as { readonly details?: { readonly dependency?: string } }).details?.dependency
}
