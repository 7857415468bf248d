import {
  type Effect,
  type EngineEvent,
  encode,
  type LetterRow,
  type PlanNode,
  type Row,
  type Store,
  streamRowId,
} from '@umbel/core'
import { afterEach, describe, expect, test } from 'vitest'
import { CANVASES, FIELDS, FULL_ROWS } from './full-rows.ts'
import { ended, event, letter, node, SPEC, stream, task, workflow } from './store-rows.ts'

/** What a canvas is sent with, where nothing else is said. */
const SENT = { input: undefined, parent: undefined, root: undefined, settles: undefined, at: 1 }

/** The same row with as little as it may have. */
const bare = (row: Row): object =>
  Object.fromEntries(
    FIELDS.filter(([, other]) => other.kind === row.kind).map(([name]) => [name.split(' ').at(-1), undefined]),
  )

/** How much a store keeps. */
interface Bounds {
  readonly keepEnded: number
  readonly keepEvents: number
  readonly keepLetters?: number
}

const added = (id: string): { readonly type: 'add'; readonly letter: LetterRow } => ({
  type: 'add',
  letter: letter(id),
})

const effect = (of: string, name: string, value: unknown): Effect => ({ task: of, name, result: encode(value) })

/** What every store must do. `make` gives a new, empty one; `ended` rows it must keep at least. */
export function storeSuite(name: string, make: (bounds: Bounds) => Store): void {
  describe(`the ${name} store`, () => {
    const open: Store[] = []
    const store = async (bounds: Bounds = { keepEnded: 1_000, keepEvents: 1_000 }): Promise<Store> => {
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

    test('keeps what was done once by task and name, and the first of a name', async () => {
      const one = await store()
      const effects = [effect('t1', 'a', 1), effect('t1', 'b', 2), effect('t2', 'a', 3), effect('t1', 'a', 4)]
      await one.commit({ rows: [task('t1'), task('t2')], events: [], effects })
      await one.commit({ rows: [], events: [], effects: [effect('t2', 'a', 5)] })
      const asked = [one.effect('t1', 'a'), one.effect('t1', 'b'), one.effect('t2', 'a'), one.effect('t2', 'b')]
      expect(await Promise.all(asked)).toEqual([encode(1), encode(2), encode(3), undefined])
    })

    test('drops what was done once with the rows of its task, those of all nodes with their workflow', async () => {
      const one = await store({ keepEnded: 1, keepEvents: 10 })
      const whole = workflow('w', 2, { state: 'SUCCESS', endedAt: 3 })
      const nodes = [0, 1].map((index) => ended(`w/${index}`, { workflow: 'w', node: index }))
      const names = ['w/0', 'w/1', 'w1', 'w0', 't1']
      const effects = names.map((id) => effect(id, 'a', 1))
      await one.commit({ rows: [whole, ...nodes, task('w1'), task('w0'), ended('t1')], events: [], effects })
      await one.commit({ rows: [ended('t2')], events: [] })
      await one.drop('w')
      const left = await Promise.all(names.map(async (id) => (await one.effect(id, 'a')) !== undefined))
      expect(left).toEqual([false, false, true, true, false])
    })

    test('keeps dead letters apart from rows, in the order of their ids, and gives them in pages', async () => {
      const one = await store()
      await one.commit({ rows: [], events: [], letters: ['b', 'c', 'a'].map(added) })
      expect(await one.letter('b')).toEqual(letter('b'))
      expect(await Promise.all([one.get('b'), one.letter('d'), one.letters('c', 10)])).toEqual([
        undefined,
        undefined,
        [],
      ])
      expect(await one.letters('', 2)).toEqual([letter('a'), letter('b')])
      expect(await one.letters('b', 2)).toEqual([letter('c')])
      expect(await one.letters('bb', 2)).toEqual([letter('c')])
    })

    test('marks a dead letter that was sent again, and forgets one that was discarded; twice is once', async () => {
      const one = await store()
      await one.commit({ rows: [], events: [], letters: [added('a'), added('b')] })
      for (let times = 0; times < 2; times += 1)
        await one.commit({
          rows: [],
          events: [],
          letters: [
            { type: 'redriven', id: 'a', as: 'a.d1' },
            { type: 'discard', id: 'b' },
            { type: 'redriven', id: 'nothing', as: 'x' },
          ],
        })
      expect(await one.letters('', 10)).toEqual([letter('a', { redrivenAs: 'a.d1' })])
    })

    test('keeps dead letters longer than rows, up to a bound of their own; the oldest go first', async () => {
      const one = await store({ keepEnded: 1, keepEvents: 10, keepLetters: 3 })
      for (const id of ['d', 'a', 'c', 'b'])
        await one.commit({ rows: [ended(id)], events: [], letters: [added(id), added(id)] })
      expect(await one.get('a')).toBeUndefined()
      expect((await one.letters('', 10)).map(({ id }) => id)).toEqual(['a', 'b', 'c'])
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

    test.each(FULL_ROWS.map((row) => [row.kind, row] as const))(
      'gives back a %s with all it can have',
      async (_, row) => {
        const one = await store()
        await one.commit({ rows: [row], events: [] })
        expect(await one.get(row.id)).toEqual(row)
      },
    )

    test.each(FIELDS)('gives back a %s', async (_, row) => {
      const one = await store()
      await one.commit({ rows: [row], events: [] })
      expect(await one.get(row.id)).toEqual(row)
    })

    test.each(FULL_ROWS.map((row) => [row.kind, row] as const))(
      'gives back a %s whose fields were all changed by a later batch, also what rarely changes',
      async (_, row) => {
        const one = await store()
        const before = { ...FULL_ROWS.find((other) => other.kind === row.kind), ...bare(row) }
        await one.commit({ rows: [before as Row], events: [] })
        await one.commit({ rows: [row], events: [] })
        expect(await one.get(row.id)).toEqual(row)
      },
    )

    test.each(CANVASES.map((sent) => [sent.type, sent] as const))(
      'keeps a %s in its log as it was',
      async (_, sent) => {
        const one = await store()
        await one.commit({ rows: [], events: [event('before'), sent] })
        expect((await one.events(2, 1))[0]?.event).toEqual(sent)
      },
    )

    test('keeps tasks that share a spec in its log as they were sent', async () => {
      const one = await store()
      const sent = ['a', 'b', 'c'].map(
        (id, index): EngineEvent => ({
          type: 'canvas-sent',
          ...SENT,
          id,
          plan: {
            nodes: [
              {
                kind: 'task',
                spec: SPEC,
                args: encode([index]),
                kwargs: index === 1 ? encode({ a: 1 }) : undefined,
                next: -1,
              },
            ],
            entry: 0,
            exit: 0,
          },
        }),
      )
      await one.commit({ rows: ['a', 'b', 'c'].map((id) => task(id)), events: sent })
      await one.commit({ rows: [task('d')], events: sent })
      expect((await one.events(1, 10)).map((stored) => stored.event)).toEqual([...sent, ...sent])
    })

    test('keeps a canvas that was sent in its log as it was, whose workflow has it too', async () => {
      const one = await store()
      const row = workflow('w', 3)
      const sent: EngineEvent = { type: 'canvas-sent', ...SENT, id: 'w', plan: row.plan }
      await one.commit({ rows: [row, node('w', 0)], events: [sent] })
      expect((await one.events(1, 1))[0]?.event).toEqual(sent)
    })

    test.each([
      ['as in its plan', {}],
      ['with arguments of its own', { args: encode([1, 2, 3]) }],
      ['with keyword arguments of its own', { kwargs: encode({ a: 1 }) }],
      ['with a spec of its own', { spec: { ...SPEC, priority: 9 } }],
      ['with another root and parent', { root: 'elsewhere', parent: 'w/0' }],
    ])('gives back a node %s', async (_, more) => {
      const one = await store()
      await one.commit({ rows: [workflow('w', 2), node('w', 1, more)], events: [] })
      expect(await one.get('w/1')).toEqual(node('w', 1, more))
      await one.commit({ rows: [node('w', 1, { ...more, state: 'STARTED', attempt: 1 })], events: [] })
      expect(await one.get('w/1')).toEqual(node('w', 1, { ...more, state: 'STARTED', attempt: 1 }))
    })

    test('gives back nodes of a workflow whose plan was changed, those stored before and those after', async () => {
      const one = await store()
      const before = workflow('w', 3)
      const spec = { ...SPEC, priority: 9 }
      const changed = { ...before.plan, nodes: before.plan.nodes.map((one) => ({ ...one, spec })) as PlanNode[] }
      await one.commit({ rows: [before, node('w', 0)], events: [] })
      await one.commit({ rows: [{ ...before, plan: changed }, node('w', 1, { spec })], events: [] })
      await one.commit({ rows: [{ ...before, plan: { ...changed, entry: 2 } }, node('w', 2, { spec })], events: [] })
      await one.commit({ rows: [node('w', 0, { attempt: 1 })], events: [] })
      expect(await Promise.all(['w', 'w/0', 'w/1', 'w/2'].map((id) => one.get(id)))).toEqual([
        { ...before, plan: { ...changed, entry: 2 } },
        node('w', 0, { attempt: 1 }),
        node('w', 1, { spec }),
        node('w', 2, { spec }),
      ])
    })

    test('gives back a task whose spec another one has, and that is given another one later', async () => {
      const one = await store()
      await one.commit({ rows: ['a', 'b', 'c'].map((id) => task(id)), events: [] })
      await one.commit({ rows: [task('c', { spec: { ...SPEC, priority: 0 } })], events: [] })
      expect(await Promise.all(['a', 'c'].map(async (id) => (await one.get(id)) ?? id))).toEqual([
        task('a'),
        task('c', { spec: { ...SPEC, priority: 0 } }),
      ])
    })

    test.each([900, 5_000, 200_000])('gives back arguments and results of %d characters', async (length) => {
      const one = await store()
      const row = task('t1', { args: encode(['x'.repeat(length)]) })
      await one.commit({ rows: [row], events: [] })
      const last = { ...row, state: 'SUCCESS', result: encode('y'.repeat(length)), endedAt: 5 }
      await one.commit({ rows: [last], events: [] })
      expect(await one.get('t1')).toEqual(last)
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
