import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Packed } from './pack.ts'

/** A row of the log: a batch of events. `last` is the number of the last one, `count` how many there are, `forget` the number of the last event that is kept no longer. */
export interface LogRow {
  readonly last: number
  readonly count: number
  readonly version: number
  readonly body: Packed
  readonly forget: number
}

/** Puts batches of events into their table. */
export class LogTable {
  readonly #insert: StatementSync
  readonly #prune: StatementSync

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare('INSERT INTO log (last, count, version, body) VALUES (?, ?, ?, ?)')
    this.#prune = database.prepare('DELETE FROM log WHERE last <= ?')
  }

  put({ last, count, version, body, forget }: LogRow): void {
    this.#insert.get(last, count, version, body)
    this.#prune.get(forget)
  }
}
