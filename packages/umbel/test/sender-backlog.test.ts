import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { examine } from '../../../test/crash/examine.ts'
import { type App, type AppOptions, createApp, defineTasks, group, task } from '../src/index.ts'
import { sqliteStore } from '../src/sqlite.ts'
import { asIfKilled, newFile } from './fixtures/store-file.ts'

let gate = Promise.withResolvers<void>()
const ran: number[] = []
const work = defineTasks('work', {
  pass: task(
    async (_ctx, value: number): Promise<number> => {
      ran.push(value)
      await gate.promise
      return value
    },
    { inline: true },
  ),
  other: task((_ctx, value: number): number => value, { inline: true, lane: 'other' }),
})

const apps: App[] = []
beforeEach(() => {
  gate = Promise.withResolvers()
  ran.length = 0
})
afterEach(async () => {
  gate.resolve()
  await Promise.all(apps.splice(0).map((app) => app.stop({ deadline: 0 })))
})

function made(options: AppOptions): App {
  const app = createApp({ tasks: [work], ...options })
  apps.push(app)
  return app
}
const sender = (file: string): App => made({ name: 'sender', store: sqliteStore(file, { as: 'sender' }) })
const owner = (
  file: string,
  backlog: NonNullable<NonNullable<AppOptions['lanes']>[string]['backlog']>,
  inline = 1,
): App =>
  made({
    name: 'owner',
    store: sqliteStore(file),
    lanes: { default: { threads: 0, inline, backlog }, other: { threads: 0, inline: 1 } },
  })
const inInbox = (file: string): number => {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    return Number(database.prepare('SELECT count(*) AS count FROM umbel_inbox').get()?.count)
  } finally {
    database.close()
  }
}
/** How the lane `default` stands: tasks that run, that wait in it, and that wait in the inbox. */
const standing = async (app: App): Promise<readonly number[]> => {
  const [lane] = await app.inspect.lanes()
  return [lane?.running ?? -1, lane?.waiting ?? -1, lane?.inbox ?? -1]
}
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

test.each([2, { size: 2, full: 'reject' }] as const)(
  'what finds a lane of %j full stays in the inbox and runs later, in the order it was sent',
  async (backlog) => {
    const file = newFile()
    const [one, worker] = [sender(file), owner(file, backlog)]
    await worker.start()
    const sent = upTo(9).map((value) => one.delay(work.pass.s(value)))
    await expect.poll(() => standing(worker)).toEqual([1, 2, 6])
    expect(inInbox(file)).toBe(6)
    expect(sent.at(-1)?.state).toBe('PENDING')
    expect((await one.inspect.lanes())[0]).toMatchObject({ waiting: 2, inbox: 6 })
    gate.resolve()
    expect(await Promise.all(sent.map((result) => result.get()))).toEqual(upTo(9))
    expect(ran).toEqual(upTo(9))
    expect(await standing(worker)).toEqual([0, 0, 0])
    expect(inInbox(file)).toBe(0)
  },
)

test('what is for another lane, and what is asked and revoked, is not stuck behind what waits', async () => {
  const file = newFile()
  const [one, worker] = [sender(file), owner(file, 1)]
  await worker.start()
  const sent = upTo(6).map((value) => one.delay(work.pass.s(value)))
  await expect.poll(() => standing(worker)).toEqual([1, 1, 4])
  expect(await one.delay(work.other.s(7)).get()).toBe(7)
  const [, , , third, fourth, fifth] = sent
  expect(await one.control.revoke(third?.id ?? '')).toBe(1)
  await expect(third?.get()).rejects.toMatchObject({ code: 'UMBEL_REVOKED' })
  expect(await one.control.priority(fifth?.id ?? '', 9)).toBe(true)
  expect(fourth?.state).toBe('PENDING')
  gate.resolve()
  await Promise.all([0, 1, 2, 4, 5].map((index) => sent[index]?.get()))
  expect(ran.toSorted()).toEqual([0, 1, 2, 4, 5])
  expect(ran.indexOf(5)).toBeLessThan(ran.indexOf(4))
  expect(examine(file)).toEqual([])
})

test('what waits in the inbox is taken in by the next owner, whether the one before has stopped or was killed', async () => {
  const file = newFile()
  const one = sender(file)
  const first = owner(file, 1)
  await first.start()
  const sent = upTo(5).map((value) => one.delay(work.pass.s(value)))
  await expect.poll(() => standing(first)).toEqual([1, 1, 3])
  const copy = asIfKilled(file)
  await first.stop({ deadline: 0 })
  for (const of of [copy, file]) {
    expect(inInbox(of)).toBe(3)
    const next = owner(of, 1)
    await next.start()
    gate.resolve()
    for (const { id } of sent) expect(await (await next.result(id)).get({ timeout: '20s' })).toBeTypeOf('number')
    expect(inInbox(of)).toBe(0)
    await next.stop()
    expect(examine(of)).toEqual([])
  }
})

test('a group that is larger than the backlog is taken in once the lane is empty', async () => {
  const file = newFile()
  const [one, worker] = [sender(file), owner(file, 2)]
  await worker.start()
  const sent = upTo(3).map((value) => one.delay(work.pass.s(value)))
  await expect.poll(() => standing(worker)).toEqual([1, 2, 0])
  const many = one.delay(group(upTo(10).map((value) => work.pass.s(value))))
  const last = one.delay(work.pass.s(11))
  await expect.poll(() => standing(worker)).toEqual([1, 2, 2])
  gate.resolve()
  expect(await many.get()).toEqual(upTo(10))
  expect(await Promise.all([...sent, last].map((result) => result.get()))).toEqual([0, 1, 2, 11])
})

test('ten thousand that are sent at once come through a backlog of ten', async () => {
  const file = newFile()
  const [one, worker] = [sender(file), owner(file, 10, 4)]
  const sent = upTo(10_000).map((value) => one.delay(work.pass.s(value)))
  await sent.at(-1)?.accepted
  await worker.start()
  await expect.poll(() => standing(worker)).toEqual([4, 10, 9_986])
  gate.resolve()
  let most = 0
  worker.on('task-prerun', async () => {
    const [, waiting = 0] = await standing(worker)
    most = Math.max(most, waiting)
  })
  await Promise.all(sent.map((result) => result.get()))
  expect(most).toBeLessThanOrEqual(10)
  expect(ran).toHaveLength(10_000)
})

test('a purge and a revocation by headers reach what waits in the inbox', async () => {
  const file = newFile()
  const [one, worker] = [sender(file), owner(file, 1)]
  await worker.start()
  const running = one.delay(work.pass.s(0))
  await expect.poll(() => standing(worker)).toEqual([1, 0, 0])
  const sent = upTo(20).map((value) => one.delay(work.pass.s(value)))
  const old = upTo(5).map((value) => one.delay(work.pass.s(value).stamp({ tenant: 'gone' })))
  await expect.poll(() => standing(worker)).toEqual([1, 1, 24])
  expect(await one.control.revoke({ headers: { tenant: 'gone' } })).toBe(5)
  for (const result of old) await expect(result.get()).rejects.toMatchObject({ code: 'UMBEL_REVOKED' })
  expect(await standing(worker)).toEqual([1, 20, 0])
  const late = upTo(7).map((value) => one.delay(work.pass.s(value)))
  await expect.poll(() => standing(worker)).toEqual([1, 20, 7])
  expect(await worker.control.purge('default')).toBe(27)
  for (const result of [...sent, ...late]) await expect(result.get()).rejects.toMatchObject({ code: 'UMBEL_REVOKED' })
  expect([await standing(worker), inInbox(file)]).toEqual([[1, 0, 0], 0])
  gate.resolve()
  expect(await running.get()).toBe(0)
  expect(ran).toEqual([0])
  expect(examine(file)).toEqual([])
})
