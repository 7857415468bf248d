import { removeFrom } from '../short-list.ts'

/** How a busy slot is given the next item before it is free, so that it goes on with that at once. */
export interface AheadOptions<T> {
  /** Whether an item is known to take but a moment: only behind such, and only such, are taken ahead. */
  readonly isShort: (item: T) => boolean
  /** Give back what was taken ahead and has not begun: something more urgent has come, or nothing more is to start. Its `over` is called as ever. */
  readonly recall: () => void
  /** Whether something lasts that was thought to take but a moment: nothing is taken ahead until it is over. */
  readonly lasts?: () => boolean
}

/** What was taken ahead: the lowest level of what was taken at once. */
export interface Ahead {
  level: number
}

/** Items taken by slots that are free until some are taken ahead again, once those had to be given back: where that is often so it does not pay. */
const HELD_BACK = 64

/** What was taken ahead of its time and is not over. Which of it has begun is not known here: each may not have. */
export class TakenAhead {
  readonly #all: Ahead[] = []
  /** How many have no slot yet. */
  #waiting = 0
  #heldBack = 0

  /** How many were taken ahead and have no slot yet. */
  get waiting(): number {
    return this.#waiting
  }

  /** Whether there is anything that was taken ahead and is not over. */
  get any(): boolean {
    return this.#all.length > 0
  }

  /** Whether it has not paid lately. */
  get isHeldBack(): boolean {
    return this.#heldBack > 0
  }

  /** One is taken ahead. */
  take(level: number): Ahead {
    const one = { level }
    this.#all.push(one)
    this.#waiting += 1
    return one
  }

  /** One is over. */
  over(one: Ahead): void {
    removeFrom(this.#all, one)
  }

  /** One has a slot now, or needs none any more. */
  settle(): void {
    this.#waiting -= 1
  }

  /** Whether there is something that is less urgent than this. */
  hasBelow(level: number): boolean {
    for (const one of this.#all) if (one.level < level) return true
    return false
  }

  /** What was taken ahead is given back. */
  recalled(): void {
    this.#heldBack = HELD_BACK
  }

  /** A slot that was free has taken an item. */
  passed(): void {
    if (this.#heldBack > 0) this.#heldBack -= 1
  }
}
