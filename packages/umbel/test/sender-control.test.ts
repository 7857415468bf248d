import { afterEach, beforeEach, expect, test } from 'vitest'
import { type App, chain, createApp, defineTasks, task } from '../src/index.ts'
import { sqliteStore } from '../src/sqlite.ts'
import { newFile } from './fixtures/store-file.ts'

let broken = true
const ran: string[] = []
const works = defineTasks('works', {
  note: task((_ctx, label: string): string => ran[ran.push(label) - 1] as string, { inline: true }),
  charge: task(
    (_ctx, cents: number): number => {
      if (broken) throw new RangeError('closed')
      return cents
    },
    { inline: true },
  ),
})

let owner: App
let sender: App
beforeEach(async () => {
  broken = true
  ran.length = 0
  const file = newFile()
  const lanes = { default: { threads: 0, inline: 1 } }
  owner = createApp({ name: 'owner', tasks: [works], store: sqliteStore(file), lanes, limits: { bank: '1/s' } })
  sender = createApp({ name: 'sender', tasks: [works], store: sqliteStore(file, { as: 'sender' }) })
  await owner.start()
})
afterEach(() => Promise.all([sender.stop(), owner.stop({ deadline: 0 })]))

test('pauses, resumes, scales and purges the lanes of the owner, and sees them', async () => {
  await sender.control.pause('default')
  const held = [sender.delay(works.note.s('a')), sender.delay(works.note.s('b'))]
  await Promise.all(held.map(({ accepted }) => accepted))
  expect(await sender.control.purge({ task: 'works.*' })).toBe(2)
  await expect(held[0]?.get()).rejects.toMatchObject({ code: 'UMBEL_REVOKED' })
  await sender.control.scale('default', { inline: 3 })
  expect(await sender.inspect.lanes()).toMatchObject([{ name: 'default', inline: 3, paused: true }])
  expect(await sender.health()).toMatchObject({ status: 'healthy', threads: 0 })
  await sender.control.resume('default')
  expect(await sender.delay(works.note.s('c')).get()).toBe('c')
  expect((await sender.inspect.stats()).tasks['works.note']).toMatchObject({ succeeded: 1, revoked: 2 })
  expect((await sender.inspect.registered()).map(({ name }) => name)).toEqual(['works.note', 'works.charge'])
})

test('gives what waits another priority, behind what it has sent before', async () => {
  await sender.control.pause('default')
  const sent = ['a', 'b', 'c'].map((label) => sender.delay(works.note.s(label)))
  expect(await sender.control.priority(sent[2] as (typeof sent)[0], 9)).toBe(true)
  expect((await sender.inspect.waiting()).tasks.map(({ id }) => id)).toEqual([2, 0, 1].map((n) => sent[n]?.id))
  await sender.control.resume('default')
  await Promise.all(sent.map((one) => one.get()))
  expect(ran).toEqual(['c', 'a', 'b'])
  await expect(sender.control.priority('nothing', 3)).rejects.toMatchObject({ code: 'UMBEL_UNKNOWN_RESULT' })
})

test('sets rates and time limits, and revokes by header', async () => {
  await sender.control.rateLimit('bank', '5/s')
  expect(await sender.inspect.runs()).toMatchObject({ total: 0, runs: [] })
  expect(await sender.inspect.limits()).toMatchObject([{ name: 'bank', rate: '5/s' }])
  await sender.control.timeLimit('works.note', '1m')
  await sender.control.pause('default')
  const marked = sender.delay(works.note.s('a').stamp({ order: 7 }))
  expect(await sender.control.revoke({ headers: { order: 7 } })).toBe(1)
  await expect(marked.get()).rejects.toMatchObject({ code: 'UMBEL_REVOKED' })
})

test('is given the error that the owner would give', async () => {
  await expect(sender.control.pause('hihg')).rejects.toMatchObject({ code: 'UMBEL_UNKNOWN_LANE' })
  await expect(sender.control.rateLimit('bank', 'often' as never)).rejects.toMatchObject({ code: 'UMBEL_BAD_RATE' })
  await expect(sender.inspect.waiting({ limit: -1 })).rejects.toMatchObject({ code: 'UMBEL_BAD_OPTION' })
  await expect(sender.control.shutdown()).rejects.toMatchObject({ code: 'UMBEL_NOT_OWNER' })
  expect(await owner.health()).toMatchObject({ status: 'healthy' })
})

test('reads dead letters, sends them again, and runs a workflow again', async () => {
  const failed = sender.delay(works.charge.s(5))
  await expect(failed.get()).rejects.toThrow('closed')
  const flow = sender.delay(chain(works.note.s('once'), works.charge.si(7)))
  await expect(flow.get()).rejects.toThrow('closed')
  const letters = await sender.deadLetters.list({ task: 'works.charge' })
  expect(letters.map(({ args, error }) => [args, error.message])).toEqual([
    [[5], 'closed'],
    [[7], 'closed'],
  ])
  broken = false
  expect(await (await sender.deadLetters.redrive(failed.id)).get()).toBe(5)
  expect(await (await sender.rerun(flow.id)).get()).toBe(7)
  expect(ran).toEqual(['once'])
  expect(await sender.deadLetters.discard({ redriven: true })).toBe(2)
  expect(await sender.deadLetters.get(failed.id)).toBeUndefined()
})

test('forgets a result in the file, and keeps what a handle has seen', async () => {
  const sent = sender.delay(works.note.s('a'))
  expect(await sent.get()).toBe('a')
  await sent.forget()
  await expect(sender.result(sent.id)).rejects.toMatchObject({ code: 'UMBEL_UNKNOWN_RESULT' })
  expect(await sent.get()).toBe('a')
})
