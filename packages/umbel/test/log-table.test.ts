import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { EventLog } from '../src/stores/sqlite/event-log.ts'
import { MIGRATIONS } from '../src/stores/sqlite/schema.ts'

const plans = {
  numberOfPlan: () => undefined,
  knownSpec: () => undefined,
  spec: () => undefined,
  plan: () => undefined,
}

for (const keep of [0, 1, 7, 8, 100, 1_000])
  test(`of a log that keeps ${keep} events an eighth more may stand in the file, and the store tells of none of those`, () => {
    const database = new DatabaseSync(':memory:')
    for (const sql of MIGRATIONS) database.exec(sql)
    let log = new EventLog(database, keep)
    const count = database.prepare('SELECT count(*) AS count FROM log')
    const most = { stood: 0, above: 0 }
    for (let seq = 1; seq <= 3_000; seq += 1) {
      // every now and then it is opened anew
      if (seq % 700 === 0) log = new EventLog(database, keep)
      log.append([{ type: 'task-received', id: `t${seq}`, at: seq }], plans)
      const stood = Number(count.get()?.count)
      most.stood = Math.max(most.stood, stood)
      if (stood > keep) most.above += 1
      if (seq % 100 !== 0) continue
      const told = log.read(1, 10_000, plans).map((event) => event.seq)
      expect(told).toEqual(Array.from({ length: Math.min(keep, seq) }, (_, at) => seq - Math.min(keep, seq) + 1 + at))
    }
    expect(most.stood).toBeLessThanOrEqual(keep * (1 + 1 / 8))
    // with few it is exact
    expect(most.above > 0).toBe(keep > 8)
    database.close()
  })
