import {
  type EngineEvent,
  encode,
  type Store,
  type StreamRow,
  streamRowId,
  type TaskRow,
  type TaskSpec,
  type WorkflowRow,
} from '@umbel/core'
import { afterEach, describe, expect, test } from 'vitest'

const SPEC: TaskSpec = {
  task: 'demo.add',
  via: 'call',
  immutable: false,
  lane: 'default',
  inline: true,
  priority: 5,
  states: [],
  countdown: undefined,
  eta: undefined,
  expires: undefined,
  ignoreResult: false,
  link: [],
  linkError: [],
}

/** A row of a task that waits, with what a case changes. */
const task = (id: string, more: Partial<TaskRow> = {}): TaskRow => ({
  kind: 'task',
  id,
  spec: SPEC,
  args: encode([2, 3]),
  kwargs: undefined,
  workflow: undefined,
  node: -1,
  parent: undefined,
  root: id,
  settles: undefined,
  replacedBy: undefined,
  state: 'RECEIVED',
  meta: undefined,
  progress: undefined,
  attempt: 0,
  runs: 0,
  losses: 0,
  due: undefined,
  expires: undefined,
  result: undefined,
  error: undefined,
  sentAt: 1_000,
  startedAt: undefined,
  endedAt: undefined,
  ...more,
})

/** A row of a task that ended with a result. */
const ended = (id: string, more: Partial<TaskRow> = {}): TaskRow =>
  task(id, { state: 'SUCCESS', result: encode(5), startedAt: 1_001, endedAt: 1_002, attempt: 1, ...more })

/** A row of a workflow of `size` tasks. */
const workflow = (id: string, size: number, more: Partial<WorkflowRow> = {}): WorkflowRow => ({
  kind: 'workflow',
  id,
  parent: undefined,
  root: id,
  settles: undefined,
  state: 'ACTIVE',
  result: undefined,
  error: undefined,
  sentAt: 1_000,
  endedAt: undefined,
  plan: {
    entry: 0,
    exit: size - 1,
    nodes: Array.from({ length: size }, (_, index) => ({
      kind: 'task',
      spec: SPEC,
      args: encode([2, 3]),
      kwargs: undefined,
      next: index + 1 < size ? index + 1 : -1,
    })),
  },
  ...more,
})

/** A node of a workflow. */
const node = (of: string, index: number, more: Partial<TaskRow> = {}): TaskRow =>
  task(`${of}/${index}`, { workflow: of, node: index, root: of, ...more })

/** The row of a stream that has come so far. */
const stream = (name: string, cursor: number): StreamRow => ({
  kind: 'stream',
  id: streamRowId(name),
  cursor,
  startedAt: 1_000,
  at: 1_000 + cursor,
})

const event = (id: string, at = 1): EngineEvent => ({ type: 'task-received', id, at })

/** What every store must do. `make` gives a new, empty one; `ended` rows it must keep at least. */
export function storeSuite(name: string, make: (bounds: { keepEnded: number; keepEvents: number }) => Store): void {
  describe(`the ${name} store`, () => {
    const open: Store[] = []
    const store = async (bounds = { keepEnded: 1_000, keepEvents: 1_000 }): Promise<Store> => {
      const made = make(bounds)
      open.push(made)
      await made.open()
      return made
    }
    afterEach(async () => {
      await Promise.all(open.splice(0).map((one) => one.close()))
    })
    const ids = async (of: Store): Promise<string[]> => {
      const found: string[] = []
      for await (const row of of.unfinished()) found.push(row.id)
      return found.sort()
    }

    test('knows nothing at first', async () => {
      const empty = await store()
      expect([await empty.get('t1'), await empty.children('t1'), await ids(empty), await empty.events(1, 10)]).toEqual([
        undefined,
        [],
        [],
        [],
      ])
    })

    test('gives back a row as it was stored', async () => {
      const one = await store()
      const row = task('t1', {
        meta: encode({ step: 1 }),
        progress: { done: 1, total: 3 },
        due: 5_000,
        expires: 9_000,
        error: { name: 'E', message: 'm' },
      })
      await one.commit({ rows: [row], events: [event('t1')] })
      expect(await one.get('t1')).toEqual(row)
    })

    test('keeps bytes in arguments and results', async () => {
      const one = await store()
      const row = ended('t1', {
        args: encode([new Uint8Array([1, 2, 255])]),
        result: encode(new Float64Array([0.5, -0])),
      })
      await one.commit({ rows: [row], events: [] })
      expect(await one.get('t1')).toEqual(row)
    })

    test('replaces a row by the next of its id', async () => {
      const one = await store()
      await one.commit({ rows: [task('t1')], events: [] })
      await one.commit({ rows: [task('t1', { state: 'STARTED', attempt: 1 })], events: [] })
      expect(await one.get('t1')).toMatchObject({ state: 'STARTED', attempt: 1 })
    })

    test.each(['t1', 'w/0', 'ümläut/😀', '__proto__', "'; DROP TABLE tasks; --"])(
      'takes %s for an id like any other',
      async (id) => {
        const one = await store()
        await one.commit({ rows: [task(id)], events: [event(id)] })
        expect((await one.get(id))?.id).toBe(id)
        expect(await ids(one)).toEqual([id])
      },
    )

    test('numbers events from 1 without gaps, whatever the batches', async () => {
      const one = await store()
      expect(await one.commit({ rows: [], events: [event('a'), event('b')] })).toBe(2)
      expect(await one.commit({ rows: [task('t1')], events: [] })).toBe(2)
      expect(await one.commit({ rows: [], events: [event('c')] })).toBe(3)
      expect((await one.events(1, 10)).map((stored) => [stored.seq, stored.event.id])).toEqual([
        [1, 'a'],
        [2, 'b'],
        [3, 'c'],
      ])
    })

    test('gives events from a number on, as many as asked for', async () => {
      const one = await store()
      await one.commit({ rows: [], events: ['a', 'b', 'c', 'd'].map((id) => event(id)) })
      expect((await one.events(2, 2)).map((stored) => stored.event.id)).toEqual(['b', 'c'])
      expect(await one.events(5, 10)).toEqual([])
      expect(await one.events(1, 0)).toEqual([])
    })

    test('says the version of each event', async () => {
      const one = await store()
      await one.commit({ rows: [], events: [event('a')] })
      expect((await one.events(1, 1))[0]?.version).toBe(1)
    })

    test('keeps the newest events up to its bound, under their numbers', async () => {
      const one = await store({ keepEnded: 10, keepEvents: 3 })
      await one.commit({ rows: [], events: ['a', 'b', 'c', 'd', 'e'].map((id) => event(id)) })
      expect((await one.events(1, 10)).map((stored) => [stored.seq, stored.event.id])).toEqual([
        [3, 'c'],
        [4, 'd'],
        [5, 'e'],
      ])
    })

    test('lists what has not ended', async () => {
      const one = await store()
      await one.commit({
        rows: [task('t1'), ended('t2'), task('t3', { state: 'RETRY' }), task('t4', { state: 'REVOKED', endedAt: 2 })],
        events: [],
      })
      expect(await ids(one)).toEqual(['t1', 't3'])
    })

    test('lists ended nodes of a workflow that has not ended: its join needs them', async () => {
      const one = await store()
      await one.commit({ rows: [workflow('w', 2), ended('w/0', { workflow: 'w', node: 0 }), node('w', 1)], events: [] })
      expect(await ids(one)).toEqual(['w', 'w/0', 'w/1'])
      await one.commit({
        rows: [ended('w/1', { workflow: 'w', node: 1 }), workflow('w', 2, { state: 'SUCCESS', endedAt: 3 })],
        events: [],
      })
      expect(await ids(one)).toEqual([])
    })

    test('knows the children of a task, oldest first', async () => {
      const one = await store()
      await one.commit({
        rows: [task('p'), task('c1', { parent: 'p' }), workflow('c2', 1, { parent: 'p' })],
        events: [],
      })
      await one.commit({
        rows: [task('c3', { parent: 'p' }), task('c1', { parent: 'p', state: 'STARTED' })],
        events: [],
      })
      expect(await one.children('p')).toEqual(['c1', 'c2', 'c3'])
    })

    test('gives children as a list of its own', async () => {
      const one = await store()
      await one.commit({ rows: [task('p'), task('c1', { parent: 'p' })], events: [] })
      const before = await one.children('p')
      await one.commit({ rows: [task('c2', { parent: 'p' })], events: [] })
      expect(before).toEqual(['c1'])
    })

    test('drops the oldest ended beyond its bound, never what has not ended', async () => {
      const one = await store({ keepEnded: 2, keepEvents: 10 })
      await one.commit({ rows: [task('open'), ended('t1'), ended('t2')], events: [] })
      await one.commit({ rows: [ended('t3')], events: [] })
      expect(
        await Promise.all(['open', 't1', 't2', 't3'].map(async (id) => (await one.get(id)) !== undefined)),
      ).toEqual([true, false, true, true])
    })

    test('drops a workflow whole or not at all', async () => {
      const one = await store({ keepEnded: 3, keepEvents: 10 })
      const nodes = [0, 1].map((index) => ended(`w/${index}`, { workflow: 'w', node: index }))
      await one.commit({ rows: [workflow('w', 2, { state: 'SUCCESS', endedAt: 3 }), ...nodes], events: [] })
      expect(await one.get('w/0')).toBeDefined()
      await one.commit({ rows: [ended('t1')], events: [] })
      expect(await Promise.all(['w', 'w/0', 'w/1', 't1'].map(async (id) => (await one.get(id)) !== undefined))).toEqual(
        [false, false, false, true],
      )
    })

    test('keeps the newest that ended, however large it is', async () => {
      const one = await store({ keepEnded: 1, keepEvents: 10 })
      const nodes = [0, 1, 2].map((index) => ended(`w/${index}`, { workflow: 'w', node: index }))
      await one.commit({ rows: [workflow('w', 3, { state: 'SUCCESS', endedAt: 3 }), ...nodes], events: [] })
      expect(await one.get('w/2')).toBeDefined()
    })

    test('forgets on demand what has ended, with its nodes', async () => {
      const one = await store()
      const nodes = [0, 1].map((index) => ended(`w/${index}`, { workflow: 'w', node: index }))
      await one.commit({
        rows: [workflow('w', 2, { state: 'SUCCESS', endedAt: 3 }), ...nodes, ended('t1')],
        events: [],
      })
      await one.drop('w')
      await one.drop('t1')
      await one.drop('t1')
      expect(await Promise.all(['w', 'w/0', 't1'].map((id) => one.get(id)))).toEqual([undefined, undefined, undefined])
    })

    test('forgets nothing that has not ended, and no node of its own', async () => {
      const one = await store()
      await one.commit({ rows: [task('t1'), workflow('w', 1), node('w', 0)], events: [] })
      for (const id of ['t1', 'w', 'w/0', 'unknown']) await one.drop(id)
      expect(await ids(one)).toEqual(['t1', 'w', 'w/0'])
    })

    test('keeps where a stream stands, replaced by the next row of its id', async () => {
      const one = await store()
      const { id } = stream('files', 1)
      await one.commit({
        rows: [stream('files', 1), stream('others', 7)],
        events: [{ type: 'stream-advanced', id, cursor: 1, at: 1 }],
      })
      await one.commit({ rows: [stream('files', 2 ** 40)], events: [] })
      expect(await one.get(id)).toEqual(stream('files', 2 ** 40))
      expect(await one.get(streamRowId('others'))).toEqual(stream('others', 7))
      expect((await one.events(1, 1))[0]?.event).toEqual({ type: 'stream-advanced', id, cursor: 1, at: 1 })
    })

    test("lists no stream as work to be done, and as nobody's child", async () => {
      const one = await store()
      await one.commit({ rows: [stream('files', 1), task('t1')], events: [] })
      expect(await ids(one)).toEqual(['t1'])
      expect(await one.children('files')).toEqual([])
    })

    test('keeps a stream whatever ends beside it, until it is dropped by its id', async () => {
      const one = await store({ keepEnded: 1, keepEvents: 10 })
      await one.commit({ rows: [stream('files', 3)], events: [] })
      for (let count = 0; count < 20; count += 1) await one.commit({ rows: [ended(`t${count}`)], events: [] })
      const { id } = stream('files', 3)
      expect(await one.get(id)).toEqual(stream('files', 3))
      await one.drop(id)
      await one.drop(id)
      expect(await one.get(id)).toBeUndefined()
    })

    test('takes a batch of 10,000 rows and an empty one', async () => {
      const one = await store({ keepEnded: 20_000, keepEvents: 10 })
      await one.commit({ rows: [], events: [] })
      await one.commit({ rows: Array.from({ length: 10_000 }, (_, index) => task(`t${index}`)), events: [] })
      expect((await ids(one)).length).toBe(10_000)
    })

    test('can be closed twice', async () => {
      const one = await store()
      await one.close()
      await one.close()
    })
  })
}
