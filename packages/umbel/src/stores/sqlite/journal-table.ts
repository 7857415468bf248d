import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Packed } from './pack.ts'

/** Batches that are stored, and whose rows are not in their tables yet: each by the number of its last event. Within transactions of whoever uses it. */
export class JournalTable {
  readonly #statements: Record<'put' | 'drop' | 'all' | 'any', StatementSync>

  constructor(database: DatabaseSync) {
    this.#statements = {
      put: database.prepare('INSERT INTO umbel_journal (n, body) VALUES (?, ?)'),
      drop: database.prepare('DELETE FROM umbel_journal WHERE n <= ?'),
      all: database.prepare('SELECT n, body FROM umbel_journal ORDER BY n'),
      any: database.prepare('SELECT 1 FROM umbel_journal LIMIT 1'),
    }
  }

  get empty(): boolean {
    return this.#statements.any.get() === undefined
  }

  put(last: number, written: Packed): void {
    this.#statements.put.get(last, written)
  }

  /** Drop all up to a number: their rows are in their tables. */
  drop(last: number): void {
    this.#statements.drop.get(last)
  }

  /** All there are, in their order. */
  all(): { readonly last: number; readonly written: Packed }[] {
    return this.#statements.all.all().map(({ n, body }) => ({ last: n as number, written: body as Packed }))
  }
}
