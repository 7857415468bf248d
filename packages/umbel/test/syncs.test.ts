import { closeSync, mkdtempSync, openSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { task } from '../../../test/conformance/store-rows.ts'
import { sqliteStore } from '../src/sqlite.ts'
import { Syncs } from '../src/stores/sqlite/syncs.ts'
import { newFile } from './fixtures/store-file.ts'

const started = async (syncs: Syncs): Promise<void> => {
  await expect.poll(() => syncs.ready(), { timeout: 30_000 }).toBe(true)
}

test('a store that commits often waits for the disk on a thread, and is safe when that has answered', async () => {
  const store = sqliteStore(newFile())
  await store.open()
  let index = 0
  const commit = async (): Promise<boolean> => {
    index += 1
    await store.commit({ rows: [task(`t${index}`)], events: [] })
    return store.safe?.() === undefined
  }
  expect(await commit()).toBe(true) // SQLite itself has waited
  await expect.poll(commit, { timeout: 30_000 }).toBe(false)
  await commit()
  await store.safe?.()
  expect(store.safe?.()).toBeUndefined()
  await store.close()
})

test('by sync "normal" and "off" nobody waits for the disk', async () => {
  for (const sync of ['normal', 'off'] as const) {
    const store = sqliteStore(newFile(), { sync })
    await store.open()
    for (let index = 0; index < 100; index += 1) {
      await store.commit({ rows: [task(`t${index}`)], events: [] })
      expect(store.safe?.()).toBeUndefined()
    }
    await store.close()
  }
})

test('whoever comes while the disk is waited for waits for it once more, all together and in order', async () => {
  const log = join(mkdtempSync(join(tmpdir(), 'umbel-syncs-')), 'log')
  closeSync(openSync(log, 'w'))
  const syncs = new Syncs(log)
  await started(syncs)
  const order: number[] = []
  const first = syncs.done()
  const second = syncs.done()
  const third = syncs.done()
  expect(second).not.toBe(first)
  expect(third).toBe(second)
  await Promise.all([
    first.then(() => order.push(1)),
    second.then(() => order.push(2)),
    third.then(() => order.push(3)),
  ])
  expect(order).toEqual([1, 2, 3])
  await syncs.close()
})

test('a thread that cannot work leaves the wait to SQLite, and whoever waits for it is told', async () => {
  const syncs = new Syncs('/no/such/folder/log')
  for (let index = 0; index < 100; index += 1) expect(syncs.ready()).toBe(false)
  await expect(syncs.done()).rejects.toMatchObject({ code: 'ENOENT' })
  await expect(syncs.done()).rejects.toThrow('has ended')
  expect(syncs.ready()).toBe(false)
  await syncs.close()
  await syncs.close()
})

test('a store that is closed while the disk is waited for answers first', async () => {
  const file = newFile()
  const store = sqliteStore(file)
  await store.open()
  let safe: Promise<void> | undefined
  for (let index = 0; safe === undefined; index += 1) {
    await store.commit({ rows: [task(`t${index}`)], events: [] })
    safe = store.safe?.()
  }
  const closed = store.close()
  await expect(safe).resolves.toBeUndefined()
  await closed
})
