import { availableParallelism } from 'node:os'
import { stopwatch } from '../system.ts'

/** Looks between two looks at the time. */
const LOOKS = 32

/** Below this many milliseconds of patience it does not pay to begin. */
const LEAST = 0.01

/** Times that are passed by once it has not paid, before it is tried again. */
const PASSED_BY = 64

/** How many threads of this process have something to do. One number for all its pools, shared with their threads. */
export class BusyThreads {
  readonly shared: Int32Array

  /** In a thread: that of the main loop. */
  constructor(shared: Int32Array = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))) {
    this.shared = shared
  }

  add(count: 1 | -1): void {
    Atomics.add(this.shared, 0, count)
  }

  /** Whether each of them has a processor to itself, and the main loop, too: else whoever lingers takes another's. */
  get haveRoom(): boolean {
    return Atomics.load(this.shared, 0) < PROCESSORS
  }
}

/** Threads of this process, as its main loop knows them. */
export const BUSY = new BusyThreads()

const PROCESSORS = availableParallelism()

/**
 * Waits for a moment for what is about to come, awake: to go to sleep and be woken again costs both sides 20 us and more, and what is done
 * next begins with cold caches, at a quarter of its speed. Where nothing has come in time it has half the patience the next time, until it does not wait at all for a while.
 */
export class Lingering {
  readonly #longest: number
  readonly #busy: BusyThreads
  readonly #now: () => number
  #patience: number
  #passedBy = 0

  /** `longest`: milliseconds it lingers at most, and `now` the clock by which. */
  constructor(longest: number, busy: BusyThreads, now = stopwatch) {
    this.#longest = this.#patience = longest
    this.#busy = busy
    this.#now = now
  }

  /** Linger until something is there; false where it is not. */
  until(isThere: () => boolean): boolean {
    if (isThere()) return true
    if (!this.#mayBegin()) return false
    const end = this.#now() + this.#patience
    do {
      for (let look = 0; look < LOOKS; look += 1) {
        if (!isThere()) continue
        this.#patience = this.#longest
        return true
      }
    } while (this.#now() < end)
    this.#patience /= 2
    return false
  }

  #mayBegin(): boolean {
    if (!this.#busy.haveRoom) return false
    if (this.#patience >= LEAST) return true
    this.#passedBy += 1
    if (this.#passedBy < PASSED_BY) return false
    this.#passedBy = 0
    this.#patience = this.#longest
    return true
  }
}
