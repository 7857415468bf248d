import { DatabaseSync } from 'node:sqlite'
import type { Row } from '@umbel/core'
import { type EntryRecord, entryIn } from '../../packages/umbel/src/stores/sqlite/inbox-table.ts'
import { KeyTable } from '../../packages/umbel/src/stores/sqlite/key-table.ts'
import { StoredRows } from '../../packages/umbel/src/stores/sqlite/stored-rows.ts'
import { diagnose } from './diagnose.ts'

/** What is wrong with the file of a store, in words; nothing where all is well. It is only read, whoever owns it. */
export function examine(file: string): string[] {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    return [...ofFile(database), ...ofLog(database), ...ofInbox(database), ...diagnose(rowsOf(database))]
  } finally {
    database.close()
  }
}

function* rowsOf(database: DatabaseSync): Generator<Row> {
  yield* new StoredRows(database).all()
  yield* new KeyTable(database, 1).all()
}

function* ofFile(database: DatabaseSync): Generator<string> {
  for (const { integrity_check: says } of database.prepare('PRAGMA integrity_check').all())
    if (says !== 'ok') yield `I0 ${String(says)}`
  const count = (sql: string): number => Number(database.prepare(`SELECT count(*) AS count FROM ${sql}`).get()?.count)
  const strayed = count('large WHERE NOT EXISTS (SELECT 1 FROM rows WHERE rows.id = large.id AND fixed = 0)')
  if (strayed > 0) yield `I0 ${strayed} large values belong to no row`
  const effects = count('umbel_effects WHERE NOT EXISTS (SELECT 1 FROM rows WHERE rows.id = umbel_effects.task)')
  if (effects > 0) yield `I0 ${effects} effects belong to no task`
  const plans = count('(SELECT DISTINCT n FROM plans EXCEPT SELECT plan FROM rows)')
  if (plans > 0) yield `I0 ${plans} plans belong to no row`
  const owner = database.prepare('SELECT pid FROM owner').get()
  const running = count("rows WHERE kind = 'task' AND state = 'STARTED' AND ended_at IS NULL")
  if (owner?.pid === null && running > 0) yield `I4 ${running} tasks run, and nobody owns the file`
}

/** The numbers of the log follow one another. */
function* ofLog(database: DatabaseSync): Generator<string> {
  let before: number | undefined
  for (const { last, count } of database.prepare('SELECT last, count FROM log ORDER BY last').all()) {
    const first = (last as number) - (count as number) + 1
    if (before !== undefined && first !== before + 1) yield `I10 the log goes from ${before} to ${first}`
    before = last as number
  }
}

/** What is in the inbox can be read, and is nowhere else. */
function* ofInbox(database: DatabaseSync): Generator<string> {
  for (const record of database.prepare('SELECT n, id, kind, version, body FROM umbel_inbox ORDER BY n').iterate()) {
    const entry = record as unknown as EntryRecord
    try {
      entryIn(entry)
    } catch (error) {
      yield `I11 entry ${entry.n} of the inbox cannot be read: ${String(error)}`
    }
  }
  const twice = database.prepare(
    "SELECT id FROM umbel_inbox WHERE kind = 'canvas-sent' AND EXISTS (SELECT 1 FROM rows WHERE rows.id = umbel_inbox.id)",
  )
  for (const { id } of twice.iterate()) yield `I11 ${String(id)} is in the inbox and among the rows`
}
