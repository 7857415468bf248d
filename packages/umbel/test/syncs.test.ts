import { closeSync, mkdtempSync, openSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '@umbel/core'
import { expect, test } from 'vitest'
import { task } from '../../../test/conformance/store-rows.ts'
import { sqliteStore } from '../src/sqlite.ts'
import { Syncs } from '../src/stores/sqlite/syncs.ts'
import { newFile } from './fixtures/store-file.ts'

/** Those of a log to which nothing was written, with their thread at work. `clock`: by which the disk is quick or not. */
async function startedOnes(clock?: Pick<Clock, 'monotonic'>): Promise<Syncs> {
  const log = join(mkdtempSync(join(tmpdir(), 'umbel-syncs-')), 'log')
  closeSync(openSync(log, 'w'))
  const syncs = new Syncs(log, clock)
  await expect.poll(() => syncs.ready()).toBe(true)
  return syncs
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
  await expect.poll(commit).toBe(false)
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
  const syncs = await startedOnes()
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

/** Ask as a store does that commits again and again. Gives whether a transaction has to wait for the disk itself. */
async function turn(syncs: Syncs): Promise<boolean> {
  if (!syncs.ready()) return true
  await syncs.done()
  return false
}

async function quickAndIdle(): Promise<Syncs> {
  const syncs = await startedOnes({ monotonic: () => 0 })
  await expect.poll(() => turn(syncs), { interval: 0 }).toBe(true)
  return syncs
}

test('where nothing is written while a quick disk is waited for, transactions wait themselves, and the thread is asked now and then', async () => {
  const syncs = await quickAndIdle()
  const turns: boolean[] = []
  for (let index = 0; index < 64; index += 1) turns.push(await turn(syncs))
  expect(turns.indexOf(false)).toBe(63) // the first of the 64 is behind us
  await syncs.close()
})

test('where the disk is slow only a transaction that keeps no main loop waits itself', async () => {
  let now = 0
  const syncs = await startedOnes({ monotonic: () => (now += 10) })
  const waits = async (): Promise<boolean> => {
    if (!syncs.ready('elsewhere')) return true
    await syncs.done()
    return false
  }
  await expect.poll(waits, { interval: 0 }).toBe(true)
  expect(syncs.ready('here')).toBe(true)
  expect(syncs.ready('elsewhere')).toBe(false)
  await syncs.close()
})

test('a transaction that waits long itself is the last to do so', async () => {
  const syncs = await quickAndIdle()
  expect(syncs.ready()).toBe(false)
  syncs.waited(0.1)
  expect(syncs.ready()).toBe(false)
  syncs.waited(20)
  expect(syncs.ready()).toBe(true)
  await syncs.close()
})

test('what is written while the disk is waited for shows that the thread is of use', async () => {
  const syncs = await startedOnes()
  for (let index = 0; index < 100; index += 1) {
    const first = syncs.done()
    expect(syncs.ready()).toBe(true)
    await Promise.all([first, syncs.done()])
    expect(syncs.ready()).toBe(true)
  }
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
