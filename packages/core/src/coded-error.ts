import type { ErrorData } from './error-data.ts'
import { type ErrorCode, umbelError } from './errors.ts'

/** Make the data of a coded error that nobody threw. It has no stack: there is no place it came from. */
export const codedError = (code: ErrorCode, message: string): ErrorData => ({
  name: 'UmbelError',
  message: umbelError(code, message).message,
  code,
})
