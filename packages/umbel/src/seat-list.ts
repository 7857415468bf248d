/** Places from the start, and at least. */
const LEAST = 1_024

/** The place of what is in no list. */
export const UNLISTED = -1
/** The place of what was in one. */
const GONE = -2

/** What stands in a list, and knows where. */
export interface Listed {
  at: number
}

/**
 * What comes and goes all the time under ids that grow, as those do that are made here: each in a place that it knows itself. To add it and to take it out is next to
 * nothing, where a map by id takes a hash of each id, a look to set it, another to delete it, and a table made anew now and then, 8 % of what a task costs
 * the main loop. Whoever has nothing but an id finds the place by halves, as the ids are in order.
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
  /** The place behind the one that was found last: most are looked for in their order, or nearly so. */
  #near = 0
  /** How many go through it just now: until they are through, nothing is moved. */
  #readers = 0

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

  /** Take out what is in the list, unless it has been taken out. */
  delete(seat: S): void {
    if (seat.at === GONE) return
    this.#seats[seat.at] = undefined
    seat.at = GONE
    this.#size -= 1
    if (this.#size === 0 && this.#readers === 0) this.#end = 0
  }

  /** What is there, in the order in which it came. */
  *values(): Generator<S, void, undefined> {
    this.#readers += 1
    try {
      for (let place = 0; place < this.#end; place += 1) {
        const seat = this.#seats[place]
        if (seat !== undefined) yield seat
      }
    } finally {
      this.#readers -= 1
    }
  }

  /** The first place of an id that is not before this one: further and further from the one that was found last, then by halves. */
  #search(id: string): number {
    const ids = this.#ids as readonly string[]
    const end = this.#end
    let [low, high] = [0, Math.min(this.#near, end)]
    for (let step = 8; high < end && (ids[high] as string) < id; step *= 4) {
      low = high + 1
      high = Math.min(high + step, end)
    }
    for (let step = 8; step < high - low; step *= 4) {
      if ((ids[high - step] as string) < id) low = high - step + 1
      else high -= step
    }
    while (low < high) {
      const middle = (low + high) >> 1
      if ((ids[middle] as string) < id) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Close up where most places are empty, else have as many more; where next to nothing is left of many, have fewer. */
  #makeRoom(): void {
    const room = this.#seats.length
    const closes = this.#readers === 0 && this.#size * 2 <= room
    if (closes && (room === LEAST || this.#size * 16 > room)) return this.#closeUp(this.#ids, this.#seats)
    const wanted = closes ? Math.max(LEAST, room / 4) : room * 2
    this.#closeUp(places(wanted), places(wanted))
  }

  /** Move what is there, and where that would disturb readers all places, to the beginning of these. */
  #closeUp(ids: (string | undefined)[], seats: (S | undefined)[]): void {
    const [from, before] = [this.#seats, this.#ids]
    let end = 0
    for (let place = 0; place < this.#end; place += 1) {
      const seat = from[place]
      if (seat === undefined && this.#readers === 0) continue
      ids[end] = before[place]
      seats[end] = seat
      if (seat !== undefined) seat.at = end
      end += 1
    }
    ids.fill(undefined, end)
    seats.fill(undefined, end)
    this.#ids = ids
    this.#seats = seats
    this.#end = end
  }
}

/** So many places with nothing in them. */
function places<T>(count: number): (T | undefined)[] {
  return new Array<T | undefined>(count).fill(undefined)
}
