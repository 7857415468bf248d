import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import { type App, type AppOptions, createApp, memoryStore, type Store } from '../src/index.ts'
import { tinyTasks } from './fixtures/tiny-tasks.ts'

const folder = mkdtempSync(join(tmpdir(), 'umbel-given-back-'))
afterAll(() => rmSync(folder, { recursive: true }))
let app: App
afterEach(() => app.stop({ deadline: 0 }))

/** An app on threads alone, and something done so often that it has proved tiny. */
async function proved(options: AppOptions, send: () => Promise<unknown>): Promise<void> {
  app = createApp({ tasks: [tinyTasks], ...options })
  await app.start()
  for (let times = 0; times < 20; times += 1) await Promise.all(Array.from({ length: 60 }, send))
}

test('a bundle that is given back behind an item that lasts holds no slot: the other thread has what is left', async () => {
  await proved({ lanes: { default: { threads: 2 } } }, () => tinyTasks.until.delay('').get())
  const path = join(folder, 'there')
  for (let round = 0; round < 3; round += 1) {
    const there = `${path} ${round}`
    const sent = Array.from({ length: 400 }, (_, n) => tinyTasks.until.delay(n === 5 ? there : ''))
    const [lasting] = sent.splice(5, 1)
    await Promise.all(sent.map((one) => one.get()))
    expect(await tinyTasks.add.delay(1, 2).get()).toBe(3)
    expect(lasting?.ready()).toBe(false)
    writeFileSync(there, '')
    expect(await lasting?.get()).toBe(there)
  }
})

test('what is given back keeps its place before all that has not been taken yet', async () => {
  await proved({ lanes: { default: { threads: 1 } } }, () => tinyTasks.until.delay('').get())
  const there = join(folder, 'in its place')
  const ended: string[] = []
  app.on('task-success', ({ id }) => ended.push(id))
  const sent = Array.from({ length: 400 }, (_, n) => tinyTasks.until.delay(n === 5 ? there : ''))
  await expect.poll(async () => (await app.inspect.waiting()).total).toBe(394)
  writeFileSync(there, '')
  await Promise.all(sent.map((one) => one.get()))
  expect(ended).toEqual(sent.map(({ id }) => id))
})

test('what starts together does not run where nobody can be sure that it is stored', async () => {
  let safe: Promise<void> | undefined
  const store: Store = Object.assign(memoryStore(), { safe: () => safe })
  await proved({ store, lanes: { default: { threads: 1 } } }, () => tinyTasks.marks.delay('').get())
  safe = Promise.reject(new Error('EIO: i/o error, fdatasync'))
  const path = join(folder, 'marks')
  const sent = Array.from({ length: 6 }, () => tinyTasks.marks.delay(path))
  for (const one of sent) await expect(one.get()).rejects.toMatchObject({ code: 'UMBEL_STORE_FAILED' })
  await app.stop()
  expect(existsSync(path)).toBe(false)
})

test('tiny tasks that are given much go to their thread in messages of a megabyte', async () => {
  await proved({ lanes: { default: { threads: 1 } } }, () => tinyTasks.lengthOf.delay('').get())
  let [running, most] = [0, 0]
  app.on('task-prerun', () => {
    running += 1
    most = Math.max(most, running)
  })
  app.on('task-postrun', () => {
    running -= 1
  })
  const text = 'x'.repeat(300_000)
  const sent = Array.from({ length: 40 }, () => tinyTasks.lengthOf.delay(text))
  expect(await Promise.all(sent.map((one) => one.get()))).toEqual(sent.map(() => text.length))
  expect(most).toBeLessThanOrEqual(6) // one message, and one behind it
})
