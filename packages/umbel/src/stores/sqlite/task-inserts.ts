import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { SENT, type Value } from './journal-entry.ts'

/** Rows that one statement inserts: of five microseconds a row a third is what a statement costs by itself. */
const TOGETHER = 8

/** Places of values: see `SENT`. */
const NUMBER = 0
const ID = 1

/** SQLite's words for a row whose id, or whose number, is there already. */
const TAKEN: ReadonlySet<unknown> = new Set([2067, 1555])

/** Inserts rows of single tasks, several by one statement. Within transactions of whoever uses it. */
export class TaskInserts {
  readonly #statements: Record<'one' | 'several' | 'dropTaken' | 'dropLarge', StatementSync>
  /** Values of rows that are still to be inserted, `SENT` each. */
  #values: Value[] = []

  constructor(database: DatabaseSync) {
    // where it fails what it has inserted stays, and is put in its place with the others: else SQLite would note what to undo, in a file of its own where it is much
    const insert = (rows: number): StatementSync =>
      database.prepare(`INSERT OR FAIL INTO rows (n, id, kind, state, task, parent, sent_at, ended_at, size, spec, fixed, body)
        VALUES ${Array(rows).fill("(?, ?, 'task', ?, ?, ?, ?, ?, 1, ?, ?, ?)").join(', ')}`)
    this.#statements = {
      one: insert(1),
      several: insert(TOGETHER),
      dropTaken: database.prepare('DELETE FROM rows WHERE n = ? OR id = ?'),
      dropLarge: database.prepare('DELETE FROM large WHERE id = ?'),
    }
  }

  /** Insert a row, given its values in a list: now, or with others as they come. */
  add(list: readonly Value[], at: number): void {
    for (let place = at; place < at + SENT; place += 1) this.#values.push(list[place] as Value)
    if (this.#values.length === TOGETHER * SENT) this.finish()
  }

  /** Have all inserted: before anything else is done with the table. */
  finish(): void {
    const values = this.#values
    if (values.length === 0) return
    this.#values = []
    if (values.length === TOGETHER * SENT && this.#insertSeveral(values)) return
    for (let at = 0; at < values.length; at += SENT) this.#insert(values.slice(at, at + SENT))
  }

  /** Those of a transaction that was rolled back are not to be inserted any more. */
  forget(): void {
    this.#values = []
  }

  /** Returns whether it could be done: what was read from the journal may be in its table already, as it was then or as it came to be. */
  #insertSeveral(values: readonly Value[]): boolean {
    try {
      this.#statements.several.get(...values)
      return true
    } catch (error) {
      if (!isTaken(error)) throw error
      return false
    }
  }

  #insert(values: readonly Value[]): void {
    try {
      this.#statements.one.get(...values)
    } catch (error) {
      if (!isTaken(error)) throw error
      this.#statements.dropTaken.get(values[NUMBER] as Value, values[ID] as Value)
      this.#statements.dropLarge.get(values[ID] as Value)
      this.#statements.one.get(...values)
    }
  }
}

const isTaken = (error: unknown): boolean => TAKEN.has((error as { readonly errcode?: unknown }).errcode)
