/** Places from the start, and at most where nobody goes through them. */
const LEAST = 1_024
const MOST = 16_384

/** The place of what is in no list. */
export const UNLISTED = -1
/** The place of what was taken out of one. */
export const GONE = -2

/** What stands in a list, and knows where. */
export interface Listed {
  at: number
}

/** Takes what leaves a list. */
export interface Elders<S> {
  add(id: string, seat: S): void
}

/**
 * What comes and goes all the time under ids that grow, as those do that are made here: each in a place that it knows itself. To add it and to take it out is next to
 * nothing, where a map by id takes a hash of each id, a look to set it, another to delete it, and a table made anew now and then, 8 % of what a task costs
 * the main loop. Whoever has nothing but an id finds the place by halves, as the ids are in order. That is for what is soon gone: to look for one of 100,000
 * by halves would wait for memory ten times as often as a map does. So where more than a few thousand stay, they leave together for where they are found sooner.
 */
export class SeatList<S extends Listed> {
  /** Ids of what is there, and of what was until the list is closed up: by these the others are found. */
  #ids: (string | undefined)[] = places(LEAST)
  #seats: (S | undefined)[] = places(LEAST)
  /** The place behind the last one. */
  #end = 0
  #size = 0
  /** The greatest id that has ever been here. */
  #last = ''
  /** The place behind the one that was found last: most are looked for in their order. */
  #near = 0
  /** How many go through it just now: until they are through, nothing is moved. */
  #readers = 0
  readonly #elders: Elders<S>

  /** `elders`: where those go that leave because too many stay. */
  constructor(elders: Elders<S>) {
    this.#elders = elders
  }

  /** Put something behind all others. Tells whether it was: not where its id does not come behind all there have been. */
  add(id: string, seat: S): boolean {
    if (id <= this.#last) return false
    if (this.#end === this.#seats.length) this.#makeRoom()
    this.#last = id
    this.#ids[this.#end] = id
    this.#seats[this.#end] = seat
    seat.at = this.#end
    this.#end += 1
    this.#size += 1
    return true
  }

  get(id: string): S | undefined {
    if (this.#size === 0 || id > this.#last) return undefined
    if (this.#ids[this.#near] !== id) this.#near = this.#search(id)
    const place = this.#near
    if (this.#ids[place] !== id) return undefined
    this.#near = place + 1
    return this.#seats[place]
  }

  /** Take out what is in the list. */
  delete(seat: S): void {
    this.#seats[seat.at] = undefined
    seat.at = GONE
    this.#size -= 1
    if (this.#size > 0 || this.#readers > 0) return
    this.#end = 0
    if (this.#seats.length > MOST) this.#move(MOST)
  }

  /** What is there, in the order in which it came, and then what others have: until whoever goes through it is through, nothing leaves for those. */
  *values(...others: readonly Iterable<S>[]): Generator<S, void, undefined> {
    this.#readers += 1
    try {
      for (let place = 0; place < this.#end; place += 1) {
        const seat = this.#seats[place]
        if (seat !== undefined) yield seat
      }
      for (const other of others) yield* other
    } finally {
      this.#readers -= 1
    }
  }

  /** The first place of an id that is not before this one. */
  #search(id: string): number {
    let [low, high] = [0, this.#end]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#ids[middle] as string) < id) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Close up where at most half of the places have something, else have twice as many, and in place of more than there may be have all leave. */
  #makeRoom(): void {
    const room = this.#seats.length
    if (this.#readers > 0) return this.#move(room * 2)
    const rest = Math.min(room, MOST)
    if (this.#size * 2 <= rest) return this.#move(rest)
    if (room < MOST) return this.#move(room * 2)
    const [ids, seats, end] = [this.#ids, this.#seats, this.#end]
    this.#ids = places(MOST)
    this.#seats = places(MOST)
    this.#end = this.#size = 0
    for (let place = 0; place < end; place += 1) {
      const seat = seats[place]
      if (seat === undefined) continue
      seat.at = UNLISTED
      this.#elders.add(ids[place] as string, seat)
    }
  }

  /** Move what is there, and where that would disturb readers all places, to so many. */
  #move(room: number): void {
    const [from, before] = [this.#seats, this.#ids]
    const isSame = room === from.length
    const [ids, seats] = isSame ? [before, from] : [places<string>(room), places<S>(room)]
    let end = 0
    for (let place = 0; place < this.#end; place += 1) {
      const seat = from[place]
      if (seat === undefined && this.#readers === 0) continue
      ids[end] = before[place]
      seats[end] = seat
      if (seat !== undefined) seat.at = end
      end += 1
    }
    if (isSame) {
      ids.fill(undefined, end)
      seats.fill(undefined, end)
    }
    this.#ids = ids
    this.#seats = seats
    this.#end = end
  }
}

/** So many places with nothing in them. */
function places<T>(count: number): (T | undefined)[] {
  return new Array<T | undefined>(count).fill(undefined)
}
