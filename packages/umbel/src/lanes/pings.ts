import type { Pong } from '@umbel/core'
import { systemClock } from '../system.ts'
import type { PooledThread } from './pooled-thread.ts'

/** Asks threads for an answer, and waits for it. */
export class Pings {
  #last = 0
  /** Called with each answer, by its number. */
  readonly #waiting = new Map<number, () => void>()

  /** Ask a thread, and wait so many milliseconds. */
  ask(thread: PooledThread, timeout: number): Promise<Pong> {
    const number = ++this.#last
    const asked = systemClock.monotonic()
    return new Promise((resolve) => {
      const end = (ms: number | undefined): void => {
        timer.cancel()
        this.#waiting.delete(number)
        resolve({ thread: thread.number, ms })
      }
      const timer = systemClock.setTimer(() => end(undefined), timeout)
      this.#waiting.set(number, () => end(systemClock.monotonic() - asked))
      thread.give(['ping', number])
    })
  }

  /** A thread has answered one. */
  answered(number: number): void {
    this.#waiting.get(number)?.()
  }
}
