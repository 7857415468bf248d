import type { DatabaseSync } from 'node:sqlite'
import { umbelError } from '@umbel/core'
import type { WriteParams, WriteValue } from '../../context.ts'
import { checkOneStatement, checkParams } from '../../sql.ts'
import { CAN_GUARD, type Guard } from './guard.ts'
import { bound, type Statements } from './statements.ts'

/** A row of a table of your own, by the names of its columns. */
export type TableRow = Record<string, WriteValue>

/** Your own tables in the file of a store, while a transaction is open. What SQLite throws comes through. */
export interface Tables {
  /** Run one statement. @throws UMBEL_CANNOT_WRITE where it touches the store's own tables; UMBEL_CANNOT_TRAVEL; UMBEL_BAD_TRANSACTION */
  run(sql: string, params?: WriteParams): { readonly changes: number; readonly lastInsertRowid: number | bigint }
  /** The first row of a query; `undefined` where there is none. @throws what `run` throws */
  get(sql: string, params?: WriteParams): TableRow | undefined
  /** All rows of a query. @throws what `run` throws */
  all(sql: string, params?: WriteParams): TableRow[]
  /** Run several statements without parameters, as to make tables. @throws what `run` throws */
  exec(sql: string): void
}

/** What transactions of users work with. */
export interface TablesParts {
  readonly database: DatabaseSync
  readonly guard: Guard
  readonly statements: Statements
}

/**
 * Do something with a user's tables, within a transaction that is open: to be committed only if this returns.
 * @throws what `act` throws; UMBEL_BAD_TRANSACTION where it is asynchronous, or has ended the transaction; UMBEL_CANNOT_WRITE
 */
export function withTables<T>(parts: TablesParts, act: (tables: Tables) => T): T {
  if (!CAN_GUARD) throw umbelError('UMBEL_CANNOT_WRITE', `Node ${process.version} has no way to guard the store.`)
  const tables = new OpenTables(parts)
  try {
    const done = act(tables)
    tables.check()
    if (typeof (done as { then?: unknown } | null | undefined)?.then !== 'function') return done
    Promise.resolve(done).catch(() => {}) // nobody waits for it: the transaction is rolled back
    throw umbelError('UMBEL_BAD_TRANSACTION', 'The callback of a transaction gave a promise.')
  } finally {
    tables.over = true
  }
}

class OpenTables implements Tables {
  over = false
  readonly #parts: TablesParts

  constructor(parts: TablesParts) {
    this.#parts = parts
  }

  run(sql: string, params: WriteParams = []): { changes: number; lastInsertRowid: number | bigint } {
    const { changes, lastInsertRowid } = this.#prepared(sql, params, (one, given) => one.run(...given))
    return { changes: Number(changes), lastInsertRowid }
  }

  get(sql: string, params: WriteParams = []): TableRow | undefined {
    return this.#prepared(sql, params, (one, given) => one.get(...given))
  }

  all(sql: string, params: WriteParams = []): TableRow[] {
    return this.#prepared(sql, params, (one, given) => one.all(...given))
  }

  exec(sql: string): void {
    this.check()
    this.#parts.guard.run('app', () => this.#parts.database.exec(sql))
  }

  /** @throws UMBEL_BAD_TRANSACTION where it is over */
  check(): void {
    if (this.over) throw umbelError('UMBEL_BAD_TRANSACTION', 'The transaction of these tables is over.')
    if (this.#parts.database.isTransaction) return
    throw umbelError('UMBEL_BAD_TRANSACTION', 'A statement with ON CONFLICT ROLLBACK has ended the transaction.')
  }

  #prepared<T>(
    sql: string,
    params: WriteParams,
    act: (statement: ReturnType<Statements['of']>, given: ReturnType<typeof bound>) => T,
  ): T {
    this.check()
    checkOneStatement('A transaction', sql)
    checkParams('a transaction', params)
    return this.#parts.guard.run('app', () => act(this.#parts.statements.of(sql), bound(params)))
  }
}
