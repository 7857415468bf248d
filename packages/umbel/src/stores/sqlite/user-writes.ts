import type { DatabaseSync, StatementSync } from 'node:sqlite'
import {
  decode,
  type ErrorData,
  type TaskWrites,
  toErrorData,
  type UmbelError,
  umbelError,
  WritesRefused,
} from '@umbel/core'
import type { WriteParams } from '../../context.ts'
import type { Guard } from './guard.ts'
import { bound, Statements } from './statements.ts'

/** Result codes of SQLite for what is wrong with a statement, or with what it was given; all others are the store's trouble. */
const CONSTRAINT = 19
const AT_FAULT: ReadonlySet<number> = new Set([
  1, // an error in the SQL, or no such table
  4, // a trigger that gives up
  18, // too big
  CONSTRAINT,
  20, // a type
  23, // refused by the guard
  25, // a parameter that there is not
])

/** Whether the statement is to blame for what was thrown, and not the disk or the file. Node itself refuses some values. */
function isAtFault(cause: unknown): boolean {
  const { errcode } = (cause ?? {}) as { errcode?: number }
  return errcode === undefined || AT_FAULT.has(errcode & 0xff)
}

/** Carries out what handlers wrote, within the transaction that stores their outcomes. */
export class UserWrites {
  readonly #database: DatabaseSync
  readonly #guard: Guard
  readonly #statements: Statements
  readonly #savepoint: Record<'begin' | 'keep' | 'undo', StatementSync>

  constructor(database: DatabaseSync, guard: Guard) {
    this.#database = database
    this.#guard = guard
    this.#statements = new Statements(database)
    this.#savepoint = {
      begin: database.prepare('SAVEPOINT umbel_task'),
      keep: database.prepare('RELEASE umbel_task'),
      undo: database.prepare('ROLLBACK TO umbel_task'),
    }
  }

  /** Carry out all, each task's for itself: one that fails leaves nothing, and the others go on. @throws WritesRefused with those that failed */
  run(tasks: readonly TaskWrites[]): void {
    const errors = new Map<string, ErrorData>()
    for (const { id, writes } of tasks) {
      this.#savepoint.begin.run()
      try {
        this.#runOne(decode(writes) as readonly (readonly [sql: string, params: WriteParams])[])
      } catch (cause) {
        if (!isAtFault(cause)) throw cause
        errors.set(id, toErrorData(cause))
        if (!this.#database.isTransaction) break // it said ON CONFLICT ROLLBACK: all is undone
        this.#savepoint.undo.run()
      }
      this.#savepoint.keep.run()
    }
    if (errors.size > 0) throw new WritesRefused(errors)
  }

  #runOne(writes: readonly (readonly [sql: string, params: WriteParams])[]): void {
    for (const [index, [sql, params]] of writes.entries()) {
      try {
        this.#guard.run('handler', () => this.#statements.of(sql).run(...bound(params)))
      } catch (cause) {
        throw isAtFault(cause) ? refusal(cause, sql, index) : cause
      }
    }
  }
}

function refusal(cause: unknown, sql: string, index: number): UmbelError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return umbelError('UMBEL_WRITE_FAILED', `Write ${index + 1} of the task (${sql.slice(0, 200)}) failed: ${why}`, {
    cause,
    details: { sql, write: index + 1 },
  })
}

/** The refusal of a transaction that failed of the writes in it, also where that showed only at its end, as with deferred foreign keys. */
export function refusedTogether(cause: unknown, writes: readonly TaskWrites[]): WritesRefused | undefined {
  if (cause instanceof WritesRefused) return cause
  const { errcode } = (cause ?? {}) as { errcode?: number }
  if (writes.length === 0 || ((errcode ?? 0) & 0xff) !== CONSTRAINT) return undefined
  const [{ id }, ...others] = writes as [TaskWrites, ...TaskWrites[]]
  if (others.length > 0) return new WritesRefused(new Map())
  const message = `What the task wrote was refused at the end of the transaction: ${(cause as Error).message}`
  return new WritesRefused(new Map([[id, toErrorData(umbelError('UMBEL_WRITE_FAILED', message, { cause }))]]))
}
