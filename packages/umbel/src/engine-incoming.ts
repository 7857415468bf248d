import type { Encoded, EngineEvent, Seat } from '@umbel/core'

/**
 * Called once a fact is stored, with what `advance` answers, or with the reason why it was not. It is told which, so that one may wait for many;
 * and where the row is at hand of what that is about, where that is known.
 */
export type Taken = (error: unknown, answer: Encoded | undefined, event: EngineEvent, seat: Seat | undefined) => void

/** Facts that came in, and those who wait for them. */
export interface Came {
  readonly events: readonly EngineEvent[]
  /** Those who wait, each in the place of its event. */
  readonly taken: readonly (Taken | undefined)[]
  /** Where the row is at hand of what each fact is about, where that is known. */
  readonly seats?: readonly (Seat | undefined)[]
}

/** One fact of those that came in, by itself. */
export const oneOf = ({ taken, seats }: Came, index: number, event: EngineEvent): Came => ({
  events: [event],
  taken: [taken[index]],
  seats: [seats?.[index]],
})

/** The most facts for which there is room before they come. */
const MOST_ROOM = 1_024

/**
 * Facts as they come in. Its lists have room for so many from the first: one that grows is copied each time, to three times as much memory in all,
 * which with three lists was a tenth of what a task made.
 */
export class Incoming {
  readonly #events: EngineEvent[]
  readonly #taken: (Taken | undefined)[]
  readonly #seats: (Seat | undefined)[]
  #from = 0
  #end = 0

  constructor(room: number) {
    const most = Math.min(room, MOST_ROOM)
    this.#events = new Array(most)
    this.#taken = new Array(most)
    this.#seats = new Array(most)
  }

  /** How many there are. */
  get size(): number {
    return this.#end - this.#from
  }

  add(event: EngineEvent, taken: Taken | undefined, seat: Seat | undefined): void {
    const at = this.#end
    this.#events[at] = event
    this.#taken[at] = taken
    this.#seats[at] = seat
    this.#end = at + 1
  }

  /** Call this, too, once the last of them is stored, or is not. There is one. */
  whenLast(answered: () => void): void {
    const last = this.#end - 1
    const taken = this.#taken[last]
    this.#taken[last] = (...told) => {
      taken?.(...told)
      answered()
    }
  }

  *events(): Generator<EngineEvent> {
    for (let at = this.#from; at < this.#end; at += 1) yield this.#events[at] as EngineEvent
  }

  /** Take out the first of them, at most so many. */
  take(most: number): Came {
    const [events, taken, seats] = [this.#events, this.#taken, this.#seats]
    const [from, end] = [this.#from, Math.min(this.#end, this.#from + most)]
    if (from === 0 && end === this.#end) {
      events.length = taken.length = seats.length = this.#from = end // nobody adds to what is taken: the next ones are others
      return { events, taken, seats }
    }
    this.#from = end
    const came = { events: events.slice(from, end), taken: taken.slice(from, end), seats: seats.slice(from, end) }
    for (const list of [taken, seats]) list.fill(undefined, from, end) // it stays for as long as there are more
    return came
  }
}
