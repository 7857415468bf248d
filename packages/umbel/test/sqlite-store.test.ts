import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { encode, type Row, type Store } from '@umbel/core'
import { afterEach, expect, test } from 'vitest'
import { defineTasks, group, SimulatedClock } from '../src/index.ts'
import { type SqliteStoreOptions, sqliteStore } from '../src/sqlite.ts'
import { child } from './fixtures/durable/child.ts'
import { open } from './fixtures/open-app.ts'
import { newFile, tamper } from './fixtures/store-file.ts'

const stores: Store[] = []
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()))
})

async function opened(file: string, options: SqliteStoreOptions = {}): Promise<Store> {
  const store = sqliteStore(file, { sync: 'off', ...options })
  stores.push(store)
  await store.open()
  return store
}

/** The row of a task outside of workflows. */
const row = (id: string, more: object = {}): Row =>
  ({
    kind: 'task',
    id,
    spec: { task: 'demo', via: 'call', lane: 'default', priority: 5, states: [], link: [], linkError: [] },
    args: encode([1]),
    node: -1,
    root: id,
    state: 'RECEIVED',
    attempt: 0,
    runs: 0,
    losses: 0,
    sentAt: 1_000,
    ...more,
  }) as unknown as Row

const ended = (id: string, state: string, endedAt: number): Row => row(id, { state, endedAt, result: encode(1) })
const codeOf = (opening: Promise<unknown>): Promise<unknown> =>
  opening.then(
    () => 'opened',
    (error: { code?: unknown }) => error.code ?? error,
  )

test('each state has a bound of its own: many successes push no failure out', async () => {
  const store = await opened(newFile(), { keepEnded: { SUCCESS: 2 } })
  await store.commit({ rows: [ended('f', 'FAILURE', 1)], events: [] })
  for (let index = 0; index < 5; index += 1)
    await store.commit({ rows: [ended(`s${index}`, 'SUCCESS', index)], events: [] })
  const kept = await Promise.all(['f', 's0', 's1', 's2', 's3', 's4'].map(async (id) => (await store.get(id))?.id))
  expect(kept).toEqual(['f', undefined, undefined, undefined, 's3', 's4'])
})

test('of what was large, and is dropped beside what was not, nothing is left', async () => {
  const file = newFile()
  const store = await opened(file, { keepEnded: 2 })
  const args = encode(['x'.repeat(5_000)])
  for (let index = 0; index < 9; index += 1) {
    const large = index % 3 === 0 ? { args } : {}
    await store.commit({
      rows: [row(`t${index}`, { state: 'SUCCESS', endedAt: index, result: encode(1), ...large })],
      events: [],
    })
  }
  await store.close()
  const database = new DatabaseSync(file)
  const ids = (table: string): unknown[] => database.prepare(`SELECT id FROM ${table} ORDER BY id`).all()
  expect([ids('rows'), ids('large')]).toEqual([[{ id: 't7' }, { id: 't8' }], []])
  database.close()
})

test('what has ended goes once its time is over, what has not stays', async () => {
  const clock = new SimulatedClock(10_000)
  const store = await opened(newFile(), { resultTtl: '1h', clock })
  await store.commit({
    rows: [row('open'), ended('old', 'SUCCESS', 10_000), ended('failed', 'FAILURE', 10_000)],
    events: [],
  })
  await clock.advance('59m')
  await store.commit({ rows: [ended('newer', 'SUCCESS', clock.now())], events: [] })
  expect(await store.get('old')).toBeDefined()
  await clock.advance('1m')
  await store.commit({ rows: [], events: [] })
  const kept = await Promise.all(['open', 'old', 'failed', 'newer'].map(async (id) => (await store.get(id))?.id))
  expect(kept).toEqual(['open', undefined, undefined, 'newer'])
})

test('bytes written for a member are the same in a group of 1,000 and of 100,000', async () => {
  const tasks = defineTasks('wide', { one: (_ctx, value: number) => value })
  const perMember = async (size: number): Promise<{ readonly kept: number; readonly written: number }> => {
    const file = newFile()
    const app = open({ tasks: [tasks], store: sqliteStore(file, { sync: 'off' }), lanes: { default: { inline: 100 } } })
    await app.start()
    const before = bytesWritten()
    await app.delay(group(Array.from({ length: size }, (_, index) => tasks.one.s(index)))).get()
    await app.stop() // moves what is still in SQLite's log into the file
    const written = bytesWritten() - before
    return { kept: statSync(file).size / size, written: written / size }
  }
  const few = await perMember(1_000)
  const many = await perMember(100_000)
  expect(many.kept).toBeLessThan(few.kept * 1.3)
  // batches are smaller where the machine is slow, and pages are written once for each
  expect(many.written).toBeLessThanOrEqual(few.written * 1.5)
})

/** Bytes that this process has handed to the system to be written, as Linux counts them; else 0. */
function bytesWritten(): number {
  if (process.platform !== 'linux') return 0
  return Number(/^wchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1])
}

test('every query of the engine and of a dashboard goes by an index', async () => {
  const file = newFile()
  await opened(file)
  const database = new DatabaseSync(file)
  const queries = [
    "id = 'x'",
    "workflow = 'w'",
    "parent = 'p' ORDER BY n",
    "task = 'demo' ORDER BY n DESC",
    "state = 'RECEIVED' AND ended_at IS NULL",
    "state = 'FAILURE' AND ended_at IS NOT NULL AND workflow IS NULL ORDER BY ended_at DESC",
    "state = 'FAILURE' AND ended_at IS NOT NULL AND workflow IS NOT NULL ORDER BY ended_at DESC",
    "id >= '0000000' AND id < '1111111'",
  ]
  for (const where of queries) {
    const plan = database.prepare(`EXPLAIN QUERY PLAN SELECT n FROM rows WHERE ${where}`).all()
    expect(plan.map(({ detail }) => detail).join(), where).toMatch(/^SEARCH rows USING [^,]*$/)
  }
  database.close()
})

test.each([
  [
    'a text',
    (file: string) => writeFileSync(file, 'minutes of a meeting, longer than the head of a database is'),
    'FOREIGN',
  ],
  ['an empty file', (file: string) => writeFileSync(file, ''), 'CORRUPT'],
  ['a folder', (file: string) => mkdirSync(file), 'FOREIGN'],
  ['a database of something else', (file: string) => tamper(file, 'CREATE TABLE theirs (a)'), 'FOREIGN'],
])('%s is refused, and stays as it is', async (_, make, code) => {
  const file = newFile()
  make(file)
  const before = statSync(file).isFile() ? readFileSync(file) : undefined
  expect(await codeOf(opened(file))).toBe(`UMBEL_STORE_${code}`)
  if (before !== undefined) expect(readFileSync(file)).toEqual(before)
})

test.each([
  ['cut in half', (file: string) => truncateSync(file, statSync(file).size / 2), 'CORRUPT'],
  ['zeroed in its middle', (file: string) => zero(file, 4_096 * 2, 4_096 * 6), 'CORRUPT'],
  ['zeroed at its head', (file: string) => zero(file, 0, 4_096), 'FOREIGN'],
  ['of a newer schema', (file: string) => tamper(file, 'PRAGMA user_version = 99'), 'NEWER'],
  ['without a table', (file: string) => tamper(file, 'DROP TABLE log'), 'CORRUPT'],
  [
    'with a trigger',
    (file: string) => tamper(file, 'CREATE TRIGGER t AFTER INSERT ON rows BEGIN DELETE FROM log; END'),
    'FOREIGN',
  ],
])('a store that is %s is refused, and nothing in it is overwritten', async (_, damage, code) => {
  const file = newFile()
  const store = await opened(file)
  await store.commit({ rows: Array.from({ length: 500 }, (_, index) => row(`t${index}`)), events: [] })
  await store.close()
  damage(file)
  const before = readFileSync(file)
  expect(await codeOf(opened(file))).toBe(`UMBEL_STORE_${code}`)
  expect(readFileSync(file)).toEqual(before)
})

function zero(file: string, from: number, to: number): void {
  const bytes = readFileSync(file)
  bytes.fill(0, from, to)
  writeFileSync(file, bytes)
}

test('a file that has less in it than was committed tells so, once', async () => {
  const file = newFile()
  const store = await opened(file)
  const event = { type: 'task-received', id: 't', at: 1 } as const
  await store.commit({ rows: [row('t')], events: [event, event] })
  await store.close()
  tamper(file, 'DELETE FROM log')
  const warned = new Promise((resolve) => process.once('warning', resolve))
  await (await opened(file)).close()
  expect(await warned).toMatchObject({
    name: 'UmbelWarning',
    code: 'UMBEL_STORE_LOST',
    message: expect.stringContaining('1 to 2'),
  })
  const losses: unknown[] = []
  await opened(file, { onLoss: (loss) => losses.push(loss) })
  expect(losses).toEqual([])
})

test('a file that was removed under its store is noticed by the next one', async () => {
  const file = newFile()
  const store = await opened(file)
  await store.commit({ rows: [], events: [{ type: 'task-received', id: 't', at: 1 }] })
  await store.close()
  rmSync(file)
  const losses: unknown[] = []
  await opened(file, { onLoss: (loss) => losses.push(loss) })
  expect(losses).toEqual([{ file, first: 1, last: 1 }])
})

test('a folder that does not exist, and a path that is none, are refused', async () => {
  expect(await codeOf(opened(`${newFile()}/store.db`))).toBe('UMBEL_STORE_FAILED')
  for (const path of ['', ':memory:', 'a\0b', 7]) expect(() => sqliteStore(path as string)).toThrow('path of a file')
})

test.each([
  ['sync', { sync: 'often' }],
  ['keepEnded', { keepEnded: 0 }],
  ['keepEnded', { keepEnded: { DONE: 1 } }],
  ['keepEnded.SUCCESS', { keepEnded: { SUCCESS: -1 } }],
  ['keepEvents', { keepEvents: 1.5 }],
  ['whenOwned', { whenOwned: true }],
  ['resultTtl', { resultTtl: 'long' }],
  ['lease', { lease: 'short' }],
  ['keepEnded"?', { keepended: 1 }],
])('a bad %s is refused where it is given', (names, options) => {
  expect(() => sqliteStore(newFile(), options as never)).toThrow(names)
})

test('a file that may not be written is refused at once', async () => {
  const file = newFile()
  await (await opened(file)).close()
  chmodSync(dirname(file), 0o755)
  chmodSync(file, 0o444)
  expect(await child(['open', file]).line()).toBe('UMBEL_STORE_READ_ONLY')
})

test('when there is no more space, what is sent is refused, and all that was accepted is there', async () => {
  const file = newFile()
  const filling = child(['fill', file], 'ulimit -f 1024;')
  const said = await filling.line()
  await filling.kill()
  expect(said).toMatch(/^UMBEL_STORE_FULL [1-9]/)
  const store = await opened(file)
  const sent = (await store.events(1, 10_000)).filter(({ event }) => event.type === 'canvas-sent')
  expect(sent.length).toBe(Number(said.split(' ')[1]))
  for (const { event } of sent) expect(await store.get(event.id)).toBeDefined()
  await store.commit({ rows: [row('and on')], events: [] })
})
