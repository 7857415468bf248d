import { existsSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { App, AsyncResult } from 'umbel'
import type { OwnedStore, Tables } from 'umbel/sqlite'
import type { Piece } from './load.ts'
import { work } from './tasks.ts'

/** Make the tables that the load writes to: `done` and `late` with outcomes of tasks, `requests` with what is sent. */
export const makeTables = (db: Tables): void =>
  db.exec(`
    CREATE TABLE IF NOT EXISTS done (label, task);
    CREATE TABLE IF NOT EXISTS late (label, attempt INTEGER CHECK (attempt >= 3));
    CREATE TABLE IF NOT EXISTS requests (label, task);
  `)

/** What ends a transaction that is to leave nothing. */
class NotToday extends Error {}

/** Store a row and send a task for it in one transaction; every third one is rolled back. */
export async function request(
  app: App,
  store: OwnedStore,
  effects: string,
  label: string,
  number: number,
): Promise<{ readonly piece: Piece; readonly result: AsyncResult<unknown> } | undefined> {
  const fails = number % 3 === 2
  try {
    const result = await store.transaction((db) => {
      const sent = app.delay(work.requested.si(effects, fails ? `${label}.never` : label))
      db.run('INSERT INTO requests (label, task) VALUES (?, ?)', [label, sent.id])
      if (fails) throw new NotToday()
      return sent
    })
    return { piece: { kind: 'requested', expected: label, labels: [label] }, result }
  } catch (error) {
    if (error instanceof NotToday) return undefined
    throw error
  }
}

/** Where tables of the user's and tasks do not agree, as they stand in a file. Nothing else may be writing to it. */
export function disagreements(file: string, effects: string): string[] {
  const database = new DatabaseSync(file, { readOnly: true })
  const found = (sql: string): unknown[] =>
    database
      .prepare(sql)
      .all()
      .map((row) => Object.values(row)[0])
  try {
    const requested = new Set(found('SELECT label FROM requests'))
    const ran = existsSync(effects) ? readFileSync(effects, 'utf8').split('\n') : []
    const tasks = found("SELECT id FROM rows WHERE task = 'work.requested'")
    const sent = new Set(found('SELECT task FROM requests'))
    return [
      ...found('SELECT task FROM requests WHERE task NOT IN (SELECT id FROM rows)').map((id) => `no task ${id}`),
      ...tasks.filter((id) => !sent.has(id)).map((id) => `no row of the request of task ${id}`),
      ...ran.filter((line) => line.includes('.never ')).map((line) => `it was rolled back and ran: ${line}`),
      ...ran
        .filter((line) => line.includes('request-') && !requested.has(line.split(' ')[0]))
        .map((line) => `it ran without a request: ${line}`),
      ...found('SELECT label FROM late EXCEPT SELECT label FROM done').map((label) => `half of ${label} is written`),
      ...found(`SELECT done.label FROM done JOIN rows ON rows.id = done.task
        WHERE rows.task = 'work.early' AND label NOT IN (SELECT label FROM late)`).map(
        (label) => `the other half of ${label} is written`,
      ),
      ...found("SELECT task FROM done WHERE task NOT IN (SELECT id FROM rows WHERE state = 'SUCCESS')").map(
        (id) => `task ${id} left a row and has not succeeded`,
      ),
      ...found(`SELECT id FROM rows WHERE state = 'SUCCESS' AND task IN ('work.requested', 'work.early', 'work.effect')
        AND id NOT IN (SELECT task FROM done)`).map((id) => `task ${id} has succeeded and left no row`),
    ]
  } finally {
    database.close()
  }
}
