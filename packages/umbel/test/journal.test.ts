import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { type EngineEvent, encode, type TaskRow } from '@umbel/core'
import { expect, test } from 'vitest'
import { examine } from '../../../test/crash/examine.ts'
import { sqliteStore } from '../src/sqlite.ts'
import { child } from './fixtures/durable/child.ts'
import { byId, closed, commit, inUse, journaled, newTask, opened, seen, sent, threadOf } from './fixtures/journal.ts'
import { asIfKilled, newFile, tamper } from './fixtures/store-file.ts'

test('batches of plain tasks stand in the journal as they are stored, and soon after in their tables', async () => {
  const file = newFile()
  const store = await opened(file)
  const rows = await inUse(store, file)
  expect(byId(seen(file))).toEqual(byId(rows.values()))
  await expect.poll(() => journaled(file)).toBe(0)
  expect(byId(seen(file))).toEqual(byId(rows.values()))
})

test('whoever reads a row reads what was stored last, and what it is read by is in its table', async () => {
  const file = newFile()
  const store = await opened(file)
  const rows = await inUse(store, file)
  const row = newTask('x', { state: 'STARTED', attempt: 1, runs: 1, startedAt: 2_000 })
  await commit(store, [row], rows)
  rows.set('x', row)
  const end = { ...row, state: 'SUCCESS', result: encode(5), endedAt: 3_000 }
  await commit(store, [end], rows)
  expect(await store.get('x')).toEqual(end)
  expect(journaled(file)).toBe(0)
})

test('what is large is stored apart while it may change again, and leaves nothing behind', async () => {
  const file = newFile()
  const store = await opened(file, { keepEnded: 1 })
  const rows = await inUse(store, file)
  const large = newTask('large', { args: encode(['x'.repeat(5_000)]) })
  const quick = newTask('quick', { args: large.args, state: 'SUCCESS', result: encode(1), endedAt: 1_500 })
  await commit(store, [large, quick], rows)
  expect(await store.get('large')).toEqual(large)
  expect(await store.get('quick')).toEqual(quick)
  rows.set('large', large)
  await commit(store, [{ ...large, state: 'SUCCESS', result: encode(1), endedAt: 2_000 }], rows)
  await commit(store, [newTask('last', { state: 'SUCCESS', result: encode(1), endedAt: 3_000 })], rows)
  const kept = await Promise.all(['quick', 'large', 'last'].map(async (id) => (await store.get(id))?.id))
  expect(kept).toEqual([undefined, undefined, 'last'])
  await store.close()
  const database = new DatabaseSync(file)
  expect(database.prepare('SELECT count(*) AS count FROM large').get()).toEqual({ count: 0 })
  database.close()
})

test('what is no single task goes the other way, and everything before it is in its tables then', async () => {
  const file = newFile()
  const store = await opened(file)
  const rows = await inUse(store, file)
  const plain = newTask('plain')
  const end = store.commit({ rows: [plain], events: [sent(plain)] })
  await end
  await store.commit({ rows: [], events: [], effects: [{ task: 'plain', name: 'e', result: encode(1) }] })
  expect(journaled(file)).toBe(0)
  expect(byId(seen(file))).toEqual(byId([...rows.values(), plain]))
})

test('an owner that has been followed stores nothing more, by whatever way', async () => {
  const file = newFile()
  const store = await opened(file)
  const rows = await inUse(store, file)
  tamper(file, 'UPDATE owner SET token = token + 1')
  await expect(commit(store, [newTask('late')], rows)).rejects.toMatchObject({ code: 'UMBEL_STORE_FENCED' })
  expect(byId(seen(file))).toEqual(byId(rows.values()))
  await closed(store)
})

test('what the thread cannot store is refused, and counts for nothing: numbers, rows and bounds are as before', async () => {
  const file = newFile()
  const store = await opened(file, { keepEnded: 3 })
  const rows = await inUse(store, file)
  const ended = (id: string, endedAt: number) => newTask(id, { state: 'SUCCESS', result: encode(1), endedAt })
  const last = await commit(store, [ended('a', 1), ended('b', 2)], rows)
  tamper(file, "CREATE TRIGGER refuse BEFORE INSERT ON umbel_journal BEGIN SELECT RAISE(FAIL, 'no'); END")
  await expect(commit(store, [ended('c', 3), ended('d', 4)], rows)).rejects.toMatchObject({
    code: 'UMBEL_STORE_FAILED',
  })
  tamper(file, 'DROP TRIGGER refuse')
  expect(await commit(store, [ended('e', 5)], rows)).toBe(last + 1)
  const kept = await Promise.all(['a', 'b', 'c', 'd', 'e'].map(async (id) => (await store.get(id))?.id))
  expect(kept).toEqual(['a', 'b', undefined, undefined, 'e'])
})

test('a store whose rows cannot go to their tables for a while keeps them in the journal, and goes on afterwards', async () => {
  const file = newFile()
  const store = await opened(file)
  const rows = await inUse(store, file)
  tamper(file, "CREATE TRIGGER refuse BEFORE INSERT ON rows BEGIN SELECT RAISE(FAIL, 'no'); END")
  const row = newTask('kept')
  await commit(store, [row], rows)
  await expect(store.get('kept')).rejects.toMatchObject({ code: 'UMBEL_STORE_FAILED' })
  expect(seen(file).find(({ id }) => id === 'kept')).toEqual(row)
  tamper(file, 'DROP TRIGGER refuse')
  expect(await store.get('kept')).toEqual(row)
  rows.set('kept', row)
  expect(byId(seen(file))).toEqual(byId(rows.values()))
})

test('a thread that ends in the middle takes nothing with it: the store goes on without one', async () => {
  const file = newFile()
  const store = await opened(file)
  const started = threadOf('umbel-journal')
  const rows = await inUse(store, file)
  const thread = await started
  let ended: Promise<unknown> | undefined
  for (let index = 0; index < 40; index += 1) {
    const row = newTask(`p${index}`)
    const stored = commit(store, [row], rows)
    if (index === 10) ended = thread.terminate()
    await stored
    rows.set(row.id, row)
  }
  await ended
  const all = byId(rows.values())
  for (const row of all) expect(await store.get(row.id)).toEqual(row)
  expect(byId(seen(file))).toEqual(all)
  expect(journaled(file)).toBe(0)
})

test('where no thread can be started, all goes the other way', async () => {
  const file = newFile()
  const store = await opened(file)
  tamper(file, 'ALTER TABLE umbel_journal RENAME TO elsewhere')
  const rows = new Map<string, TaskRow>()
  const died = threadOf('umbel-journal').then((thread) => new Promise((resolve) => thread.once('exit', resolve)))
  for (let index = 0; index < 40; index += 1) {
    const row = newTask(`d${index}`)
    await commit(store, [row], rows)
    rows.set(row.id, row)
  }
  await died
  tamper(file, 'ALTER TABLE elsewhere RENAME TO umbel_journal')
  const last = newTask('last')
  await commit(store, [last], rows)
  expect(byId(seen(file))).toEqual(byId([...rows.values(), last]))
})

test('a sender finds what its owner has only in the journal yet, as it is by now', async () => {
  const file = newFile()
  const store = await opened(file)
  const rows = await inUse(store, file)
  const row = newTask('fresh', { parent: 'parent' })
  await commit(store, [row], rows)
  rows.set('fresh', row)
  let begun = row
  let copy: string
  do {
    begun = { ...row, state: 'STARTED', attempt: begun.attempt + 1, runs: begun.runs + 1, startedAt: 2_000 }
    await commit(store, [begun], rows)
    copy = asIfKilled(file) // nobody puts it into its table, unless that was done before
  } while (journaled(copy) === 0)
  const sender = sqliteStore(copy, { as: 'sender' })
  await sender.open()
  expect(sender.standing('fresh')).toEqual({ at: 'rows', row: begun })
  expect(sender.standing('nothing')).toEqual({ at: 'nowhere' })
  expect(sender.children('parent')).toEqual(['fresh'])
  const run = { type: 'chart-started', id: 'fresh', machine: 'm', version: '1', at: 1_000 } as unknown as EngineEvent
  for (const event of [sent(newTask('fresh')), run])
    await expect(sender.put([{ kind: 'event', event }])).rejects.toMatchObject({ code: 'UMBEL_DUPLICATE_ID' })
  await sender.close()
})

test('closed right after a batch was stored, and opened again, it has everything where it belongs', async () => {
  const file = newFile()
  const store = await opened(file, { sync: 'full' })
  const rows = await inUse(store, file)
  const last = newTask('last')
  await commit(store, [last], rows)
  await store.close()
  expect(existsSync(`${file}-wal`)).toBe(false) // no connection was left
  expect(journaled(file)).toBe(0)
  expect(byId(seen(file))).toEqual(byId([...rows.values(), last]))
})

test('killed in the middle, again and again, it has all that was accepted and all that had ended', async () => {
  const file = newFile()
  let withJournal = 0
  // at least six, and until one of them has met a journal in use, which is for the machine's moments to say
  for (let kills = 0; kills < 6 || (withJournal === 0 && kills < 18); kills += 1) {
    const stream = child(['stream', file])
    const said: string[] = []
    while (said.length < 2_000 + 777 * (kills % 6)) said.push(await stream.line())
    await stream.kill()
    if (journaled(file) > 0) withJournal += 1
    expect(examine(file)).toEqual([])
    const store = await opened(file)
    for (const line of said) {
      const [what, id = ''] = line.split(' ')
      const row = await store.get(id)
      expect(row, line).toBeDefined()
      if (what === 'ended') expect(row, line).toMatchObject({ state: 'SUCCESS', result: encode('on and on') })
    }
    await closed(store)
  }
  expect(withJournal).toBeGreaterThan(0)
})
