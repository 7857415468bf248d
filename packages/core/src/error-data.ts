// STAND-IN by the lead until the real one lands: overwrite freely
import type { Encoded } from './codec.ts'
import { umbelError } from './errors.ts'
export interface ErrorData { readonly name: string; readonly message: string; readonly code?: string; readonly stack?: string; readonly fields?: Encoded; readonly cause?: ErrorData; readonly errors?: readonly ErrorData[] }
export type ErrorClass = new (...args: never[]) => Error
export type ErrorClasses = ReadonlyMap<string, ErrorClass>
export function toErrorData(thrown: unknown): ErrorData {
  const e = thrown as Error & { code?: string }
  return { name: e?.name ?? 'Error', message: e?.message ?? String(thrown), ...(e?.code ? { code: e.code } : {}), ...(e?.stack ? { stack: e.stack } : {}) }
}
export function fromErrorData(data: ErrorData, _classes?: ErrorClasses): Error {
  return Object.assign(data.code?.startsWith('UMBEL_') ? umbelError(data.code, data.message) : new Error(data.message), { name: data.name })
}
