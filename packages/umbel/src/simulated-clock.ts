import { type Clock, type Duration, milliseconds, type Timer } from '@umbel/core'
import TinyQueue from 'tinyqueue'
import { nextTurn, pause } from './system.ts'

interface Armed {
  readonly at: number
  readonly order: number
  readonly run: () => void
  cancelled: boolean
}

/** Quiet turns of the event loop given to what a timer set off, before the next timer. */
const TURNS = 5

/** The most turns given: a store that refuses what it is given is busy for longer than anybody wants to wait. */
const MOST_TURNS = 1_000

/** Turns after which each one lasts a millisecond: a store may wait for the disk, which takes real time. */
const SHORT_TURNS = 100

/** A clock that moves only when told, for tests: `await clock.advance('1h')`. */
export class SimulatedClock implements Clock {
  readonly simulated = true
  #now: number
  #order = 0
  readonly #queue = new TinyQueue<Armed>([], (a, b) => a.at - b.at || a.order - b.order)
  readonly #heeded = new Set<WeakRef<{ readonly busy: boolean }>>()

  /** @param start Milliseconds since the epoch. Default: the start of 2026 in UTC. */
  constructor(start = 1_767_225_600_000) {
    this.#now = start
  }

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  setTimer(run: () => void, delay: number): Timer {
    const armed: Armed = { at: this.#now + Math.max(0, delay), order: this.#order++, run, cancelled: false }
    this.#queue.push(armed)
    return {
      cancel: () => {
        armed.cancelled = true
      },
      keepAlive: () => {},
    }
  }

  heed(one: { readonly busy: boolean }): void {
    this.#heeded.add(new WeakRef(one))
  }

  /**
   * Move on by a duration, firing each timer at its moment in order. After each, what it set off on the main loop gets to run
   * and is stored; what runs in threads takes real time: wait for its signal, then move on.
   */
  async advance(by: Duration): Promise<void> {
    const end = this.#now + milliseconds(by, 'advance')
    await this.#settle()
    for (let next = this.#queue.peek(); next !== undefined && next.at <= end; next = this.#queue.peek()) {
      this.#queue.pop()
      if (next.cancelled) continue
      this.#now = Math.max(this.#now, next.at)
      next.run()
      await this.#settle()
    }
    this.#now = end
  }

  async #settle(): Promise<void> {
    for (let turn = 0, quiet = 0; quiet < TURNS && turn < MOST_TURNS; turn += 1) {
      await (turn < SHORT_TURNS || quiet > 0 ? nextTurn() : pause(1))
      quiet = this.#isBusy() ? 0 : quiet + 1
    }
  }

  #isBusy(): boolean {
    for (const held of this.#heeded) {
      const one = held.deref()
      if (one === undefined) this.#heeded.delete(held)
      else if (one.busy) return true
    }
    return false
  }
}
