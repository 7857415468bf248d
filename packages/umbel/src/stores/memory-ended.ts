import type { ChartRow, TaskRow, WorkflowRow } from '@umbel/core'
import { RowList } from './row-list.ts'

/** A task outside of workflows, a workflow or a run: what is kept or dropped as a whole. */
export type RootRow = TaskRow | WorkflowRow | ChartRow

/** Rows of what has ended, the oldest first. Most are dropped without anybody having asked for them. */
export class EndedRows {
  readonly #list = new RowList<RootRow>()
  /** How many rows there are, the nodes of workflows included. */
  #rows = 0

  /** Put a row behind the others. */
  add(row: RootRow): void {
    this.#list.add(row)
    this.#rows += sizeOf(row)
  }

  get(id: string): RootRow | undefined {
    return this.#list.get(id)
  }

  /** Put another row in the place of the one of the same id; false where there is none. */
  replace(row: RootRow): boolean {
    const place = this.#list.placeOf(row.id)
    if (place < 0) return false
    this.#rows += sizeOf(row) - sizeOf(this.#list.replace(place, row))
    return true
  }

  /** Take a row out. */
  drop(id: string): RootRow | undefined {
    const place = this.#list.placeOf(id)
    if (place < 0) return undefined
    const row = this.#list.take(place)
    this.#rows -= sizeOf(row)
    return row
  }

  /** Take the oldest out while there are more than `keep` rows, but never the newest there is, and call back with each. */
  prune(keep: number, dropped: (row: RootRow) => void): void {
    while (this.#rows > keep) {
      const row = this.#list.takeOldest()
      if (row === undefined) return
      this.#rows -= sizeOf(row)
      dropped(row)
    }
  }
}

const sizeOf = (row: RootRow): number => (row.kind === 'workflow' ? row.plan.nodes.length + 1 : 1)
