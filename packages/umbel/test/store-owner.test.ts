import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import type { Store } from '@umbel/core'
import { afterEach, expect, test } from 'vitest'
import { here } from '../../../test/machine-time.ts'
import { type SqliteStoreOptions, sqliteStore } from '../src/sqlite.ts'
import { child } from './fixtures/durable/child.ts'
import { newFile, tamper } from './fixtures/store-file.ts'

const stores: Store[] = []
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()))
})

async function opened(file: string, options: SqliteStoreOptions = {}): Promise<Store> {
  const store = sqliteStore(file, options)
  stores.push(store)
  await store.open()
  return store
}

/** A process that owns a file. */
async function owner(file: string, ...how: string[]) {
  const owning = child(['own', file, ...how])
  expect(await owning.line()).toBe('owner')
  return owning
}

/** Stop a process, but not while it writes: nobody else could as long as it stands. */
async function stopBetweenWrites(process: ChildProcess, file: string): Promise<void> {
  for (;;) {
    process.kill('SIGSTOP')
    await expect.poll(() => readFileSync(`/proc/${process.pid}/stat`, 'utf8')).toContain(') T ')
    try {
      return tamper(file, 'BEGIN IMMEDIATE; ROLLBACK')
    } catch {
      process.kill('SIGCONT')
    }
  }
}

const count = async (store: Store): Promise<number> => (await store.events(1, 10_000)).length

test('a second process is told who owns the store, and one that is alive is never followed', async () => {
  const file = newFile()
  const { process: first } = await owner(file)
  const begun = performance.now()
  await expect(opened(file)).rejects.toMatchObject({
    code: 'UMBEL_STORE_OWNED',
    details: { pid: first.pid, host: expect.any(String), age: expect.any(Number) },
  })
  expect(performance.now() - begun).toBeLessThan(here(1_000))
  await expect(opened(file)).rejects.toMatchObject({ code: 'UMBEL_STORE_OWNED' })
})

test('within one process, too, a store is opened once', async () => {
  const file = newFile()
  const first = await opened(file)
  await expect(opened(file)).rejects.toMatchObject({ code: 'UMBEL_STORE_OWNED' })
  await first.close()
  await opened(file)
})

test('a process that was killed is followed at once', async () => {
  const file = newFile()
  const first = await owner(file)
  first.tell('before')
  expect(await first.line()).toBe('accepted')
  await first.kill()
  const begun = performance.now()
  const store = await opened(file)
  expect(performance.now() - begun).toBeLessThan(here(1_000))
  expect(await count(store)).toBeGreaterThan(0)
})

test.runIf(process.platform === 'linux')(
  'a process that was killed is followed at once, though its parent has not asked what became of it',
  async () => {
    const file = newFile()
    await (await opened(file)).close()
    // the shell starts one that ends with its input, becomes something else, and never asks
    const script = 'exec 3<&0; cat <&3 & echo $!; exec sleep 60'
    const parent = spawn('bash', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'] })
    try {
      const [said] = (await once(parent.stdout, 'data')) as [Buffer]
      const pid = Number(String(said))
      await expect.poll(() => readFileSync(`/proc/${parent.pid}/comm`, 'utf8')).toBe('sleep\n') // a shell would ask
      parent.stdin.end()
      await expect.poll(() => readFileSync(`/proc/${pid}/stat`, 'utf8')).toContain(') Z ')
      tamper(file, `UPDATE owner SET pid = ${pid}, host = '${hostname()}', since = ${Date.now()}, at = ${Date.now()}`)
      await opened(file)
    } finally {
      parent.kill('SIGKILL')
    }
  },
)

test.each([
  ['of another process', async () => child(['own', newFile()]).process.pid],
  ['of this one', async () => process.pid],
])('a process that was killed is followed at once, though its number is that %s by now', async (_, pidOf) => {
  const file = newFile()
  await (await opened(file)).close()
  const [pid, now] = [await pidOf(), Date.now()]
  tamper(file, `UPDATE owner SET pid = ${pid}, host = '${hostname()}', since = ${now - 86_400_000}, at = ${now}`)
  await opened(file)
})

test('an owner on another machine is waited for until it has been silent for too long', async () => {
  const file = newFile()
  await (await opened(file)).close()
  tamper(file, `UPDATE owner SET pid = 1, host = 'elsewhere', since = 1, at = ${Date.now()}`)
  await expect(opened(file)).rejects.toMatchObject({ code: 'UMBEL_STORE_OWNED' })
  tamper(file, `UPDATE owner SET at = ${Date.now() - 10_000}`)
  await opened(file)
})

test('a process that was stopped, and goes on after another has followed, finds itself fenced and writes nothing', async () => {
  const file = newFile()
  const first = await owner(file, '300ms')
  await stopBetweenWrites(first.process, file)
  const store = await opened(file, { whenOwned: 'wait', lease: '300ms' })
  const events = await count(store)
  first.process.kill('SIGCONT')
  first.tell('too late')
  expect(await first.line()).toBe('UMBEL_STORE_FENCED')
  first.tell('still too late')
  expect(await first.line()).toBe('UMBEL_STORE_FENCED')
  first.tell('stop')
  expect(await first.line()).toBe('stopped')
  expect(await count(store)).toBe(events)
  // the end of the old one takes nothing from the new one
  await expect(opened(file)).rejects.toMatchObject({ code: 'UMBEL_STORE_OWNED' })
  await store.commit({ rows: [], events: [{ type: 'task-received', id: 'mine', at: 1 }] })
  expect(await count(store)).toBe(events + 1)
})

test('a task that takes its process with it is started three times, then it fails and all else goes on', async () => {
  const file = newFile()
  for (let life = 1; life <= 3; life += 1) {
    const poisoned = child(['poison', file])
    expect(await poisoned.line()).toBe('starts')
    await expect(poisoned.line()).rejects.toThrow('no more')
    await poisoned.kill()
  }
  const last = child(['poison', file])
  expect([await last.line(), await last.line()]).toEqual(['UMBEL_WORKER_LOST', 'others go on'])
})

test('one that waits follows within two seconds after an orderly end', async () => {
  const file = newFile()
  const first = await owner(file)
  const second = child(['own', file, '10s', 'wait'])
  const follows = second.line()
  await pause(1_000) // time to look in vain: that it does not own the file yet is what is shown
  expect(await Promise.race([follows, pause(0, 'waits')])).toBe('waits')
  const begun = performance.now()
  first.tell('stop')
  expect(await follows).toBe('owner')
  expect(performance.now() - begun).toBeLessThan(here(2_000))
})

test.runIf(process.platform === 'linux')('a file that is opened again in its process keeps its locks', async () => {
  const file = newFile()
  await opened(file)
  const locks = (): string[] => {
    const of = `:${statSync(file).ino} `
    return readFileSync('/proc/locks', 'utf8')
      .split('\n')
      .filter((line) => line.includes(of))
  }
  expect(locks()).toHaveLength(1)
  await expect(opened(file)).rejects.toMatchObject({ code: 'UMBEL_STORE_OWNED' })
  expect(locks()).toHaveLength(1)
})

test('of ten that open at the same moment one is the owner', async () => {
  const file = newFile()
  const racers = Array.from({ length: 10 }, () => sqliteStore(file, { sync: 'off' }))
  stores.push(...racers)
  const opening = await Promise.allSettled(racers.map((store) => store.open()))
  expect(opening.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
})

test('an app that waits for a store can be stopped', async () => {
  const file = newFile()
  await opened(file)
  const waiting = sqliteStore(file, { whenOwned: 'wait' })
  const opening = waiting.open()
  await waiting.close()
  await expect(opening).rejects.toMatchObject({ code: 'UMBEL_STORE_OWNED' })
})
