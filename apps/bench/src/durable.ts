import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createApp } from 'umbel'
import { sqliteStore } from 'umbel/sqlite'
import { bounded } from './bounded.ts'
import type { Comparison, Side } from './compare.ts'
import { bench } from './tasks.ts'

/** Tasks that the loop of raw SQLite puts into one transaction: as many as the store's batches of 250 events are about. */
const TASKS_A_BATCH = 83

/**
 * No-op tasks that are accepted, run and have their results stored, at full sync, against a loop of node:sqlite that does the same
 * inserts and updates in the same batches, on the same tables and indexes, and nothing else.
 */
export const durableNoops = (underWay: number, count: number): Comparison => ({
  name: `durable-${underWay}`,
  what: `durable no-op tasks at full sync, ${underWay} under way`,
  count,
  async open() {
    const folder = mkdtempSync(join(tmpdir(), 'umbel-bench-'))
    const file = join(folder, 'work.db')
    const app = createApp({
      name: `durable-${underWay}`,
      tasks: [bench],
      lanes: { default: { threads: 0, inline: underWay } },
      // nothing is dropped on the way: the loop drops nothing
      store: sqliteStore(file, { keepEnded: 10_000_000, keepEvents: 10_000_000 }),
    })
    await app.start()
    const raw = rawLoop(file, join(folder, 'raw.db'), Math.ceil(underWay / TASKS_A_BATCH / 3))
    return {
      sides: [{ name: 'umbel', run: (total) => bounded(total, underWay, () => bench.inlineNoop.delay(1).get()) }, raw],
      async close() {
        raw.close()
        await app.stop()
        rmSync(folder, { recursive: true })
      },
    }
  },
})

/** `lag`: batches after which a task starts, and after as many again ends: as where that many are under way. */
function rawLoop(like: string, file: string, lag: number): Side & { close(): void } {
  const model = new DatabaseSync(like, { readOnly: true })
  const schema = model.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'").all()
  model.close()
  const database = new DatabaseSync(file)
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${schema.map(({ sql }) => sql).join(';')}`)
  const insert = database.prepare(`INSERT INTO rows (n, id, kind, state, task, sent_at, size, spec, fixed, body)
    VALUES (?, ?, 'task', 'RECEIVED', 'bench.inlineNoop', ?, 1, 1, '{"args":"[1]"}', '{"attempt":0,"runs":0,"losses":0}')`)
  const start = database.prepare(`UPDATE rows SET state = 'STARTED', ended_at = NULL,
    body = '{"attempt":1,"runs":1,"losses":0,"startedAt":1700000000000}' WHERE n = ?`)
  const end = database.prepare(`UPDATE rows SET state = 'SUCCESS', ended_at = ?,
    body = '{"attempt":1,"runs":1,"losses":0,"result":"1","startedAt":1700000000000}' WHERE n = ?`)
  const log = database.prepare('INSERT INTO log (last, count, version, body) VALUES (?, 250, 1, ?)')
  const event =
    '{"type":"task-succeeded","id":"0000000000000000000000","attempt":1,"run":1,"at":1700000000000,"result":"1"},'
  const body = event.repeat(TASKS_A_BATCH * 3)
  let last = 0
  let batches = 0
  return {
    name: 'node:sqlite',
    run: async (total) => {
      for (let done = 0; done < total; done += TASKS_A_BATCH) {
        database.exec('BEGIN IMMEDIATE')
        for (let task = 1; task <= TASKS_A_BATCH; task += 1) {
          const n = last + task
          insert.run(n, `0${String(n).padStart(21, '0')}`, 1_700_000_000_000)
        }
        for (let task = 1; task <= TASKS_A_BATCH; task += 1) start.run(last + task - lag * TASKS_A_BATCH)
        for (let task = 1; task <= TASKS_A_BATCH; task += 1)
          end.run(1_700_000_000_000, last + task - lag * 2 * TASKS_A_BATCH)
        last += TASKS_A_BATCH
        batches += 1
        log.run(batches * 250, body)
        database.exec('COMMIT')
      }
    },
    close: () => database.close(),
  }
}
