// STAND-IN by the lead until the real one lands: overwrite freely
import type { Duration } from './duration.ts'
import type { ErrorClass } from './error-data.ts'
export interface RetryOptions { readonly on?: readonly ErrorClass[] | ((error: unknown) => boolean); readonly max?: number; readonly backoff?: Duration | { base: Duration; max?: Duration; factor?: number; jitter?: boolean }; readonly jitter?: boolean }
export interface RetryPolicy { readonly max: number }
export const retryPolicy = (o: RetryOptions): RetryPolicy => ({ max: o.max ?? 3 })
export const retryDelay = (_p: RetryPolicy, _attempt: number, _unit: number): number => 1
export const wantsRetry = (p: RetryPolicy, _error: unknown, attempt: number): boolean => attempt <= p.max
export const unitHash = (_text: string): number => 0.5
