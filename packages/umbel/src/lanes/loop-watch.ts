import type { AttemptCall, Clock, Timer } from '@umbel/core'
import { currentAttempt } from '../current-attempt.ts'
import { nextTurn } from '../system.ts'

/** An attempt that may have blocked the main loop. */
export interface Suspect {
  /** Registered name. */
  readonly task: string
  readonly id: string
}

/** The main loop did not turn for a while. */
export interface Blockage {
  /** Milliseconds, at least. */
  readonly blockedMs: number
  /** The one whose handler did it; where that cannot be told, those that were under way, 32 at most. */
  readonly suspects: readonly Suspect[]
  /** Whether it was measured at the one suspect's handler, and is no conclusion from a timer that was late. */
  readonly measured: boolean
}

/** Most suspects named. */
const MAX_SUSPECTS = 32
/** Looks in the shortest time that counts as a blockage. */
const LOOKS = 4

/** What a watch over the loop is made with. */
export interface LoopWatchParts {
  /** Milliseconds from which on the loop counts as blocked. */
  readonly bound: number
  /** Real time: in a simulated one nothing is ever late. */
  readonly clock: Clock
  /** Attempts under way. */
  readonly underWay: () => Iterable<AttemptCall>
  readonly blocked: (blockage: Blockage) => void
}

/**
 * Finds out which handler on the main loop keeps it from turning. What a handler does at once, when it is called, is measured:
 * then it is known who. What it does later, after an `await`, only shows in a timer that is late: then those that were under way
 * in that turn are suspects. The timer runs only while attempts do, and keeps no process open.
 */
export class LoopWatch {
  readonly #bound: number
  readonly #clock: Clock
  readonly #underWay: () => Iterable<AttemptCall>
  readonly #blocked: (blockage: Blockage) => void
  readonly #interval: number
  /** Those that ended in this turn of the loop. */
  readonly #left: AttemptCall[] = []
  #timer: Timer | undefined
  #due = 0
  /** Milliseconds since the last look at the timer that are told of already. */
  #told = 0

  constructor({ bound, clock, underWay, blocked }: LoopWatchParts) {
    this.#bound = bound
    this.#clock = clock
    this.#underWay = underWay
    this.#blocked = blocked
    this.#interval = Math.max(1, bound / LOOKS)
  }

  /** An attempt is under way. */
  enter(): void {
    if (this.#timer === undefined) this.#arm()
  }

  /** An attempt is over. */
  leave(call: AttemptCall): void {
    if (this.#left.length >= MAX_SUSPECTS) return
    if (this.#left.push(call) === 1) nextTurn().then(() => this.#endTurn())
  }

  /** The moment before a handler is called. By the wall clock: a look at it costs half as much. */
  begin(): number {
    return this.#clock.now()
  }

  /** A handler that was called has given back, for now: it may have promised more. */
  end(call: AttemptCall, begun: number): void {
    const lasted = this.#clock.now() - begun
    if (lasted >= this.#bound && !this.#jumped()) this.#tell(lasted, [call], true)
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** Whether it was the wall clock that jumped: since the timer was armed it has not been so long. */
  #jumped(): boolean {
    return this.#clock.monotonic() - (this.#due - this.#interval) < this.#bound
  }

  #endTurn(): void {
    this.#look()
    this.#left.length = 0
  }

  #arm(): void {
    const looked = (): void => {
      this.#look()
      this.#told = 0
      this.#timer = undefined
      for (const _ of this.#underWay()) return this.#arm()
    }
    this.#due = this.#clock.monotonic() + this.#interval
    currentAttempt.exit(() => {
      this.#timer = this.#clock.setTimer(looked, this.#interval)
    })
    this.#timer?.keepAlive(false)
  }

  /** Tell of a blockage where the timer is late by one. */
  #look(): void {
    // where so many have ended in one turn, it is their number that took the time and nobody's handler
    if (this.#timer === undefined || this.#left.length >= MAX_SUSPECTS) return
    const late = this.#clock.monotonic() - this.#due - this.#told
    if (late >= this.#bound) this.#tell(late, [...this.#left, ...this.#underWay()], false)
  }

  #tell(blockedMs: number, calls: readonly AttemptCall[], measured: boolean): void {
    this.#told += blockedMs
    const suspects = calls.slice(0, MAX_SUSPECTS).map(({ task, id }): Suspect => ({ task, id }))
    // observers are no part of the handler
    if (suspects.length > 0) currentAttempt.exit(() => this.#blocked({ blockedMs, suspects, measured }))
  }
}
