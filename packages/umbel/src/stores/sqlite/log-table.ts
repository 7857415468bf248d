import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Packed } from './pack.ts'

/** So much of what is kept may stand there besides, of which nobody is told but who replays runs: to forget some with each batch writes three pages more. */
const SLACK = 1 / 8

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
  /** Number of the last event that was forgotten. */
  #forgotten = 0

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare('INSERT INTO log (last, count, version, body) VALUES (?, ?, ?, ?)')
    this.#prune = database.prepare('DELETE FROM log WHERE last <= ?')
  }

  put({ last, count, version, body, forget }: LogRow): void {
    this.#insert.get(last, count, version, body)
    if (forget - this.#forgotten < (last - forget) * SLACK) return
    this.#prune.get(forget)
    this.#forgotten = forget
  }
}
