import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Root, RowTable } from './row-table.ts'

/** Most roots that are dropped in one transaction because their time is over; what is left goes with the next. */
const AT_ONCE = 1_000

/** What is kept of what has ended. */
export interface Keeping {
  /** Rows of what has ended in a state. */
  readonly most: (state: string) => number
  /** Milliseconds; `undefined` for as long as the bounds allow. */
  readonly ttl: number | undefined
}

/** Drops the oldest of what has ended, state by state: workflows whole, and never what has not ended or a node of it. */
export class Retention {
  readonly #rows: RowTable
  readonly #keeping: Keeping
  /** Rows kept by state; those that the open transaction has changed. */
  #sizes: Map<string, number>
  readonly #oldest: StatementSync
  readonly #counts: StatementSync

  constructor(database: DatabaseSync, rows: RowTable, keeping: Keeping) {
    this.#rows = rows
    this.#keeping = keeping
    this.#oldest = database.prepare(`SELECT n, id, state, size, plan, fixed IS 0 AS large, ended_at AS at FROM rows
      WHERE state = ? AND ended_at IS NOT NULL AND workflow IS NULL ORDER BY ended_at, n LIMIT ?`)
    this.#counts = database.prepare(`SELECT state, sum(size) AS size FROM rows
      WHERE ended_at IS NOT NULL AND workflow IS NULL GROUP BY state`)
    this.#sizes = this.#counted()
  }

  /** Something has ended. */
  ended({ state, size }: Root): void {
    this.#sizes.set(state, (this.#sizes.get(state) ?? 0) + size)
  }

  /** Something was dropped on demand. */
  dropped({ state, size }: Root): void {
    this.#sizes.set(state, (this.#sizes.get(state) ?? 0) - size)
  }

  /** Drop what is too much or too old at a moment, in milliseconds since the epoch. The newest of a state stays, however large. */
  prune(now: number): void {
    const { ttl, most } = this.#keeping
    for (const [state, size] of this.#sizes) {
      if (size > most(state)) this.#dropOldest(state, size - most(state))
      if (ttl !== undefined) this.#dropOlder(state, now - ttl)
    }
  }

  /** Whether only how many there are decides what is dropped. */
  get byNumber(): boolean {
    return this.#keeping.ttl === undefined
  }

  /** What is too much of each state, for others to drop: it counts as dropped. */
  takeExcess(): [state: string, count: number][] {
    const excess: [string, number][] = []
    for (const [state, size] of this.#sizes) {
      const most = this.#keeping.most(state)
      if (size <= most) continue
      excess.push([state, size - most])
      this.#sizes.set(state, most)
    }
    return excess
  }

  /** Something that counts as ended has not, and what counts as dropped is there. */
  takeBack(ended: readonly Root[], excess: readonly (readonly [state: string, count: number])[]): void {
    for (const root of ended) this.dropped(root)
    for (const [state, count] of excess) this.#sizes.set(state, (this.#sizes.get(state) ?? 0) + count)
  }

  /** Count again: the transaction was rolled back. */
  recount(): void {
    this.#sizes = this.#counted()
  }

  #dropOldest(state: string, excess: number): void {
    let left = excess
    while (left > 0) {
      const most = Math.min(AT_ONCE, left + 1) // each is one row at least, and behind the last one there is another
      const roots = this.#find(state, most)
      const newest = roots.length < most ? roots.pop() : undefined
      for (const root of roots) {
        if (left <= 0) return
        this.#drop(root)
        left -= root.size
      }
      if (newest !== undefined || roots.length === 0) return
    }
  }

  #dropOlder(state: string, before: number): void {
    if (this.#find(state, 1).every(({ at }) => at > before)) return
    for (const root of this.#find(state, AT_ONCE)) if (root.at <= before) this.#drop(root)
  }

  #find(state: string, limit: number): (Root & { readonly at: number })[] {
    return this.#oldest.all(state, limit) as unknown as (Root & { at: number })[]
  }

  #drop(root: Root): void {
    this.#rows.drop(root)
    this.dropped(root)
  }

  #counted(): Map<string, number> {
    return new Map(this.#counts.all().map((row) => [row.state as string, Number(row.size)]))
  }
}
