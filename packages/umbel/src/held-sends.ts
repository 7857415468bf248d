import type { Lane } from './lanes/lane.ts'
import { reserve, unreserve, type Wants } from './producer.ts'
import { nextTurn } from './system.ts'

/** Sends of one line taken in before the event loop gets a turn. */
const A_TURN = 250

/** A send that stays in the inbox until there is space for it: no more than this is kept of it. */
export interface HeldSend {
  /** Its place in the inbox. */
  readonly n: number
  readonly id: string
  readonly wants: Wants
}

/**
 * What senders have sent and the lanes have no space for: it waits in the inbox, in the line of a lane, in the order in which it came. A line moves
 * on as its lane has space; what is for other lanes passes it by.
 */
export class HeldSends {
  readonly #enter: (held: HeldSend) => Promise<void>
  readonly #failed: (error: unknown) => void
  readonly #lines = new Map<Lane, Map<number, HeldSend>>()
  /** Where something waits, by its id. */
  readonly #places = new Map<string, { readonly line: Map<number, HeldSend>; readonly n: number }>()
  readonly #moving = new Set<Lane>()

  /** `enter` takes something in whose places are held, and rejects where it could not be stored; `failed` is told that. */
  constructor(enter: (held: HeldSend) => Promise<void>, failed: (error: unknown) => void) {
    this.#enter = enter
    this.#failed = failed
  }

  /** How many wait for a lane. */
  waitingFor(lane: Lane): number {
    return this.#lines.get(lane)?.size ?? 0
  }

  /** The lane that has no space for something, or a line in front of it already; `undefined` where it can be taken in. */
  fullFor(wants: Wants): Lane | undefined {
    return wants.find(([lane, count]) => this.waitingFor(lane) > 0 || !lane.takes(count))?.[0]
  }

  /** Let something wait in the line of a lane. */
  hold(lane: Lane, held: HeldSend): void {
    const line = this.#lines.get(lane) ?? new Map<number, HeldSend>()
    this.#lines.set(lane, line)
    line.set(held.n, held)
    this.#places.set(held.id, { line, n: held.n })
    this.#move(lane, line)
  }

  /** Take something out of its line, for somebody who has more to say about it. Its places are held then, whether there is space or not. */
  pull(id: string): HeldSend | undefined {
    const { line, n } = this.#places.get(id) ?? {}
    const held = n === undefined ? undefined : line?.get(n)
    if (line === undefined || held === undefined) return undefined
    this.#leave(line, held)
    reserve(held.wants)
    return held
  }

  /** The same of all that wait. */
  pullAll(): HeldSend[] {
    return Array.from(this.#places.keys(), (id) => this.pull(id)).filter((held) => held !== undefined)
  }

  /** Forget all: it is found in the inbox again. */
  clear(): void {
    for (const line of this.#lines.values()) line.clear()
    this.#places.clear()
  }

  #move(lane: Lane, line: Map<number, HeldSend>): void {
    if (this.#moving.has(lane)) return
    this.#moving.add(lane)
    this.#moveOn(line)
      .catch(this.#failed)
      .finally(() => {
        this.#moving.delete(lane)
        if (line.size > 0) this.#move(lane, line)
      })
  }

  async #moveOn(line: Map<number, HeldSend>): Promise<void> {
    let entered = 0
    for (const held of line.values()) {
      if (!(await reservedFor(held))) return this.clear()
      if (line.get(held.n) !== held) unreserve(held.wants)
      else {
        this.#leave(line, held)
        this.#enter(held).catch(this.#failed)
        if (++entered % A_TURN === 0) await nextTurn()
      }
    }
  }

  #leave(line: Map<number, HeldSend>, { n, id }: HeldSend): void {
    line.delete(n)
    if (this.#places.get(id)?.n === n) this.#places.delete(id)
  }
}

/** Hold the places of something once there is space for all of them; `false` where the app has stopped. */
async function reservedFor({ wants }: HeldSend): Promise<boolean> {
  const got: [Lane, number][] = []
  try {
    for (const [lane, count] of wants) {
      await lane.reservedLate(count)
      got.push([lane, count])
    }
    return true
  } catch {
    unreserve(got)
    return false
  }
}
