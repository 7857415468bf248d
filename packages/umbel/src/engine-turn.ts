import type { Batch, EngineEvent, Seat, Step } from '@umbel/core'
import { answerAll, answerEach, batchOf } from './engine-batch.ts'
import { type Came, Incoming, type Taken } from './engine-incoming.ts'

/** Facts for which there is room: few send more. */
const ROOM = 4

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
  #gathered: Incoming | undefined

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
    this.#gathered?.add(event, taken, seat)
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
    const gathered = new Incoming(ROOM)
    let came: Came | undefined
    /** What was gathered; nothing is any more. */
    const close = (): Came => {
      this.#gathered = undefined
      came ??= gathered.take(gathered.size)
      return came
    }
    let step: Step | undefined
    let done: T
    this.#gathered = gathered
    try {
      done = act(() => {
        const { events } = close()
        step = this.#parts.advance(events)
        return batchOf(step, events)
      })
    } catch (error) {
      answerAll(close(), error)
      throw error
    }
    const all = close()
    if (step === undefined) return done
    this.#parts.stored(step)
    answerEach(all, step)
    return done
  }
}
