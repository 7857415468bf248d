import { type ChartRow, type Charts, isIdleRun, type Store } from '@umbel/core'
import type { Engine } from '../engine.ts'
import type { Results } from '../results.ts'

/** Idle runs that stay in memory, as the next event for one of them may be near. */
const MOST_AWAKE = 1_000

/** What idle runs are taken out of. */
export interface IdleRunsParts {
  readonly engine: Engine
  readonly store: Store
  readonly results: Results
  /** The machines that are known here. */
  readonly charts: Charts
}

/**
 * Lets runs that wait for nothing but an event or their time sleep: their rows are in the store alone, where that is elsewhere than
 * in memory, and are read again once a fact is about them. What is left of one is its id, and its timer.
 */
export class IdleRuns {
  readonly #parts: IdleRunsParts
  /** Idle ones in memory, the one that was so longest first. */
  readonly #awake = new Set<string>()
  /** Ids of those that sleep, by machine. */
  readonly #asleep = new Map<string, Set<string>>()
  readonly #most: number

  constructor(parts: IdleRunsParts, most: number = MOST_AWAKE) {
    this.#parts = parts
    this.#most = parts.store.rest === undefined ? Number.POSITIVE_INFINITY : most
  }

  /** Those that sleep: ids by machine. */
  get asleep(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#asleep
  }

  /** A run was stored. One whose machine is not registered has missed something: it is needed once that is. */
  seen(row: ChartRow): void {
    this.#asleep.get(row.machine)?.delete(row.id)
    this.#awake.delete(row.id)
    if (isIdleRun(row) && this.#isKnown(row)) this.#wake(row.id)
  }

  /** A run was loaded. Whether it can sleep; one does not that has kept something for a machine that is not registered. */
  found(row: ChartRow): boolean {
    const idle = isIdleRun(row) && (row.kept.length === 0 || this.#isKnown(row))
    if (idle) this.#wake(row.id)
    return idle
  }

  #isKnown({ machine, version }: ChartRow): boolean {
    return this.#parts.charts.find(machine, version) !== undefined
  }

  #wake(id: string): void {
    if (this.#most === Number.POSITIVE_INFINITY) return
    this.#awake.add(id)
    if (this.#awake.size <= this.#most) return
    const [longest] = this.#awake
    if (longest !== undefined) this.#rest(longest)
  }

  #rest(id: string): void {
    const { engine, store, results } = this.#parts
    this.#awake.delete(id)
    const row = engine.get(id)
    if (row?.kind !== 'chart' || engine.isAhead(row)) return // of what is ahead it is told again
    const asleep = this.#asleep.get(row.machine)
    if (asleep === undefined) this.#asleep.set(row.machine, new Set([id]))
    else asleep.add(id)
    engine.release(row)
    results.rest(id)
    store.rest?.(id)
  }
}
