import type { Batch, Store } from '@umbel/core'
import { expect, test } from 'vitest'
import { SPEC } from '../../../test/conformance/store-rows.ts'
import { startsAtOnce } from '../src/at-once.ts'
import { chain, defineTasks, memoryStore, SimulatedClock, task } from '../src/index.ts'
import { next, open, record } from './fixtures/open-app.ts'

const ran: string[] = []
const tasks = defineTasks(import.meta, 'once', {
  say: task(
    (_ctx, name: string) => {
      ran.push(name)
      return name
    },
    { inline: true },
  ),
  limited: task((_ctx, name: string) => void ran.push(name), { inline: true, rateLimit: '1/m' }),
  keyed: task((_ctx, name: string) => void ran.push(name), { inline: true, idempotencyKey: (name) => name }),
})

/** An app with so many slots on the main loop, all of which have run something; what it stores from then on, by commit. */
async function opened(inline: number, parts: { readonly refuses?: () => boolean } = {}) {
  const commits: string[][] = []
  const rows: string[][] = []
  const kept = memoryStore()
  const commit = kept.commit.bind(kept)
  const store: Store = Object.assign(kept, {
    commit: (batch: Batch) => {
      if (parts.refuses?.()) return Promise.reject(new Error('disk full'))
      commits.push(batch.events.map(({ type }) => type))
      rows.push(batch.rows.map((row) => (row.kind === 'task' ? row.state : row.kind)))
      return commit(batch)
    },
  })
  const clock = new SimulatedClock()
  const app = open({ store, clock, tasks: [tasks], lanes: { default: { threads: 0, inline } } })
  await Promise.all(Array.from({ length: inline }, () => app.delay(tasks.say.s('first')).get()))
  await clock.advance(0)
  ran.length = commits.length = rows.length = 0
  return { app, clock, commits, rows }
}

test('a task for which a slot is free is sent and started in one row and one commit, and runs only then', async () => {
  const { app, commits, rows } = await opened(1)
  const seen = record(app, 'task-received', 'task-prerun', 'task-success')
  const sent = app.delay(tasks.say.s('a'))
  expect(ran).toEqual([])
  expect(await sent.get()).toBe('a')
  expect(commits).toEqual([['canvas-sent', 'task-started'], ['task-succeeded']])
  expect(rows).toEqual([['STARTED'], ['SUCCESS']])
  expect(seen.map(({ name, event }) => [name, (event as { attempt?: number }).attempt])).toEqual([
    ['task-received', 1],
    ['task-prerun', 1],
    ['task-success', 1],
  ])
})

test('where more is sent in one go than there are slots the lane says who is first, and in one level who was sent first', async () => {
  const { app, commits } = await opened(2)
  const sent = ([1, 9, 5, 7] as const).map((priority) => app.delay(tasks.say.s(`${priority}`).set({ priority })))
  await Promise.all(sent.map((one) => one.get()))
  expect(ran).toEqual(['9', '7', '5', '1'])
  expect(commits[0]).toEqual(Array(4).fill('canvas-sent'))
  ran.length = 0
  await Promise.all(['a', 'b', 'c'].map((name) => app.delay(tasks.say.s(name)).get()))
  expect(ran).toEqual(['a', 'b', 'c'])
})

test('an id that comes twice in one commit, as from an inbox, is for the lane to start', () => {
  const context = {
    engine: { get: () => undefined, task: () => undefined },
    clock: new SimulatedClock(),
    tasks: new Map(),
  }
  const lane = { resting: () => 3, claim: () => expect.unreachable('it is for the lane to start it') }
  const starts = startsAtOnce(context as never, new Map([['default', lane as never]]))
  const sent = (id: string) => ({ type: 'canvas-sent', id, plan: { nodes: [{ kind: 'task', spec: SPEC }] } }) as never
  const came = { events: [sent('b'), sent('a'), sent('b')], taken: [undefined, undefined, undefined] }
  expect(starts(came, 0)).toBe(came)
})

test('nothing is passed by what can start at once: not a chain, nor one that has a key', async () => {
  const { app } = await opened(1)
  const steps = app.delay(chain(tasks.say.s('step'), tasks.say.si('next step')))
  const after = app.delay(tasks.say.s('after the chain'))
  await Promise.all([steps.get(), after.get()])
  expect(ran.indexOf('step')).toBe(0)
  ran.length = 0
  const sent = [app.delay(tasks.keyed.s('keyed')), app.delay(tasks.say.s('after the key'))]
  await Promise.all(sent.map((one) => one.get()))
  expect(ran).toEqual(['keyed', 'after the key'])
})

test('what waits goes before what is sent later', async () => {
  const { app, clock } = await opened(1)
  await app.control.pause('default')
  const waits = app.delay(tasks.say.s('waits'))
  await clock.advance(0)
  const resumed = app.control.resume('default')
  const later = app.delay(tasks.say.s('later').set({ priority: 9 }))
  await Promise.all([resumed, waits.get(), later.get()])
  expect(ran.toSorted()).toEqual(['later', 'waits'])
  await app.control.pause('default')
  const held = app.delay(tasks.say.s('held'))
  await clock.advance('1h')
  expect([ran.length, held.state]).toEqual([2, 'RECEIVED'])
})

test('a rate, a key and a moment are waited for as ever', async () => {
  const { app, clock } = await opened(3)
  const limited = ['l1', 'l2'].map((name) => app.delay(tasks.limited.s(name)))
  const keyed = ['k', 'k'].map((name) => app.delay(tasks.keyed.s(name)))
  const later = app.delay(tasks.say.s('later').set({ countdown: '5s' }))
  await clock.advance('1s')
  expect(ran.toSorted()).toEqual(['k', 'l1'])
  await Promise.all(keyed.map((one) => one.get()))
  await clock.advance('5s')
  expect(await later.get()).toBe('later')
  await clock.advance('1m')
  expect(limited.map(({ state }) => state)).toEqual(['SUCCESS', 'SUCCESS'])
  expect(ran.toSorted()).toEqual(['k', 'l1', 'l2', 'later'])
})

test('one that is revoked in the same breath never runs, and its slot is free', async () => {
  const { app } = await opened(1)
  const [one, ...others] = Array.from({ length: 3 }, (_, n) => app.delay(tasks.say.s(`${n}`)))
  await one?.revoke()
  expect(await Promise.all(others.map((other) => other.get()))).toEqual(['1', '2'])
  expect([one?.state, ran]).toEqual(['REVOKED', ['1', '2']])
})

test('where the store refuses the send it does not run, and the slot goes on', async () => {
  let refuses = false
  const { app, clock } = await opened(1, { refuses: () => refuses })
  refuses = true
  const failed = next(app, 'send-failed')
  const lost = app.delay(tasks.say.s('lost'))
  expect((await failed).id).toBe(lost.id)
  refuses = false
  await expect(lost.get()).rejects.toMatchObject({ code: 'UMBEL_STORE_FAILED' })
  await clock.advance('10s')
  expect(await app.delay(tasks.say.s('next')).get()).toBe('next')
  expect(ran).toEqual(['next'])
})

test('an id that is sent twice in one go runs once', async () => {
  const { app } = await opened(2)
  const sent = app.delay(tasks.say.s('one').set({ id: 'mine' }))
  expect(() => app.delay(tasks.say.s('two').set({ id: 'mine' }))).toThrow(/was used before/)
  expect(await sent.get()).toBe('one')
  expect(ran).toEqual(['one'])
})

test('100,000 sent in one go start at once as far as there are slots, and each ends once', async () => {
  const { app, commits } = await opened(10)
  const sent = Array.from({ length: 100_000 }, (_, n) => app.delay(tasks.say.s(`${n}`)))
  await Promise.all(sent.map((one) => one.get()))
  expect(new Set(ran).size).toBe(100_000)
  expect(ran).toHaveLength(100_000)
  expect(commits.flat().filter((type) => type === 'task-started')).toHaveLength(100_000)
})
