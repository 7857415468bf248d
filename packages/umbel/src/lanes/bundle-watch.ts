import type { Timer } from '@umbel/core'
import { systemClock } from '../system.ts'

/** How often bundles under way are looked at, in milliseconds. What has come of them is told then. */
const LOOK = 2

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

/** Sees to it that nobody waits for an item of a bundle that lasts: what came before it is told, what comes after it is given back. */
export class BundleWatch<Bundle> {
  readonly #parts: BundleWatchParts<Bundle>
  /** The bundles under way, with the item that ran at the last looks, and how many these were. */
  readonly #bundles = new Map<Bundle, { item: number; looks: number }>()
  #timer: Timer | undefined

  constructor(parts: BundleWatchParts<Bundle>) {
    this.#parts = parts
  }

  add(bundle: Bundle): void {
    if (!this.#bundles.has(bundle)) this.#bundles.set(bundle, { item: 0, looks: 0 })
    this.#timer ??= systemClock.setTimer(() => this.#look(), LOOK)
  }

  delete(bundle: Bundle): void {
    this.#bundles.delete(bundle)
  }

  #look(): void {
    const { running, collect, recall } = this.#parts
    for (const [bundle, seen] of this.#bundles) {
      const item = running(bundle)
      seen.looks = item !== 0 && item === seen.item ? seen.looks + 1 : 1
      seen.item = item
      if (seen.looks > LASTS) recall(bundle)
      else collect(bundle)
    }
    this.#timer = this.#bundles.size === 0 ? undefined : systemClock.setTimer(() => this.#look(), LOOK)
  }
}
