import { type ChartRow, isIdleRun, type Store } from '@umbel/core'
import type { Engine } from '../engine.ts'
import type { Results } from '../results.ts'

/** Idle runs that stay in memory, as the next event for one of them may be near. */
const MOST_AWAKE = 1_000

/** What idle runs are taken out of. */
export interface IdleRunsParts {
  readonly engine: Engine
  readonly store: Store
  readonly results: Results
}

/**
 * Lets runs that wait for nothing but an event or their time sleep: their rows are in the store alone, where that is elsewhere than
 * in memory, and are read again once a fact is about them. What is left of one is its id, and its timer.
 */
export class IdleRuns {
  readonly #parts: IdleRunsParts
  /** Idle ones in memory, the one that was so longest first. */
  readonly #awake = new Set<string>()
  /** The machines of those that sleep, by id. */
  readonly #asleep = new Map<string, string>()
  readonly #most: number

  constructor(parts: IdleRunsParts, most: number = MOST_AWAKE) {
    this.#parts = parts
    this.#most = parts.store.rest === undefined ? Number.POSITIVE_INFINITY : most
  }

  /** Those that sleep: ids with their machines. */
  get asleep(): ReadonlyMap<string, string> {
    return this.#asleep
  }

  /** A run was stored or loaded. */
  seen(row: ChartRow): void {
    this.#asleep.delete(row.id)
    this.#awake.delete(row.id)
    if (this.#most === Number.POSITIVE_INFINITY || !isIdleRun(row)) return
    this.#awake.add(row.id)
    if (this.#awake.size <= this.#most) return
    const [longest] = this.#awake
    if (longest !== undefined) this.#rest(longest)
  }

  #rest(id: string): void {
    const { engine, store, results } = this.#parts
    this.#awake.delete(id)
    const row = engine.get(id)
    if (row?.kind !== 'chart' || engine.isAhead(row)) return // of what is ahead it is told again
    this.#asleep.set(id, row.machine)
    engine.release(row)
    results.rest(id)
    store.rest?.(id)
  }
}
