import type { RatePolicy } from '@umbel/core'

/** A start that was let go. */
export interface Booking {
  readonly permits: number
  /** Moment at which it happened, or may happen at the latest; minus infinity where it never will. */
  latest: number
  /** Whether it has happened. */
  begun: boolean
  /** Where spaced starts stood before it. */
  readonly stood: number
  /** Whether what it comes to still matters; of one that does not it has counted as if it happened. */
  kept: boolean
}

/** Longest that a handler's own clock may be behind the moment its start was noted, as a part of the window, and in milliseconds. */
const MARGIN = 0.015
const LONGEST_MARGIN = 15

/** Part of what a bucket has left for a start that its margin may take, and what a start may cost beyond, as a part of its permits. */
const BUCKET_SHARE = 0.5
const BUCKET_COST = 0.025

/** How far behind spaced starts may catch up, as a part of the window, and in milliseconds. */
const CATCH_UP = 0.02
const LONGEST_CATCH_UP = 20

/** The same where less than a millisecond lies between two starts: no timer spaces those, and what a busy loop has missed is much. */
const FAST_CATCH_UP = 0.1

/** Permits that are but an error of rounding. */
const ROUNDING = 1e-9

/**
 * Works out when the next start may come under one rate, from the starts before it. A start is let go with a moment at which it
 * happens at the latest, and counts as if it did until it is told to have begun: so the rate holds where handlers start, whatever
 * lies between. All moments are of one clock that only grows, in milliseconds. Keeps one record for each start in a window.
 */
export class Pace {
  #policy: RatePolicy
  #bookings: Booking[] = []
  #head = 0
  /** Permits of the bookings that are kept. */
  #used = 0
  /** Where spaced starts stand: no start comes before it. */
  #next = Number.NEGATIVE_INFINITY
  /** When the bucket is full again by what has begun; bookings that are open come on top. */
  #full = Number.NEGATIVE_INFINITY
  /** Starts since the bucket was last full. */
  #sinceFull = 0

  constructor(policy: RatePolicy) {
    this.#policy = policy
  }

  get policy(): RatePolicy {
    return this.#policy
  }

  /** Go on by another rate from now on; what has started counts by the new one. */
  changeTo(policy: RatePolicy, now: number): void {
    this.#forget(now)
    const wasBucket = this.#policy.kind === 'bucket'
    const missing = wasBucket ? Math.max(0, this.#full - now) / this.#interval : 0
    this.#policy = policy
    this.#next = Number.NEGATIVE_INFINITY
    if (policy.kind !== 'bucket') return this.#carry(missing, now)
    if (wasBucket) {
      if (missing > 0) this.#full = now + missing * this.#interval
      return
    }
    // the starts of the last window count as taken out of the bucket
    this.#full = Number.NEGATIVE_INFINITY
    this.#sinceFull = policy.burst
  }

  /** A bucket keeps no starts: what it misses counts as if it had started just now. */
  #carry(missing: number, now: number): void {
    const permits = Math.ceil(missing - ROUNDING)
    if (permits <= 0) return
    const taken = { permits, latest: now, begun: true, stood: this.#next, kept: true }
    this.#bookings = [taken, ...this.#bookings.slice(this.#head)]
    this.#head = 0
    this.#used += permits
  }

  /** The first moment, from now on, at which so many permits may be used at once: at most the policy's burst of them. */
  earliest(permits: number, now: number): number {
    this.#forget(now)
    switch (this.#policy.kind) {
      case 'window':
        return this.#windowHasRoom(permits, now)
      case 'spaced':
        return Math.max(this.#windowHasRoom(permits, now), this.#next)
      case 'bucket':
        return this.#bucketHas(permits, now)
    }
  }

  /** Let a start go now, which happens at `latest` or before. */
  book(permits: number, now: number, latest: number): Booking {
    const booking = { permits, latest, begun: false, stood: this.#next, kept: true }
    if (this.#policy.kind === 'spaced') {
      const { permits: all, per } = this.#policy
      const gap = this.#window / all
      const catchUp = gap < 1 ? per * FAST_CATCH_UP : Math.min(LONGEST_CATCH_UP, per * CATCH_UP)
      this.#next = Math.max(this.#next, now - catchUp) + permits * gap
    } else if (this.#policy.kind === 'bucket') {
      if (this.#fullAgain() + this.#bucketMargin(permits) <= now) this.#sinceFull = 0
      this.#sinceFull += permits
    }
    this.#bookings.push(booking)
    this.#used += permits
    return booking
  }

  /** A start that was let go has happened, at a moment no later than it was let go for. */
  begun(booking: Booking, at: number): void {
    booking.begun = true
    booking.latest = at
  }

  /** A start that was let go never happens. Told so late that it has been counted as one that did, it stays counted. */
  cancel(booking: Booking): void {
    if (!booking.kept || booking.latest === Number.NEGATIVE_INFINITY) return
    booking.latest = Number.NEGATIVE_INFINITY
    if (this.#bookings.at(-1) === booking) this.#next = Math.min(this.#next, booking.stood)
    this.#sinceFull = Math.max(0, this.#sinceFull - booking.permits)
  }

  /** Whether nothing that has started counts any more. */
  isAtRest(now: number): boolean {
    this.#forget(now)
    return this.#used === 0 && this.#next <= now && this.#full + this.#margin <= now
  }

  get #margin(): number {
    return Math.min(LONGEST_MARGIN, this.#policy.per * MARGIN)
  }

  /** Length after which a start counts no more for a window. */
  get #window(): number {
    return this.#policy.per + this.#margin
  }

  /** Drop what counts no more, oldest first: what waits for an older one is dropped after it. */
  #forget(now: number): void {
    const bucket = this.#policy.kind === 'bucket'
    while (this.#head < this.#bookings.length) {
      const booking = this.#bookings[this.#head] as Booking
      const over = bucket ? booking.begun || booking.latest <= now : booking.latest + this.#window <= now
      if (!over) break
      if (bucket) this.#full = this.#filled(this.#full, booking)
      booking.kept = false
      this.#used -= booking.permits
      this.#head += 1
    }
    if (this.#head < 64 || this.#head * 2 < this.#bookings.length) return
    this.#bookings = this.#bookings.slice(this.#head)
    this.#head = 0
  }

  #windowHasRoom(permits: number, now: number): number {
    let excess = this.#used + permits - this.#policy.permits
    let room = now
    for (let at = this.#head; excess > 0 && at < this.#bookings.length; at += 1) {
      const booking = this.#bookings[at] as Booking
      room = Math.max(room, booking.latest + this.#window)
      excess -= booking.permits
    }
    return room
  }

  #bucketHas(permits: number, now: number): number {
    const full = this.#fullAgain()
    const { burst } = this.#policy
    const margin = this.#bucketMargin(permits)
    if (full + margin <= now || this.#sinceFull + permits <= burst) return now
    return Math.max(now, full - (burst - permits) * this.#interval + margin)
  }

  /**
   * A start comes later by the margin. What its bucket's burst cannot make up for is lost with every start, of a fast rate nearly
   * all; and what handlers are late has to be made up for, too.
   */
  #bucketMargin(permits: number): number {
    const spare = (this.#policy.burst - permits) * BUCKET_SHARE + permits * BUCKET_COST
    return Math.min(this.#margin, spare * this.#interval)
  }

  /** When the bucket is full again, all open bookings happening as late as they may. */
  #fullAgain(): number {
    let full = this.#full
    for (let at = this.#head; at < this.#bookings.length; at += 1)
      full = this.#filled(full, this.#bookings[at] as Booking)
    return full
  }

  #filled(full: number, { latest, permits }: Booking): number {
    return latest === Number.NEGATIVE_INFINITY ? full : Math.max(full, latest) + permits * this.#interval
  }

  /** Milliseconds in which one permit comes into the bucket. */
  get #interval(): number {
    return this.#policy.per / this.#policy.permits
  }
}
