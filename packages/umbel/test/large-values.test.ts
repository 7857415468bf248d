import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type AnySignature, chain, chord, defineTasks, group, task } from '../src/index.ts'
import { sqliteStore } from '../src/sqlite.ts'
import { large } from './fixtures/large-tasks.ts'
import { next, open } from './fixtures/open-app.ts'

const folder = mkdtempSync(join(tmpdir(), 'umbel-large-'))
afterAll(() => rmSync(folder, { recursive: true }))

const SIZE = 300_000
const threads = (count: number) => open({ tasks: [large], lanes: { default: { threads: count } } })

test.each([0, 1, 65_535, 65_536, SIZE])(
  'a value of %i bytes goes from a thread to another task whole',
  async (length) => {
    expect(
      await threads(1)
        .delay(chain(large.make.s(length), large.sum.s()))
        .get(),
    ).toBe(length)
  },
)

test('many tasks that are given the same large value each have bytes of their own', async () => {
  const app = threads(2)
  const made = app.delay(large.make.s(SIZE))
  const bytes = await made.get()
  expect(await app.delay(group(Array.from({ length: 8 }, () => large.sum.s(bytes)))).get()).toEqual(Array(8).fill(SIZE))
  expect(await app.delay(chord([large.sum.s(bytes), large.sum.s(bytes)], large.make.si(3))).get()).toEqual(
    new Uint8Array(3).fill(1),
  )
  expect(bytes).toEqual(new Uint8Array(SIZE).fill(1))
  expect(await made.get()).toEqual(bytes)
})

test.each<[string, (length: number) => AnySignature, number]>([
  ['copied', (length) => large.makeAndKeep.s(length), SIZE],
  ['moved where its task says so, which leaves nothing', (length) => large.makeAndMove.s(length), 0],
  ['copied all the same where a hook is to see it', (length) => large.makeForHook.s(length), SIZE],
])('a large result in a thread is %s', async (_, make, left) => {
  const app = threads(1)
  const made = app.delay(make(SIZE))
  expect(await made.get()).toEqual(new Uint8Array(SIZE).fill(1))
  expect(await app.delay(large.left.s()).get()).toBe(left)
  expect(await made.get()).toEqual(new Uint8Array(SIZE).fill(1))
})

test('a large result that moves in a thread goes to another task whole, and is given it again as it was', async () => {
  const sent = threads(1).delay(chain(large.makeAndMove.s(SIZE), large.sumAfterExit.s(join(folder, 'moved'))))
  expect(await sent.get()).toBe(SIZE)
})

test('a large result that moves on the main loop leaves nothing there, and reaches each reader as it was', async () => {
  const kept = new Int16Array(SIZE).fill(1)
  const { make } = defineTasks('moving', { make: task(() => kept, { movesResult: true }) })
  const made = open({ tasks: [{ make }] }).delay(make.s())
  const first = await made.get()
  expect(kept.length).toBe(0)
  expect(first.length).toBe(SIZE)
  first.fill(9)
  expect(await made.get()).toEqual(new Int16Array(SIZE).fill(1))
})

test.each([
  ['whose thread ends half-way', (mark: string) => large.sumAfterExit.s(mark)],
  ['that fails half-way', (mark: string) => large.sumAfterError.s(mark)],
])('a task %s is given its large value again as it was', async (name, sum) => {
  const app = threads(1)
  const sent = app.delay(chain(large.make.s(SIZE), sum(join(folder, name))))
  expect(await sent.get()).toBe(SIZE)
  expect(await sent.parent?.get()).toEqual(new Uint8Array(SIZE).fill(1))
})

test('a task that is revoked half-way leaves the large value that it was given as it was', async () => {
  const app = threads(1)
  const holding = next(app, 'task-state')
  const sent = app.delay(chain(large.make.s(SIZE), large.hold.s()))
  await holding
  await sent.revoke()
  await expect(sent.get()).rejects.toMatchObject({ code: 'UMBEL_REVOKED' })
  expect(await sent.parent?.get()).toEqual(new Uint8Array(SIZE).fill(1))
})

test('a large value in a file is given to the task behind it by the app that comes after', async () => {
  const file = join(folder, 'work.db')
  const options = { tasks: [large], lanes: { default: { threads: 1 } } }
  const first = open({ ...options, store: sqliteStore(file) })
  const holding = next(first, 'task-state')
  const { id } = first.delay(chain(large.make.s(SIZE), large.hold.s()))
  await holding
  await first.stop({ deadline: 0 })
  const second = open({ ...options, store: sqliteStore(file) })
  const held = next(second, 'task-state')
  await second.start()
  await held
  const found = await second.result(id)
  expect(await found.parent?.get()).toEqual(new Uint8Array(SIZE).fill(1))
  await found.revoke()
})
