import { type Clock, type RatePolicy, sameRate, type Timer, type TokenSource } from '@umbel/core'
import { type Booking, Pace } from './pace.ts'

/** Longest that may lie between a start that is let go and its handler, at first and as long as handlers keep to it, in milliseconds. */
const ALLOWANCE = 25
const LONGEST_ALLOWANCE = 600_000

/** Milliseconds until a source that failed is asked again; doubled each time up to the longest. */
const FIRST_DELAY = 50
const LONGEST_DELAY = 5_000

/** What a bucket works with. */
export interface BucketParts {
  /** Name for the source: of its limit, with the key. */
  readonly id: string
  readonly policy: RatePolicy
  readonly source: TokenSource
  readonly clock: Clock
  readonly failed: (error: unknown) => void
}

/** Where tasks wait for permits, as their bucket sees it. */
export interface PermitGate {
  /** Tasks that wait there. */
  readonly waiting: number
  /** Whether they may start there, once there is a slot: else they keep nobody waiting. */
  readonly open: boolean
  /** The most urgent one. */
  readonly head: { readonly priority: number; readonly permits: number } | undefined
  /** One of them may start now: have it claim its permit once there is a slot. */
  offer(): void
}

/** The right to start one task now. */
export interface Permit {
  /** Moment of the clock's `monotonic()` after which its handler may not start any more. */
  readonly startBy: number
  /** Its handler starts. */
  begun(at: number): void
  /** It came to nothing: its handler has not started and never will. */
  unused(): void
  /** The same, as its handler would have started too late. */
  late(): void
  /** Its attempt is over, in whatever way. */
  over(): void
}

/**
 * The permits of one limit, or of one key under it, for the gates at which its tasks wait: taken from the source in blocks, let go
 * at the limit's pace. Does nothing while nobody waits.
 */
export class Bucket {
  readonly id: string
  readonly #source: TokenSource
  readonly #clock: Clock
  readonly #failed: (error: unknown) => void
  readonly #pace: Pace
  readonly #gates = new Set<PermitGate>()
  #stock = 0
  /** Permits whose attempts are not over. */
  #out = 0
  /** Permits of the last block. */
  #block = 0
  #notAfter = Number.NEGATIVE_INFINITY
  #allowance = ALLOWANCE
  /** Grows as the source is to be asked anew: what it answers to an earlier question is void. */
  #question = 0
  #asking = false
  #delay = FIRST_DELAY
  /** Until the next start. */
  #timer: Timer | undefined
  /** Until the source is asked again. */
  #retry: Timer | undefined

  constructor({ id, policy, source, clock, failed }: BucketParts) {
    this.id = id
    this.#source = source
    this.#clock = clock
    this.#failed = failed
    this.#pace = new Pace(policy)
  }

  get policy(): RatePolicy {
    return this.#pace.policy
  }

  /** Go on by another rate, at once. */
  set policy(policy: RatePolicy) {
    if (sameRate(policy, this.#pace.policy)) return
    this.#pace.changeTo(policy, this.#clock.monotonic())
    this.#forget()
    this.pump()
  }

  /** Tasks that wait at its gates. */
  get waiting(): number {
    let waiting = 0
    for (const gate of this.#gates) waiting += gate.waiting
    return waiting
  }

  /** Moment of the clock's `monotonic()` before which no task starts that waits here. */
  next(): number {
    return this.#pace.earliest(this.#wanted(), this.#clock.monotonic())
  }

  /** Whether nobody waits and nothing that has started counts any more: it may be forgotten. */
  isAtRest(): boolean {
    return this.waiting === 0 && this.#out === 0 && this.#pace.isAtRest(this.#clock.monotonic())
  }

  join(gate: PermitGate): void {
    this.#gates.add(gate)
  }

  /** Offer a start to the gates where there may be one now, else see to it that there will. Cheap, and harmless at any time. */
  pump(): void {
    this.#disarm()
    const permits = this.#wanted()
    if (permits === 0) return
    const now = this.#clock.monotonic()
    if (now > this.#notAfter) this.#stock = 0
    this.#ask(permits)
    if (this.#stock < permits) return
    const at = this.#pace.earliest(permits, now)
    if (at > now) this.#timer = this.#in(at - now, () => this.pump())
    else for (const gate of this.#inOrder()) gate.offer()
  }

  /** Take so many permits for one start, if they may be used now. */
  claim(permits: number): Permit | undefined {
    const now = this.#clock.monotonic()
    const taken = this.#atMost(permits)
    if (now > this.#notAfter || this.#stock < taken || this.#pace.earliest(taken, now) > now) return undefined
    this.#stock -= taken
    const startBy = now + this.#allowance
    const booking = this.#pace.book(taken, now, startBy)
    const question = this.#question
    const over = this.#lent()
    return {
      startBy,
      begun: (at) => this.#begun(booking, at, at - now),
      unused: () => {
        over()
        this.#unused(booking, question)
      },
      late: () => {
        over()
        this.#late(booking, question)
      },
      over,
    }
  }

  /** Do nothing any more. */
  stop(): void {
    this.#disarm()
    this.#forget()
  }

  /** A permit is out. Returns how to say, once, that it is back. */
  #lent(): () => void {
    this.#out += 1
    let out = 1
    return () => {
      this.#out -= out
      out = 0
    }
  }

  #begun(booking: Booking, at: number, took: number): void {
    this.#pace.begun(booking, at)
    this.#allowance = Math.max(ALLOWANCE, took * 2, this.#allowance * 0.98)
    if (this.#timer !== undefined) this.pump()
  }

  #unused(booking: Booking, question: number): void {
    if (booking.begun) return
    this.#pace.cancel(booking)
    if (question === this.#question) this.#stock += booking.permits
    this.pump()
  }

  /** Handlers that start too late get more time, at the cost of the rate: sooner or later each one starts. */
  #late(booking: Booking, question: number): void {
    if (!booking.begun) this.#allowance = Math.min(this.#allowance * 2, LONGEST_ALLOWANCE)
    this.#unused(booking, question)
  }

  #forget(): void {
    this.#retry?.cancel()
    this.#question += 1
    this.#asking = false
    this.#stock = 0
    this.#source.forget(this.id)
  }

  /** Permits that the best waiting task takes; 0 where none waits. */
  #wanted(): number {
    const [best] = this.#inOrder()
    return best === undefined ? 0 : this.#atMost(best.head?.permits ?? 1)
  }

  /** A task that weighs more than may ever start at once, since the rate was changed, takes all of it. */
  #atMost(permits: number): number {
    const { kind, burst } = this.policy
    return kind === 'spaced' ? permits : Math.min(permits, burst)
  }

  /** Gates where a task waits, that of the most urgent one first. */
  #inOrder(): readonly PermitGate[] {
    if (this.#gates.size === 1) {
      const [only] = this.#gates as Iterable<PermitGate>
      return only !== undefined && canStart(only) ? [only] : []
    }
    return [...this.#gates].filter(canStart).sort((a, b) => (b.head?.priority ?? 0) - (a.head?.priority ?? 0))
  }

  /** Ask for a block while there is less in stock than is waited for: one ahead of the need, so that none is late. */
  #ask(permits: number): void {
    if (this.#asking || this.#stock >= Math.min(this.waiting * permits, permits + this.#block)) return
    this.#asking = true
    const question = this.#question
    this.#source.reserve(this.id, this.policy).then(
      (block) => {
        if (question !== this.#question) return
        this.#asking = false
        this.#delay = FIRST_DELAY
        this.#stock += block.permits
        this.#block = block.permits
        this.#notAfter = block.notAfter
        this.pump()
      },
      (error: unknown) => {
        if (question !== this.#question) return
        this.#failed(error)
        this.#retry = this.#in(this.#delay, () => {
          this.#asking = false
          this.pump()
        })
        this.#delay = Math.min(this.#delay * 2, LONGEST_DELAY)
      },
    )
  }

  #in(delay: number, run: () => void): Timer {
    const timer = this.#clock.setTimer(run, delay)
    // tasks that wait keep the process open, not the clock they wait by
    timer.keepAlive(false)
    return timer
  }

  #disarm(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }
}

const canStart = ({ waiting, open }: PermitGate): boolean => waiting > 0 && open
