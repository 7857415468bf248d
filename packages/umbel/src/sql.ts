import { umbelError } from '@umbel/core/tasks'
import type { WriteParams } from './context.ts'

/** What is no code in SQL: text, quoted names (a quote doubled within is one after another), comments. What does not end goes on to the end of all. */
const NO_CODE = /'[^']*(?:'|$)|"[^"]*(?:"|$)|`[^`]*(?:`|$)|\[[^\]]*(?:\]|$)|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g

/** Words with which a statement begins that changes rows of a table; what follows a WITH shows only to SQLite. */
const WRITE = /^\s*(?:insert|replace|update|delete|with)\b/i

/** The code of SQL: names that are quoted and text stand as `?`, comments are gone. */
const codeOf = (sql: string): string => sql.replace(NO_CODE, (found) => (/^(?:--|\/\*)/.test(found) ? ' ' : '?'))

/** Refuse what is not one statement: SQLite prepares the first, and says nothing of what follows it. @throws UMBEL_CANNOT_WRITE */
export function checkOneStatement(where: string, sql: unknown): asserts sql is string {
  if (typeof sql !== 'string') throw umbelError('UMBEL_CANNOT_WRITE', `${where} was given ${typeof sql}, not SQL.`)
  if (!/;\s*[^\s;]/.test(codeOf(sql))) return
  throw umbelError('UMBEL_CANNOT_WRITE', `${where} takes one statement, not ${shown(sql)}.`)
}

/** The same of what does not change rows. @throws UMBEL_CANNOT_WRITE */
export function checkWrite(where: string, sql: unknown): void {
  checkOneStatement(where, sql)
  if (WRITE.test(codeOf(sql))) return
  throw umbelError('UMBEL_CANNOT_WRITE', `${where} takes an INSERT, REPLACE, UPDATE or DELETE, not ${shown(sql)}.`)
}

/** Refuse parameters that SQLite does not bind. @throws UMBEL_CANNOT_TRAVEL */
export function checkParams(where: string, params: unknown): asserts params is WriteParams {
  if (typeof params !== 'object' || params === null || params instanceof Uint8Array)
    throw umbelError('UMBEL_CANNOT_TRAVEL', `The parameters of ${where} are ${typeof params}, neither list nor record.`)
  for (const [name, value] of Object.entries(params)) {
    if (isBindable(value)) continue
    const what = value instanceof Object ? (value.constructor?.name ?? 'object') : typeof value
    throw umbelError(
      'UMBEL_CANNOT_TRAVEL',
      `The parameter ${name.slice(0, 80)} of ${where} is ${what}: SQLite takes text, numbers, bigints of 64 bits, Uint8Array and null.`,
    )
  }
}

function isBindable(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'number':
      return true
    case 'bigint':
      return BigInt.asIntN(64, value) === value
    default:
      return value === null || value instanceof Uint8Array
  }
}

const shown = (sql: string): string => JSON.stringify(sql.slice(0, 80))
