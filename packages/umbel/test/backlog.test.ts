import { DatabaseSync } from 'node:sqlite'
import { array, assert, constantFrom, integer, property, record } from 'fast-check'
import { expect, test } from 'vitest'
import { Backlog } from '../src/stores/sqlite/backlog.ts'
import { type JournalEntry, type Value, writeEntry } from '../src/stores/sqlite/journal-entry.ts'
import { JournalTable } from '../src/stores/sqlite/journal-table.ts'
import { MIGRATIONS } from '../src/stores/sqlite/schema.ts'

const LARGE = JSON.stringify({ args: `["${'x'.repeat(2_000)}"]` })

function newTables(): DatabaseSync {
  const database = new DatabaseSync(':memory:')
  for (const sql of MIGRATIONS) database.exec(sql)
  return database
}

/** A task as it is sent, or as one that has ended: number, id, state, task, parent, moments, spec, what is fixed, all else. */
const task = (n: number, endedAt: number | null, fixed = '{"args":"[1]"}'): Value[] => [
  n,
  `t${n}`,
  endedAt === null ? 'RECEIVED' : 'SUCCESS',
  'demo.add',
  null,
  1_000 + n,
  endedAt,
  1,
  fixed,
  '{"attempt":0}',
]

/** Put a batch into its tables, after what the journal has already where it is `read`. */
function put(database: DatabaseSync, entry: Partial<JournalEntry>, how: 'add' | 'read' = 'add'): Backlog {
  const backlog = new Backlog(database)
  const written = writeEntry({ sent: [], changed: [], excess: [], ...entry })
  new JournalTable(database).put(1, written)
  if (how === 'add') backlog.add(1, 1, written)
  else backlog.read()
  backlog.finish()
  return backlog
}

const ids = (database: DatabaseSync): unknown[] =>
  database
    .prepare('SELECT id FROM rows ORDER BY n')
    .all()
    .map(({ id }) => id)

test('whichever rows of a batch are in their table already, as whatever: they stand there once, as the batch says', () => {
  const there = constantFrom('not', 'same', 'renamed', 'renumbered', 'large')
  const row = record({ there, large: constantFrom(false, false, false, true), endedAt: constantFrom(null, 5, 6) })
  assert(
    property(array(row, { minLength: 1, maxLength: 30 }), integer({ min: 0, max: 9 }), (rows, others) => {
      const database = newTables()
      const insert =
        database.prepare(`INSERT INTO rows (n, id, kind, state, task, parent, sent_at, ended_at, size, spec, fixed, body)
        VALUES (?, ?, 'task', ?, ?, ?, ?, ?, 1, ?, ?, ?)`)
      const sent = rows.map(({ large, endedAt }, at) => task(at + 1, endedAt, large ? LARGE : undefined))
      for (const [at, { there }] of rows.entries()) {
        const [n, id, ...rest] = task(at + 1, null) as [number, string, ...Value[]]
        if (there === 'same') insert.run(n, id, ...rest)
        if (there === 'renamed') insert.run(n, `other${n}`, ...rest)
        if (there === 'renumbered') insert.run(1_000 + n, id, ...rest)
        if (there !== 'large') continue
        insert.run(...task(at + 1, null, undefined).with(8, 0))
        database.prepare('INSERT INTO large (id, fixed) VALUES (?, ?)').run(id, 'before')
      }
      for (let n = 0; n < others; n += 1) insert.run(...task(5_000 + n, 5))
      put(database, { sent: sent.flat() }, 'read')
      const stored = database.prepare(`SELECT n, rows.id, state, task, parent, sent_at, ended_at, spec,
        CASE WHEN rows.fixed = 0 THEN large.fixed ELSE rows.fixed END AS fixed, body
        FROM rows LEFT JOIN large ON large.id = rows.id WHERE n < 5000 ORDER BY n`)
      expect(stored.all().map((one) => Object.values(one))).toEqual(sent)
      const apart = rows.flatMap(({ large, endedAt }, at) => (large && endedAt === null ? [`t${at + 1}`] : []))
      const inLarge = database.prepare('SELECT id FROM large').all()
      expect(inLarge.map(({ id }) => id).sort()).toEqual(apart.sort())
      expect(ids(database).length).toBe(rows.length + others)
      database.close()
    }),
    { numRuns: 300 },
  )
})

test('of what has ended the oldest are dropped, as far as they are single tasks', () => {
  for (const [workflowAt, count] of [
    [undefined, 1],
    [undefined, 7],
    [undefined, 30],
    [undefined, 41],
    [0, 20],
    [12, 20],
    [20, 20],
    [3, 5],
  ] as const) {
    const database = newTables()
    const sent = Array.from({ length: 40 }, (_, at) => task(at + 1, at, at % 3 === 0 ? LARGE : undefined))
    put(database, { sent: sent.flat() })
    // one that was stored apart while it was open
    database.exec("UPDATE rows SET fixed = 0 WHERE n = 5; INSERT INTO large (id, fixed) VALUES ('t5', 'large')")
    if (workflowAt !== undefined) database.exec(`UPDATE rows SET kind = 'workflow' WHERE n = ${workflowAt + 1}`)
    database.exec('DELETE FROM umbel_journal')
    const backlog = put(database, { excess: [['SUCCESS', count]] })
    const dropped = Math.min(count, workflowAt ?? count, 40)
    expect(ids(database)).toEqual(sent.slice(dropped).map(([, id]) => id))
    expect(database.prepare('SELECT count(*) AS count FROM large').get()?.count).toBe(dropped >= 5 ? 0 : 1)
    expect(backlog.takeKeeps()).toBe(dropped < count)
    database.close()
  }
})

test('while more comes what is too much is dropped by the 500, and all of it once nothing comes any more', () => {
  const database = newTables()
  const backlog = new Backlog(database)
  const batches = 12
  const each = 100
  for (let batch = 0; batch < batches; batch += 1) {
    const numbers = Array.from({ length: each }, (_, at) => batch * each + at + 1)
    const excess: JournalEntry['excess'] = batch === 0 ? [] : [['SUCCESS', each]]
    const written = writeEntry({ sent: numbers.flatMap((n) => task(n, n)), changed: [], excess })
    new JournalTable(database).put(numbers[each - 1] as number, written)
    backlog.add(numbers[each - 1] as number, each, written)
    backlog.step(1_000)
    backlog.leave()
    // what comes to more than 500 is dropped at once: that of six batches
    expect(ids(database)).toHaveLength((batch < 6 ? batch + 1 : batch - 5) * each)
    expect(backlog.size).toBe(0)
  }
  expect(new JournalTable(database).empty).toBe(true)
  expect(backlog.empty).toBe(false)
  backlog.hurry()
  expect(backlog.size).toBe(5 * each)
  backlog.step(backlog.size)
  expect(backlog.empty).toBe(true)
  expect(ids(database)).toEqual(Array.from({ length: each }, (_, at) => `t${(batches - 1) * each + at + 1}`))
  expect(backlog.takeKeeps()).toBe(false)
  database.close()
})

test('once all is where it belongs nothing is left to do, however much had ended', () => {
  for (const [batches, each] of [
    [1, 1],
    [1, 30],
    [3, 100],
  ] as const) {
    const database = newTables()
    const backlog = new Backlog(database)
    for (let batch = 0; batch < batches; batch += 1) {
      const numbers = Array.from({ length: each }, (_, at) => batch * each + at + 1)
      const written = writeEntry({
        sent: numbers.flatMap((n) => task(n, n)),
        changed: [],
        excess: [],
      })
      new JournalTable(database).put(numbers[each - 1] as number, written)
      backlog.add(numbers[each - 1] as number, each, written)
    }
    backlog.finish()
    expect(backlog.empty).toBe(true)
    expect(backlog.size).toBe(0)
    expect(ids(database)).toHaveLength(batches * each)
    database.close()
  }
})
