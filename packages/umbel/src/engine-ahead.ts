import type { Row, Step, UmbelError } from '@umbel/core'
import { refusalOf } from './engine-batch.ts'
import type { Came } from './engine-incoming.ts'

/** A row by its id. */
export type RowOf = (id: string) => Row | undefined

/** A batch that the store has. */
export interface Committed {
  readonly step: Step
  readonly came: Came
}

/** What the engine does for what is ahead. */
export interface AheadParts {
  /** What follows from a batch that is safe. `row`: a row as it stands after it. */
  readonly follow: (batch: Committed, row: RowOf) => void
  /** A row as it stands now. */
  readonly row: RowOf
  /** Told that it cannot be known any more what is safe, and of each batch from which nothing follows for that reason. */
  readonly lost: (error: UmbelError) => void
  readonly refuse: (batch: Committed, error: UmbelError) => void
}

/** What has been worked out ahead of what is safe: from each batch in order follows what is to follow, once it is. */
export class Ahead {
  readonly #parts: AheadParts
  readonly #batches: Committed[] = []
  #caughtUp: Promise<void> = Promise.resolve()
  #unsafe: UmbelError | undefined

  constructor(parts: AheadParts) {
    this.#parts = parts
  }

  /** Batches from which nothing has followed yet. */
  get size(): number {
    return this.#batches.length
  }

  /** Resolves once what is to follow from all of them has followed. */
  get caughtUp(): Promise<void> {
    return this.#caughtUp
  }

  /** Why it cannot be known any more what is safe. */
  get unsafe(): UmbelError | undefined {
    return this.#unsafe
  }

  /** Whether a row is of one of them. */
  has(row: Row): boolean {
    return this.#batches.some(({ step }) => step.rows.includes(row))
  }

  /** How many tasks are on their way to lanes that have not been told of them. */
  get onTheWay(): number {
    let count = 0
    for (const { step } of this.#batches) for (const { type } of step.commands) if (type === 'run-task') count += 1
    return count
  }

  /** Let what follows from a batch follow once it is safe, which is at once where `safe` is `undefined`, and behind all before it. */
  take(batch: Committed, safe: Promise<void> | undefined): void {
    if (safe === undefined && this.size === 0) return this.#parts.follow(batch, this.#parts.row)
    this.#batches.push(batch)
    this.#caughtUp = Promise.all([this.#caughtUp, safe]).then(
      () => this.#follow(),
      (cause: unknown) => {
        this.#unsafe = refusalOf(cause, batch.came.events.length)
        this.#parts.lost(this.#unsafe)
        this.#follow()
      },
    )
  }

  /** What follows from the first of them. */
  #follow(): void {
    const batch = this.#batches.shift() as Committed
    const { follow, refuse, row } = this.#parts
    if (this.#unsafe !== undefined) return refuse(batch, this.#unsafe)
    if (this.size === 0) return follow(batch, row)
    const rows = new Map(batch.step.rows.map((own) => [own.id, own]))
    follow(batch, (id) => rows.get(id) ?? row(id))
  }
}
