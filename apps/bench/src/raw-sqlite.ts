import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { Keeping } from './keeping.ts'

/** What one transaction of the store held: tasks of each kind of change, and how many events. */
export interface Shape {
  /** Stored as sent, to start later. */
  readonly sent: number
  /** Stored as sent and started at once. */
  readonly begun: number
  /** Stored before, and started now. */
  readonly started: number
  readonly ended: number
  readonly events: number
}

/** What an event takes in the log, in characters, of the three of a no-op task. */
const EVENT = '3,"0000000000000000000000",1,1,1700000000'

/**
 * A loop of node:sqlite, which makes the inserts and updates of no-op tasks on the tables and indexes of a store, in the store's own
 * batches one after the other, at full sync, and does nothing else. `like`: a store's file, whose schema it takes over.
 */
export function rawSqlite(like: string, file: string, shapes: readonly Shape[]): Keeping {
  const database = new DatabaseSync(file)
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${schemaOf(like)}`)
  const inserted = (state: string, body: string) =>
    database.prepare(`INSERT INTO rows (n, id, kind, state, task, sent_at, size, spec, fixed, body)
      VALUES (?, ?, 'task', '${state}', 'bench.inlineNoop', ?, 1, 1, '{"args":"[1]"}', '${body}')`)
  const send = inserted('RECEIVED', '{"attempt":0}')
  const begin = inserted('STARTED', '{"attempt":1,"startedAt":1700000000000}')
  const start = database.prepare(`UPDATE rows SET state = 'STARTED', ended_at = NULL,
    body = '{"attempt":1,"startedAt":1700000000000}' WHERE n = ?`)
  const end = database.prepare(`UPDATE rows SET state = 'SUCCESS', ended_at = ?,
    body = '{"attempt":1,"startedAt":1700000000000,"result":"1"}' WHERE n = ?`)
  const log = database.prepare('INSERT INTO log (last, count, version, body) VALUES (?, ?, 1, ?)')
  const waiting: number[] = []
  const running: number[] = []
  let turn = 0
  let [last, ended, events] = [0, 0, 0]
  const insert = (statement: StatementSync, into: number[]): void => {
    last += 1
    statement.run(last, `0${String(last).padStart(21, '0')}`, 1_700_000_000_000)
    into.push(last)
  }
  const writeNext = (): void => {
    const shape = shapes[turn % shapes.length] as Shape
    turn += 1
    database.exec('BEGIN IMMEDIATE')
    for (let count = 0; count < shape.sent; count += 1) insert(send, waiting)
    for (const n of waiting.splice(0, shape.started)) {
      start.run(n)
      running.push(n)
    }
    // what ends in this transaction was under way before it
    for (const n of running.splice(0, shape.ended)) {
      end.run(1_700_000_000_000, n)
      ended += 1
    }
    for (let count = 0; count < shape.begun; count += 1) insert(begin, running)
    events += shape.events
    log.run(events, shape.events, EVENT.repeat(shape.events))
    database.exec('COMMIT')
  }
  return {
    name: 'node:sqlite',
    loses: 'the same',
    run: async (total) => {
      for (const until = ended + total; ended < until; ) writeNext()
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
