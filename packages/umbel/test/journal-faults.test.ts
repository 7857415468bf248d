import { DatabaseSync } from 'node:sqlite'
import { encode, type Store, type TaskRow } from '@umbel/core'
import { expect, test } from 'vitest'
import { commit, inUse, journaled, newTask, nextId, opened, seen, sent, threadOf } from './fixtures/journal.ts'
import { newFile, tamper } from './fixtures/store-file.ts'

const ended = (id: string, endedAt: number): TaskRow =>
  newTask(id, { state: 'SUCCESS', result: encode(1), attempt: 1, runs: 1, startedAt: 1, endedAt })

const send = (store: Store, row: TaskRow): Promise<number> => store.commit({ rows: [row], events: [sent(row)] })

test('a disk that fails while the main loop has its turn is no disk that has answered', async () => {
  const store = await opened(newFile(), { sync: 'full' })
  const started = threadOf('umbel-syncs')
  // what is no plain task does not go by the journal
  const once = (n: number) => ({ rows: [], events: [], effects: [{ task: 't', name: `e${n}`, result: encode(n) }] })
  let n = 0
  await expect.poll(() => store.commit(once(++n)).then(() => store.safe?.() !== undefined), { interval: 0 }).toBe(true)
  await store.safe?.()
  const disk = await started
  const { ref } = disk
  let failed = false
  disk.ref = () => {
    if (!failed) process.nextTick(() => disk.emit('error', Object.assign(new Error('EIO'), { code: 'EIO' })))
    failed = true
    return ref.call(disk)
  }
  // where the disk was quick so far some commits wait themselves
  while (!failed) await store.commit(once(++n))
  await expect(Promise.resolve(store.safe?.())).rejects.toMatchObject({ code: 'UMBEL_STORE_FAILED' })
})

test('what cannot be worked out leaves nothing behind', async () => {
  const file = newFile()
  const store = await opened(file, { keepEnded: 3 })
  const rows = await inUse(store, file)
  const [good, other] = [newTask('good'), newTask('other')]
  const bad = newTask('bad', { progress: { done: 1n as unknown as number, total: 2 } })
  await expect(commit(store, [good, bad], rows)).rejects.toThrow('BigInt')
  const event = { ...sent(other), at: 1n as unknown as number }
  await expect(store.commit({ rows: [other], events: [event] })).rejects.toThrow('BigInt')
  await send(store, newTask('next'))
  expect([await store.get('good'), await store.get('other')]).toEqual([undefined, undefined])
  await send(store, good)
  expect(await store.get('good')).toEqual(good)
  expect(seen(file).filter(({ id }) => id === 'good')).toEqual([good])
})

test('of what has ended no more is kept than should be, also after the thread has died', async () => {
  const file = newFile()
  const store = await opened(file, { keepEnded: 10 })
  const started = threadOf('umbel-journal')
  await inUse(store, file)
  let at = 5_000
  const some = (count: number): Promise<number> => {
    const rows = Array.from({ length: count }, () => ended(nextId(), ++at))
    return store.commit({ rows, events: rows.map(sent) })
  }
  for (let times = 0; times < 4; times += 1) await some(200)
  const last = some(200)
  await (await started).terminate()
  await last
  for (let times = 0; times < 5; times += 1) await some(3)
  await store.get('any')
  expect(seen(file).filter(({ state }) => state === 'SUCCESS').length).toBeLessThanOrEqual(10)
})

test('where a thread has died, and nobody can look whether it had stored a batch, the store says that it cannot be sure', async () => {
  const file = newFile()
  const store = await opened(file)
  const started = threadOf('umbel-journal')
  const rows = await inUse(store, file)
  await expect.poll(() => journaled(file)).toBe(0)
  const other = new DatabaseSync(file)
  other.exec('PRAGMA busy_timeout = 10000; BEGIN IMMEDIATE')
  const batch = commit(store, [newTask('unknown')], rows)
  await (await started).terminate()
  await batch
  const safe = store.safe?.()
  other.exec('ROLLBACK')
  other.close()
  await expect(Promise.resolve(safe)).rejects.toMatchObject({ code: 'UMBEL_STORE_OWNED' })
})

test('a lease that could not be renewed, as others had the file, is renewed again', async () => {
  const file = newFile()
  await opened(file, { lease: '200ms' })
  const heard = (): number => {
    const database = new DatabaseSync(file, { readOnly: true })
    try {
      return Number(database.prepare('SELECT at FROM owner').get()?.at)
    } finally {
      database.close()
    }
  }
  const other = new DatabaseSync(file)
  other.exec('PRAGMA busy_timeout = 10000; BEGIN IMMEDIATE')
  // its timer comes first, and waits in vain for the file
  await new Promise((resolve) => setTimeout(resolve, 100))
  const before = heard()
  other.exec('ROLLBACK')
  other.close()
  await expect.poll(heard).toBeGreaterThan(before)
})

test('an owner that has been followed puts nothing of the journal where it belongs', async () => {
  const file = newFile()
  const store = await opened(file)
  const started = threadOf('umbel-journal')
  await inUse(store, file)
  await (await started).terminate()
  tamper(file, 'UPDATE owner SET token = token + 1')
  await expect(store.get('any')).rejects.toMatchObject({ code: 'UMBEL_STORE_FENCED' })
})
