import type { RatePolicy } from '../rate.ts'

/** Permits to start that were granted together. */
export interface PermitBlock {
  /** How many, from 1. */
  readonly permits: number
  /** Moment of the clock's `monotonic()` after which those that are left are void. */
  readonly notAfter: number
}

/**
 * Who says that limited tasks may start. Nothing that is limited starts without a permit from here; the gate then sees to it
 * that they are used no faster than the rate says.
 */
export interface TokenSource {
  /**
   * Wait for the next block of permits of a bucket, which is made when it is first named. How many come together is for the
   * source to say; over time they are no fewer than the rate's, so that all of it can be used. Rejects when it cannot say: the
   * one who asked tries again.
   */
  reserve(bucket: string, policy: RatePolicy): Promise<PermitBlock>
  /** Forget a bucket that nobody waits at, or whose rate has changed. Waits that are under way never end. */
  forget(bucket: string): void
  /** Release everything. Idempotent. */
  stop(): Promise<void>
}
