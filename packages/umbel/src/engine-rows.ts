import { nodeId, type Row, type RowReader, type TaskRow } from '@umbel/core'
import { isActive } from './engine-batch.ts'
import { Followers } from './followers.ts'
import { SteadyMap } from './steady-map.ts'

/** What an engine has at hand: the rows of what is going on. */
export class EngineRows implements RowReader {
  /** Rows of what has not ended, and of all nodes of workflows that have not; streams that are read; keys that are held. */
  readonly #rows = new SteadyMap<Row>()
  readonly #followers = new Followers()
  /** Tasks that wait in a lane or run. */
  #active = 0

  /** A row as it stands, of something that has not ended. */
  get(id: string): Row | undefined {
    return this.#rows.get(id)
  }

  task(id: string): TaskRow | undefined {
    const row = this.#rows.get(id)
    return row?.kind === 'task' ? row : undefined
  }

  /** Ids of the tasks that follow something and have not ended, in the order in which they came to. */
  following(id: string): Iterable<string> {
    return this.#followers.of(id)
  }

  /** Tasks that wait in a lane or run; those that wait for their time are not counted. */
  get active(): number {
    return this.#active
  }

  /** All rows of what has not ended. */
  rows(): Iterable<Row> {
    return this.#rows.values()
  }

  /** Go on with something where the store has it. */
  resume(row: Row): void {
    this.set(row)
  }

  /** Forget what is over: a task outside of workflows, a workflow with its nodes, a stream that nobody reads. */
  release(row: Row): void {
    const now = this.#rows.get(row.id)
    if (now !== row && now !== undefined && 'endedAt' in now && now.endedAt === undefined) return // it has been begun again
    if (row.kind === 'stream' || row.kind === 'chart' || (row.kind === 'task' && row.workflow === undefined))
      this.#rows.delete(row.id)
    if (row.kind !== 'workflow') return
    this.#rows.delete(row.id)
    for (const index of row.plan.nodes.keys()) this.#rows.delete(nodeId(row.id, index))
  }

  /** A row is stored. */
  protected set(row: Row): void {
    if (row.kind === 'key' && row.state !== 'held') return void this.#rows.delete(row.id)
    const before = this.#rows.get(row.id)
    this.#active += Number(isActive(row)) - Number(isActive(before))
    this.#rows.set(row.id, row)
    this.#followers.changed(before, row)
  }
}
