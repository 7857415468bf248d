import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { WriteParams } from '../../context.ts'

/** Statements of users that are kept prepared; the one that was used longest ago goes first. */
const MOST = 100

/** What users have said in SQL, prepared once. */
export class Statements {
  readonly #database: DatabaseSync
  readonly #prepared = new Map<string, StatementSync>()

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** @throws what SQLite does */
  of(sql: string): StatementSync {
    const statement = this.#prepared.get(sql) ?? this.#database.prepare(sql)
    this.#prepared.delete(sql)
    this.#prepared.set(sql, statement)
    if (this.#prepared.size > MOST) this.#prepared.delete(this.#prepared.keys().next().value as string)
    return statement
  }
}

/** Parameters as node:sqlite takes them. */
export const bound = (params: WriteParams): SQLInputValue[] =>
  (Array.isArray(params) ? params : [params]) as SQLInputValue[]
