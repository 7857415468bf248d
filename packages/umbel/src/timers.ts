import type { Clock, Timer } from '@umbel/core'
import TinyQueue from 'tinyqueue'

interface Entry {
  readonly id: string
  readonly at: number
  /** Keeps entries of one moment in the order they were armed. */
  readonly order: number
}

const byMoment = (a: Entry, b: Entry): number => a.at - b.at || a.order - b.order

/** All moments somebody waits for, on one timer of the clock: countdowns, etas, delays of retries. A million of them is fine. */
export class Timers {
  readonly #clock: Clock
  readonly #due: (id: string) => void
  readonly #queue = new TinyQueue<Entry>([], byMoment)
  readonly #armed = new Map<string, Entry>()
  #order = 0
  #timer: Timer | undefined
  #timerAt = Number.POSITIVE_INFINITY
  #stopped = false

  constructor(clock: Clock, due: (id: string) => void) {
    this.#clock = clock
    this.#due = due
  }

  /** How many are armed. */
  get size(): number {
    return this.#armed.size
  }

  /** The next moment, or `undefined` when none is armed. */
  next(): number | undefined {
    this.#skipCancelled()
    return this.#queue.peek()?.at
  }

  /** Those that are armed, the next first. */
  *[Symbol.iterator](): IterableIterator<{ readonly id: string; readonly at: number }> {
    const queue = new TinyQueue([...this.#queue.data], byMoment)
    for (let entry = queue.pop(); entry !== undefined; entry = queue.pop())
      if (this.#armed.get(entry.id) === entry) yield entry
  }

  /** Call `due(id)` at a moment in milliseconds since the epoch. A second arming of an id replaces the first. */
  start(id: string, at: number): void {
    const entry = { id, at, order: this.#order++ }
    this.#armed.set(id, entry)
    this.#queue.push(entry)
    this.#rearm()
  }

  cancel(id: string): void {
    if (this.#armed.delete(id)) this.#rearm()
  }

  stop(): void {
    this.#stopped = true
    this.#armed.clear()
    this.#rearm()
  }

  #skipCancelled(): void {
    for (
      let head = this.#queue.peek();
      head !== undefined && this.#armed.get(head.id) !== head;
      head = this.#queue.peek()
    )
      this.#queue.pop()
  }

  #rearm(): void {
    const at = this.#stopped ? undefined : this.next()
    if (at === undefined) {
      this.#timer?.cancel()
      this.#timer = undefined
      this.#timerAt = Number.POSITIVE_INFINITY
    } else if (at !== this.#timerAt) {
      this.#timer?.cancel()
      this.#timerAt = at
      this.#timer = this.#clock.setTimer(() => this.#fire(), Math.max(0, at - this.#clock.now()))
    }
  }

  #fire(): void {
    this.#timer = undefined
    this.#timerAt = Number.POSITIVE_INFINITY
    const now = this.#clock.now()
    for (let at = this.next(); at !== undefined && at <= now; at = this.next()) {
      const entry = this.#queue.pop() as Entry
      this.#armed.delete(entry.id)
      this.#due(entry.id)
    }
    this.#rearm()
  }
}
