import { statSync } from 'node:fs'
import { encode, type Row, type Store } from '@umbel/core'
import { expect, test } from 'vitest'
import { sqliteStore } from '../src/sqlite.ts'
import { Checkpoints } from '../src/stores/sqlite/checkpoints.ts'
import { newFile } from './fixtures/store-file.ts'

const PAGE = 4_096

/** Rows of several pages: a task that has ended, with a large result. */
const large = (id: string): Row =>
  ({
    kind: 'task',
    id,
    spec: { task: 'demo', via: 'call', lane: 'default', priority: 5, states: [], link: [], linkError: [] },
    args: encode([1]),
    node: -1,
    root: id,
    state: 'SUCCESS',
    attempt: 1,
    runs: 1,
    losses: 0,
    result: encode('x'.repeat(25 * PAGE)),
    sentAt: 1_000,
    endedAt: 2_000,
  }) as unknown as Row

async function commit(store: Store, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) await store.commit({ rows: [large(`t${index}`)], events: [] })
}

test('a thread moves the log into the file while it is open, long before a commit has to', async () => {
  const file = newFile()
  const store = sqliteStore(file, { sync: 'off' })
  await store.open()
  await commit(store, 30) // some 800 pages: fewer than a commit moves, more commits than the thread waits for
  await expect.poll(() => statSync(file).size).toBeGreaterThan(16 * 25 * PAGE)
  await store.close()
})

test('the log does not grow with what was written: a commit that finds it long begins it anew', async () => {
  const file = newFile()
  const store = sqliteStore(file, { sync: 'off', keepEnded: 100 })
  await store.open()
  await commit(store, 600) // some 15,000 pages
  expect(statSync(`${file}-wal`).size).toBeLessThan(3 * 4_000 * PAGE)
  await store.close()
  expect(() => statSync(`${file}-wal`)).toThrow('ENOENT')
})

test('a thread that cannot work harms nobody', async () => {
  const checkpoints = new Checkpoints('/no/such/folder/work.db', 'full')
  for (let index = 0; index < 100; index += 1) checkpoints.committed()
  await checkpoints.close()
  checkpoints.committed()
  await checkpoints.close()
})
