import type { Clock, Timer } from '@umbel/core'

/** The clock of a local run's actors: the app's, in the form that XState takes. */
export class LocalClock {
  readonly #clock: Clock
  /** When each of what is armed is due. */
  readonly #dues = new Map<Timer, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** When the next of what is delayed is due. */
  get next(): number | undefined {
    return this.#dues.size === 0 ? undefined : Math.min(...this.#dues.values())
  }

  setTimeout(run: () => void, delay: number): Timer {
    const timer = this.#clock.setTimer(() => {
      this.#dues.delete(timer)
      run()
    }, delay)
    this.#dues.set(timer, this.#clock.now() + delay)
    return timer
  }

  clearTimeout(timer: Timer | undefined): void {
    if (timer === undefined) return
    this.#dues.delete(timer)
    timer.cancel()
  }
}
