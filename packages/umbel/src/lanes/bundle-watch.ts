import type { Clock, Timer } from '@umbel/core'
import { removeFrom } from '../short-list.ts'
import { systemClock } from '../system.ts'

/** How often bundles under way are looked at, in milliseconds. */
const LOOK = 2

/** Looks that a bundle is left in peace: one whose items are as tiny as they were has been answered by then. */
const PATIENCE = 2

/** Looks at which one item runs until it lasts: on a busy machine a thread may wait for a processor half as long. */
const LASTS = 25

/** What is done about bundles. */
export interface BundleWatchParts<Bundle> {
  /** Number of the item that runs; 0 before the first. */
  readonly running: (bundle: Bundle) => number
  /** Take in what has come of it so far. */
  readonly collect: (bundle: Bundle) => void
  /** Give back what it has not begun. */
  readonly recall: (bundle: Bundle) => void
}

interface Watched<Bundle> {
  readonly bundle: Bundle
  /** Looks at it so far. */
  looks: number
  /** The item that ran at the last ones, and how many these were. */
  item: number
  same: number
}

/** Sees to it that nobody waits for an item of a bundle that lasts: what came before it is told, what comes after it is given back. */
export class BundleWatch<Bundle> {
  readonly #parts: BundleWatchParts<Bundle>
  readonly #clock: Pick<Clock, 'setTimer'>
  /** The bundles under way. */
  readonly #watched: Watched<Bundle>[] = []
  #timer: Timer | undefined

  constructor(parts: BundleWatchParts<Bundle>, clock: Pick<Clock, 'setTimer'> = systemClock) {
    this.#parts = parts
    this.#clock = clock
  }

  add(bundle: Bundle): void {
    if (this.#seen(bundle) === undefined) this.#watched.push({ bundle, looks: 0, item: 0, same: 0 })
    this.#timer ??= this.#clock.setTimer(() => this.#look(), LOOK)
  }

  delete(bundle: Bundle): void {
    const seen = this.#seen(bundle)
    if (seen !== undefined) removeFrom(this.#watched, seen)
  }

  #seen(bundle: Bundle): Watched<Bundle> | undefined {
    return this.#watched.find((seen) => seen.bundle === bundle)
  }

  #look(): void {
    const { running, collect, recall } = this.#parts
    for (const seen of [...this.#watched]) {
      const { bundle } = seen
      if (!this.#watched.includes(seen)) continue // given back with the one before it
      const item = running(bundle)
      seen.looks += 1
      seen.same = item !== 0 && item === seen.item ? seen.same + 1 : 1
      seen.item = item
      if (seen.same > LASTS) recall(bundle)
      else if (seen.same > 1 || seen.looks > PATIENCE) collect(bundle)
    }
    this.#timer = this.#watched.length === 0 ? undefined : this.#clock.setTimer(() => this.#look(), LOOK)
  }
}
