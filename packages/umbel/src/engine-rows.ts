import type { Row, RowReader, Seat, Step, TaskRow } from '@umbel/core'
import { isActive } from './engine-batch.ts'
import { Followers } from './followers.ts'
import { Seats } from './seats.ts'

/** What an engine has at hand: the rows of what is going on. */
export class EngineRows implements RowReader {
  /** Rows of what has not ended, and of all nodes of workflows that have not; streams that are read; keys that are held. */
  readonly #seats: Seats<unknown>
  readonly #followers = new Followers()
  /** Tasks that wait in a lane or run. */
  #active = 0

  constructor(seats: Seats<unknown> = new Seats()) {
    this.#seats = seats
  }

  /** A row as it stands, of something that has not ended. */
  get(id: string): Row | undefined {
    return this.#seats.get(id)?.row
  }

  seat(id: string, known?: Seat): Seat | undefined {
    return known !== undefined && this.#seats.keeps(known) ? known : this.#seats.get(id)
  }

  make(id: string): Seat {
    return this.#seats.make(id)
  }

  unmake(id: string, seat: Seat): void {
    this.#seats.left(id, this.#seats.own(seat))
  }

  node(workflow: string, node: number): Seat | undefined {
    return this.#seats.node(workflow, node)
  }

  task(id: string): TaskRow | undefined {
    const row = this.get(id)
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
    return this.#seats.rows()
  }

  /** Go on with something where the store has it. */
  resume(row: Row): void {
    this.set(row)
  }

  /** Forget what is over: a task outside of workflows, a workflow with its nodes, a stream that nobody reads. */
  release(row: Row, known?: Seat): void {
    const seat = known ?? this.#seats.get(row.id)
    const now = seat?.row
    if (now !== row && now !== undefined && 'endedAt' in now && now.endedAt === undefined) return // it has been begun again
    if (row.kind === 'stream' || row.kind === 'chart' || (row.kind === 'task' && row.workflow === undefined))
      this.#drop(row.id, seat)
    if (row.kind !== 'workflow') return
    this.#drop(row.id, seat)
    this.#seats.dropNodes(row.id)
  }

  /** A step has been worked out: its seats stay until `setAll` or `unset` is called with it. */
  protected hold(): void {
    this.#seats.hold()
  }

  /** The rows of a step are stored. */
  protected setAll({ rows, seats }: Step): void {
    for (let at = 0; at < rows.length; at += 1) this.set(rows[at] as Row, seats?.[at])
    this.#seats.free()
  }

  /** The rows of a step are not stored. */
  protected unset({ rows, seats }: Step): void {
    this.#seats.free()
    if (seats !== undefined) for (const [at, seat] of seats.entries()) this.unmake((rows[at] as Row).id, seat)
  }

  /** A row is stored. */
  protected set(row: Row, known?: Seat): void {
    if (row.kind === 'key' && row.state !== 'held') return this.#drop(row.id, known)
    const seat: Seat = known ?? this.#seats.take(row.id)
    const before = seat.row
    this.#active += Number(isActive(row)) - Number(isActive(before))
    seat.row = row
    this.#followers.changed(before, row)
  }

  #drop(id: string, seat: Seat | undefined = this.#seats.get(id)): void {
    if (seat === undefined) return
    seat.row = undefined
    this.#seats.left(id, this.#seats.own(seat))
  }
}
