import { DatabaseSync } from 'node:sqlite'
import type { Keeping } from './keeping.ts'

/** What one transaction of the store held: tasks that were sent, that started and that ended, and how many events. */
export interface Shape {
  readonly sent: number
  readonly started: number
  readonly ended: number
  readonly events: number
}

/** What an event takes in the log, in characters. */
const EVENT =
  '{"type":"task-succeeded","id":"0000000000000000000000","attempt":1,"run":1,"at":1700000000000,"result":"1"},'

/**
 * A loop of node:sqlite, which makes the inserts and updates of no-op tasks on the tables and indexes of a store, in the store's own
 * batches one after the other, at full sync, and does nothing else. `like`: a store's file, whose schema it takes over.
 */
export function rawSqlite(like: string, file: string, shapes: readonly Shape[]): Keeping {
  const database = new DatabaseSync(file)
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${schemaOf(like)}`)
  const insert = database.prepare(`INSERT INTO rows (n, id, kind, state, task, sent_at, size, spec, fixed, body)
    VALUES (?, ?, 'task', 'RECEIVED', 'bench.inlineNoop', ?, 1, 1, '{"args":"[1]"}', '{"attempt":0,"runs":0,"losses":0}')`)
  const start = database.prepare(`UPDATE rows SET state = 'STARTED', ended_at = NULL,
    body = '{"attempt":1,"runs":1,"losses":0,"startedAt":1700000000000}' WHERE n = ?`)
  const end = database.prepare(`UPDATE rows SET state = 'SUCCESS', ended_at = ?,
    body = '{"attempt":1,"runs":1,"losses":0,"result":"1","startedAt":1700000000000}' WHERE n = ?`)
  const log = database.prepare('INSERT INTO log (last, count, version, body) VALUES (?, ?, 1, ?)')
  let turn = 0
  let [sent, started, ended, events] = [0, 0, 0, 0]
  const writeNext = (): void => {
    const shape = shapes[turn % shapes.length] as Shape
    turn += 1
    database.exec('BEGIN IMMEDIATE')
    for (const last = sent + shape.sent; sent < last; ) {
      sent += 1
      insert.run(sent, `0${String(sent).padStart(21, '0')}`, 1_700_000_000_000)
    }
    for (const last = Math.min(sent, started + shape.started); started < last; ) start.run(++started)
    for (const last = Math.min(started, ended + shape.ended); ended < last; ) end.run(1_700_000_000_000, ++ended)
    events += shape.events
    log.run(events, shape.events, EVENT.repeat(shape.events))
    database.exec('COMMIT')
  }
  return {
    name: 'node:sqlite',
    loses: 'the same',
    run: async (total) => {
      for (const last = ended + total; ended < last; ) writeNext()
    },
    close: async () => database.close(),
  }
}

function schemaOf(file: string): string {
  const database = new DatabaseSync(file, { readOnly: true })
  const rows = database
    .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'")
    .all()
  database.close()
  return rows.map(({ sql }) => sql).join(';')
}
