import type { Batch, EngineEvent, Seat, Step } from '@umbel/core'
import { answerAll, answerEach, batchOf, nothing, type Taken } from './engine-batch.ts'

/** What the engine does for a turn. */
export interface TurnParts {
  readonly advance: (events: readonly EngineEvent[]) => Step
  /** A step is stored: all that follows from it. */
  readonly stored: (step: Step) => void
  /** Told why a turn came to nothing. */
  readonly failed: (error: unknown) => void
}

/** What takes its turn between two batches: something synchronous that stores, together with its own, what is sent while it goes on. */
export class Turns {
  readonly #parts: TurnParts
  #waiting: ((refusal: unknown) => void)[] = []
  /** Facts that come in during a turn. */
  #gathered: ReturnType<typeof nothing> | undefined

  constructor(parts: TurnParts) {
    this.#parts = parts
  }

  /** How many wait for their turn. */
  get size(): number {
    return this.#waiting.length
  }

  /** Whether one is going on, and gathers what comes in. */
  get open(): boolean {
    return this.#gathered !== undefined
  }

  /** Gather a fact, where a turn is going on. */
  gather(event: EngineEvent, taken: Taken | undefined, seat: Seat | undefined): boolean {
    this.#gathered?.events.push(event)
    this.#gathered?.taken.push(taken)
    this.#gathered?.seats.push(seat)
    return this.open
  }

  /** Wait for a turn: see `Between`. */
  wait<T>(act: (settle: () => Batch) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.push((refusal) => {
        try {
          if (refusal !== undefined) throw refusal
          resolve(this.#take(act))
        } catch (error) {
          this.#parts.failed(error)
          reject(error)
        }
      })
    })
  }

  /** Let all that wait have their turn, or refuse them. */
  run(refusal: unknown): void {
    for (const turn of this.#waiting.splice(0)) turn(refusal)
  }

  /** Where it throws, nothing is stored, and all who sent within it are told why. */
  #take<T>(act: (settle: () => Batch) => T): T {
    const gathered = nothing()
    const { events } = gathered
    let step: Step | undefined
    let done: T
    this.#gathered = gathered
    try {
      done = act(() => {
        this.#gathered = undefined
        step = this.#parts.advance(events)
        return batchOf(step, events)
      })
    } catch (error) {
      this.#gathered = undefined
      answerAll(gathered, error)
      throw error
    }
    this.#gathered = undefined
    if (step === undefined) return done
    this.#parts.stored(step)
    answerEach(gathered, step)
    return done
  }
}
