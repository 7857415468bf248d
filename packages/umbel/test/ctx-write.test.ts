import { DatabaseSync } from 'node:sqlite'
import { encode, type TaskWrites, WritesRefused } from '@umbel/core'
import { describe, expect, test } from 'vitest'
import { ended as endedRow } from '../../../test/conformance/store-rows.ts'
import { examine } from '../../../test/crash/examine.ts'
import { type App, chain, defineTasks, group, SimulatedClock, type Store, task } from '../src/index.ts'
import { type SqliteStoreOptions, sqliteStore } from '../src/sqlite.ts'
import { open } from './fixtures/open-app.ts'
import { asIfKilled, newFile, tamper } from './fixtures/store-file.ts'
import { inThreads, onLoop } from './fixtures/write-tasks.ts'

const NOTES = 'CREATE TABLE IF NOT EXISTS notes (text UNIQUE)'
const NOTE = 'INSERT INTO notes VALUES (?)'

interface Place {
  readonly file: string
  readonly app: App
  /** What stands in the table `notes`, in the order it came there. */
  notes(): unknown[]
}

function place(tables = NOTES, options: SqliteStoreOptions = {}): Place {
  const file = newFile()
  const store = sqliteStore(file, { sync: 'off', setup: (db) => db.exec(tables), ...options })
  const app = open({ tasks: [onLoop, inThreads], store, lanes: { default: { threads: 1, inline: 10 } } })
  return { file, app, notes: () => read(file, 'SELECT text FROM notes ORDER BY rowid') }
}

function read(file: string, sql: string): unknown[] {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    return database
      .prepare(sql)
      .all()
      .map((row) => Object.values(row)[0])
  } finally {
    database.close()
  }
}

const codeOf = (waiting: Promise<unknown>): Promise<unknown> =>
  waiting.then(
    () => 'fine',
    (error: { code?: unknown }) => error.code ?? error,
  )

describe.each([
  ['on the main loop', onLoop],
  ['in a thread', inThreads],
])('a handler %s', (_, tasks) => {
  test('writes into tables of its own what it was given, once the task has succeeded', async () => {
    const { app, notes } = place()
    const values = ['a', 7, 1.5, null, 2n ** 40n, new Uint8Array([0, 255])]
    expect(await app.delay(tasks.write.s(...values.map((value) => [NOTE, [value]] as const))).get()).toBe('written')
    const written = notes()
    expect(written).toEqual(['a', 7, 1.5, null, 2 ** 40, new Uint8Array([0, 255])])
  })

  test('writes nothing in the attempts that failed, and once in the one that succeeded', async () => {
    const { app, notes } = place()
    expect(await app.delay(tasks.third.s(NOTE)).get()).toBe(3)
    expect(notes()).toEqual([3])
  })

  test.each(['fail', 'ignore', 'reject', 'retry'] as const)('writes nothing where it ends by %s', async (how) => {
    const { app, notes } = place()
    expect(await codeOf(app.delay(tasks.ends.s(how, NOTE)).get())).not.toBe('fine')
    expect(notes()).toEqual([])
  })

  test('that is replaced has written: its attempt is over, and none will follow it', async () => {
    const { app, notes } = place()
    const next = tasks.write.s([NOTE, ['by the next']]).data
    expect(await app.delay(tasks.replaced.s(NOTE, next)).get()).toBe('written')
    expect(notes()).toEqual(['replaced', 'by the next'])
  })

  test('that is replaced by nothing that can run has written nothing', async () => {
    const { app, notes } = place()
    const unknown = { ...tasks.write.s([NOTE, ['x']]).data, task: 'nowhere.known' } as never
    expect(await codeOf(app.delay(tasks.replaced.s(NOTE, unknown)).get())).toBe('UMBEL_UNKNOWN_TASK')
    expect(notes()).toEqual([])
  })

  test('without retries fails with what it wrote where SQLite refuses that, and nothing of it is written', async () => {
    const { app, notes } = place()
    const result = app.delay(tasks.write.s([NOTE, ['fine']], ['INSERT INTO nowhere VALUES (?)', [1]]))
    await expect(result.get()).rejects.toMatchObject({
      code: 'UMBEL_WRITE_FAILED',
      details: { sql: 'INSERT INTO nowhere VALUES (?)', write: 2 },
      message: expect.stringContaining('no such table: nowhere'),
    })
    expect(notes()).toEqual([])
    expect((await app.deadLetters.list()).map(({ id }) => id)).toEqual([result.id])
  })

  test('is tried again where its retry rules say so for what it wrote, and writes with the attempt that counts', async () => {
    const { app, notes } = place()
    const told: string[] = []
    for (const name of ['task-retry', 'task-success', 'task-failure'] as const) app.on(name, () => void told.push(name))
    const result = app.delay(tasks.refusedUntil.s(NOTE, 3))
    expect(await result.get()).toBe(3)
    expect(notes()).toEqual([3])
    expect(told).toEqual(['task-retry', 'task-retry', 'task-success'])
    const { [`${tasks.refusedUntil.name}`]: totals } = (await app.inspect.stats()).tasks
    expect(totals).toMatchObject({ started: 3, retried: 2, succeeded: 1, failed: 0 })
    expect(await app.deadLetters.list()).toEqual([])
  })

  test('fails of what it wrote once its retries are spent, with a word of each attempt', async () => {
    const { app, notes } = place()
    const result = app.delay(tasks.refusedUntil.s(NOTE, 9))
    await expect(result.get()).rejects.toMatchObject({ code: 'UMBEL_WRITE_FAILED', details: { write: 2 } })
    expect(notes()).toEqual([])
    const letter = await app.deadLetters.get(result.id)
    expect(letter?.attempts).toHaveLength(3)
  })

  test('fails at once of what it wrote where its retry rules are for other errors', async () => {
    const { app } = place()
    const result = app.delay(tasks.refused.s('INSERT INTO nowhere VALUES (?)'))
    expect(await codeOf(result.get())).toBe('UMBEL_WRITE_FAILED')
    expect((await app.deadLetters.get(result.id))?.attempts).toHaveLength(1)
  })

  test('binds by names, and finds names that there are not', async () => {
    const { app, notes } = place()
    expect(await app.delay(tasks.write.s(['INSERT INTO notes VALUES ($text)', { text: 'named' }])).get()).toBe(
      'written',
    )
    expect(await codeOf(app.delay(tasks.write.s([NOTE, { other: 1 }])).get())).toBe('UMBEL_WRITE_FAILED')
    expect(await codeOf(app.delay(tasks.write.s([NOTE, [1, 2]])).get())).toBe('UMBEL_WRITE_FAILED')
    expect(notes()).toEqual(['named'])
  })

  test('is told at the call what is no write', async () => {
    const { app } = place()
    const calls = [
      ['SELECT 1'],
      ['COMMIT'],
      ['PRAGMA user_version = 9'],
      ["ATTACH 'x' AS y"],
      ['VACUUM'],
      ['CREATE TABLE x (a)'],
      ['EXPLAIN DELETE FROM notes'],
      ['INSERT INTO notes VALUES (1); DELETE FROM notes'],
      ['-- INSERT\nDROP TABLE notes'],
      [''],
      [7],
    ]
    for (const said of await app.delay(tasks.codes.s(calls)).get())
      expect(said).toMatch(/^UMBEL_CANNOT_WRITE: ctx.write /)
    const fine = [
      ["INSERT INTO notes VALUES ('; --'';')"],
      ['/* ; */ delete from notes -- ; x'],
      [' \n with x(a) as (select 1) insert into notes select a from x;  ;'],
      ['REPLACE INTO "no;tes" VALUES (1)'],
    ]
    expect(await codeOf(app.delay(tasks.codes.s(fine)).get())).toBe('UMBEL_WRITE_FAILED') // there is no table no;tes
    expect(await app.delay(tasks.codes.s(fine.slice(0, 3))).get()).toEqual(['fine', 'fine', 'fine'])
  })

  test('is told at the call what SQLite does not bind', async () => {
    const { app } = place()
    const said = await app.delay(tasks.badParams.s()).get()
    for (const one of said) expect(one).toMatch(/^UMBEL_CANNOT_TRAVEL: /)
    expect(said).toHaveLength(13)
  })

  test('writes what it gave, not what that has become since', async () => {
    const { app, notes } = place()
    await app.delay(tasks.changes.s(NOTE)).get()
    expect(notes()).toEqual([new Uint8Array([1, 2, 3])])
  })

  test('may write 1,000 times and `maxBytes` in one attempt', async () => {
    const { app } = place('CREATE TABLE notes (text)')
    expect(await app.delay(tasks.many.s(NOTE, 1_000, 1)).get()).toBe('fine')
    expect(await app.delay(tasks.many.s(NOTE, 1_001, 1)).get()).toMatch(/^UMBEL_VALUE_TOO_LARGE/)
    expect(await app.delay(tasks.many.s(NOTE, 20, 100_000)).get()).toMatch(/^UMBEL_VALUE_TOO_LARGE/)
    expect(await app.delay(tasks.many.s(NOTE, 1, 2_000_000)).get()).toMatch(/^UMBEL_VALUE_TOO_LARGE/)
  })

  test('can write from onSuccess, and not once its outcome is told', async () => {
    const { app, notes } = place()
    await app.delay(tasks.late.s()).get()
    expect(notes()).toEqual(['from onSuccess'])
    let said: unknown[] = []
    while (said.length === 0) said = await app.delay(tasks.said.s()).get()
    expect(said).toEqual([expect.stringMatching(/^UMBEL_ATTEMPT_OVER/)])
  })

  test('is told at the call where the store takes no writes', async () => {
    const app = open({ tasks: [onLoop, inThreads], lanes: { default: { threads: 1, inline: 1 } } })
    const [said] = await app.delay(tasks.codes.s([[NOTE]])).get()
    expect(said).toMatch(/^UMBEL_CANNOT_WRITE: .*the store of its app takes no writes.*sqliteStore/)
  })
})

/** Statements that begin like a write and would do harm. */
const HARMFUL = [
  'INSERT INTO rows (id) VALUES (1)',
  'DELETE FROM ROWS',
  'DELETE FROM "log"',
  'UPDATE main.[owner] SET token = 99',
  'REPLACE INTO letters (id, body) VALUES (1, 2)',
  'WITH x AS (SELECT 1) DELETE FROM plans',
  'INSERT INTO notes SELECT body FROM rows',
  "DELETE FROM sqlite_schema WHERE name = 'rows'",
  'UPDATE sqlite_sequence SET seq = 0',
  'WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x) INSERT INTO notes SELECT n FROM x',
  'INSERT INTO notes SELECT * FROM pragma_wal_checkpoint',
  "INSERT INTO notes SELECT load_extension('x')",
  'INSERT INTO tricked VALUES (1)',
]

test.each(HARMFUL)('%s fails its task and harms nothing', async (sql) => {
  const { app, file } = place(`${NOTES}; CREATE TABLE IF NOT EXISTS numbered (n INTEGER PRIMARY KEY AUTOINCREMENT);
    INSERT INTO numbered VALUES (NULL); CREATE TABLE tricked (a);
    CREATE TRIGGER IF NOT EXISTS trick AFTER INSERT ON tricked BEGIN DELETE FROM log; END`)
  const harmless = app.delay(onLoop.write.s([NOTE, ['harmless']]))
  const harmful = app.delay(onLoop.write.s([sql]))
  expect(await codeOf(harmful.get())).toBe('UMBEL_WRITE_FAILED')
  expect(await harmless.get()).toBe('written')
  expect(await app.delay(onLoop.write.s([NOTE, ['later']])).get()).toBe('written')
  expect(read(file, 'SELECT text FROM notes')).toEqual(['harmless', 'later'])
  expect(read(file, 'SELECT count(*) FROM rows')).toEqual([3])
})

test('every table that a store makes for itself is its own', async () => {
  const { app, file } = place()
  await app.start()
  const tables = read(file, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'notes'") as string[]
  expect(tables.length).toBeGreaterThan(6)
  const codes = tables.map((name) => codeOf(app.delay(onLoop.write.s([`DELETE FROM ${name}`])).get()))
  expect(new Set(await Promise.all(codes))).toEqual(new Set(['UMBEL_WRITE_FAILED']))
  await app.stop()
  expect(examine(file)).toEqual([])
})

test('tiny tasks that go to a thread several at a time write as each does alone', async () => {
  const { app, notes } = place()
  const members = Array.from({ length: 2_000 }, (_, index) => inThreads.write.s([NOTE, [index]]))
  await app.delay(group(members)).get()
  expect(notes()).toHaveLength(2_000)
})

test('of tasks that end together those fail whose writes are refused, also several, and the others write', async () => {
  const { app, notes } = place()
  const members = Array.from({ length: 30 }, (_, index) => onLoop.write.s([NOTE, [index % 10 === 3 ? 'twice' : index]]))
  const results = await Promise.allSettled(members.map((member) => app.delay(member).get()))
  const failed = results.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))
  expect(failed).toEqual([13, 23])
  expect(notes()).toHaveLength(28)
})

test('a write that says OR ROLLBACK takes nothing of the others with it', async () => {
  const { app, notes } = place()
  await app.delay(onLoop.write.s([NOTE, ['taken']])).get()
  const all = [NOTE, 'INSERT OR ROLLBACK INTO notes VALUES (?)', NOTE].map((sql, index) =>
    codeOf(app.delay(onLoop.write.s([sql, [index === 1 ? 'taken' : index]])).get()),
  )
  expect(await Promise.all(all)).toEqual(['fine', 'UMBEL_WRITE_FAILED', 'fine'])
  expect(notes()).toEqual(['taken', 0, 2])
})

test('a foreign key that is looked at only as all is committed fails the one task that broke it', async () => {
  const { app, notes } = place(`${NOTES}; CREATE TABLE parents (id INTEGER PRIMARY KEY);
    CREATE TABLE children (parent REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)`)
  const orphan = onLoop.write.s(['INSERT INTO children VALUES (7)'])
  const others = [1, 2, 3].map((text) => app.delay(onLoop.write.s([NOTE, [text]])).get())
  expect(await codeOf(app.delay(orphan).get())).toBe('UMBEL_WRITE_FAILED')
  expect(await Promise.all(others)).toEqual(['written', 'written', 'written'])
  const family = onLoop.write.s(['INSERT INTO children VALUES (8)'], ['INSERT INTO parents VALUES (8)'])
  expect(await app.delay(family).get()).toBe('written')
  expect(await codeOf(app.delay(orphan).get())).toBe('UMBEL_WRITE_FAILED')
  expect(notes()).toEqual([1, 2, 3])
})

test('what follows a task finds its writes, and does not follow one whose writes were refused', async () => {
  const { app, notes } = place()
  const steps = chain(
    onLoop.write.si([NOTE, ['a']]),
    onLoop.write.si(['INSERT INTO notes SELECT text || 1 FROM notes']),
  )
  expect(await app.delay(steps).get()).toBe('written')
  const broken = chain(onLoop.write.si([NOTE, ['a']]), onLoop.write.si([NOTE, ['never']]))
  expect(await codeOf(app.delay(broken).get())).toBe('UMBEL_WRITE_FAILED')
  expect(await app.delay(group([1, 2].map((text) => onLoop.write.s([NOTE, [text]])))).get()).toEqual([
    'written',
    'written',
  ])
  expect(notes()).toEqual(['a', 'a1', 1, 2])
})

test('an attempt whose writes were refused waits for the next one over a restart', async () => {
  const clock = new SimulatedClock()
  const file = newFile()
  const waiting = defineTasks('waiting', {
    write: task(
      (ctx): number => {
        ctx.write(ctx.attempt < 2 ? 'INSERT INTO nowhere VALUES (?)' : NOTE, [ctx.attempt])
        return ctx.attempt
      },
      { inline: true, retry: { max: 1, backoff: { base: '1h', jitter: false } } },
    ),
  })
  const life = (of: string): App => {
    const store = sqliteStore(of, { setup: (db) => db.exec(NOTES) })
    return open({ tasks: [waiting], clock, store, lanes: { default: { threads: 0, inline: 1 } } })
  }
  const first = life(file)
  const refused = new Promise((resolve) => first.on('task-retry', resolve))
  const { id } = first.delay(waiting.write.s())
  await refused
  const after = asIfKilled(file)
  const second = life(after)
  await second.start()
  const result = await second.result(id)
  expect(result.state).toBe('RETRY')
  await clock.advance('1h')
  expect(await result.get()).toBe(2)
  expect(read(after, 'SELECT text FROM notes')).toEqual([2])
  expect(examine(after)).toEqual([])
})

test('a store carries out what it is given, or says whose writes it refuses and stores nothing of the batch', async () => {
  const file = newFile()
  const store: Store = sqliteStore(file, { sync: 'off', setup: (db) => db.exec(NOTES) })
  await store.open()
  const writes = (id: string, ...all: (readonly [string, unknown[]])[]): TaskWrites => ({ id, writes: encode(all) })
  const batch = {
    rows: [endedRow('a'), endedRow('b')],
    events: [],
    writes: [writes('a', [NOTE, ['a']]), writes('b', [NOTE, ['b']], [NOTE, ['a']])],
  }
  const refusal = await store.commit(batch).catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(WritesRefused)
  expect([...(refusal as WritesRefused).errors.keys()]).toEqual(['b'])
  expect([await store.get('a'), read(file, 'SELECT text FROM notes')]).toEqual([undefined, []])
  await store.commit({ ...batch, writes: batch.writes.slice(0, 1) })
  expect([await store.get('a'), read(file, 'SELECT text FROM notes')]).toEqual([endedRow('a'), ['a']])
  await store.close()
})

test('tables that users make do not make the file a foreign one, whatever triggers they have', async () => {
  const file = newFile()
  const make = (): App => open({ tasks: [onLoop], store: sqliteStore(file) })
  const first = make()
  await first.start()
  await first.stop()
  tamper(
    file,
    `${NOTES}; CREATE TABLE copies (text);
    CREATE TRIGGER copying AFTER INSERT ON notes BEGIN INSERT INTO copies VALUES (new.text); END;
    CREATE VIEW both AS SELECT * FROM notes, copies; CREATE INDEX by_text ON copies (text)`,
  )
  expect(
    await make()
      .delay(onLoop.write.s([NOTE, ['x']]))
      .get(),
  ).toBe('written')
  expect(read(file, 'SELECT text FROM copies')).toEqual(['x'])
})

test.each([
  ['a trigger on a table of the store', 'CREATE TRIGGER bad AFTER INSERT ON rows BEGIN SELECT 1; END'],
  ['a table that refers to one of the store', 'CREATE TABLE bad (id REFERENCES Rows (id))'],
])('%s is refused', async (_, sql) => {
  const file = newFile()
  const store = sqliteStore(file)
  await store.open()
  await store.close()
  tamper(file, sql)
  expect(await codeOf(sqliteStore(file).open())).toBe('UMBEL_STORE_FOREIGN')
})
