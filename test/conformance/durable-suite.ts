import { type Effect, encode, type Row, type Store } from '@umbel/core'
import { afterEach, describe, expect, test } from 'vitest'
import { CANVASES, FIELDS, FULL_ROWS } from './full-rows.ts'
import { ended, event, keptKey, key, letter, node, stream, task, workflow } from './store-rows.ts'

/** What a store that outlives its process must do besides. `place` gives a maker of stores on one and the same place, empty at first. */
export function durableSuite(
  name: string,
  place: () => (bounds?: { keepEnded: number; keepEvents: number }) => Store,
): void {
  describe(`the ${name} store, opened again`, () => {
    const open: Store[] = []
    afterEach(async () => {
      await Promise.all(open.splice(0).map((one) => one.close()))
    })
    const opened = async (store: Store): Promise<Store> => {
      open.push(store)
      await store.open()
      return store
    }
    /** Do something with one store, and give the next one on its place. */
    const reopened = async (
      act: (store: Store) => Promise<unknown>,
      bounds?: { keepEnded: number; keepEvents: number },
    ): Promise<Store> => {
      const make = place()
      const first = await opened(make(bounds))
      await act(first)
      await first.close()
      return opened(make(bounds))
    }
    const listed = async (of: Store): Promise<Row[]> => {
      const found: Row[] = []
      for await (const row of of.unfinished()) found.push(row)
      return found
    }

    test.each(FULL_ROWS.map((row) => [row.kind, row] as const))('has a %s with all it can have', async (_, row) => {
      const again = await reopened((one) => one.commit({ rows: [row], events: [] }))
      expect(await again.get(row.id)).toEqual(row)
    })

    test('has rows that lack what they may lack', async () => {
      for (const [name, row] of FIELDS) {
        const again = await reopened((one) => one.commit({ rows: [row], events: [] }))
        expect(await again.get(row.id), name).toEqual(row)
      }
    })

    test('has the events as they were, and goes on with their numbers', async () => {
      const again = await reopened((one) => one.commit({ rows: [], events: CANVASES }))
      expect((await again.events(1, 100)).map((stored) => stored.event)).toEqual(CANVASES)
      expect(await again.commit({ rows: [], events: [event('next')] })).toBe(CANVASES.length + 1)
    })

    test('has what has not ended, in the order it came, with all rows of workflows that have not', async () => {
      const rows = [
        task('t2'),
        workflow('w', 3),
        ended('w/0', { workflow: 'w', node: 0 }),
        task('t1', { state: 'RETRY', due: 5_000, attempt: 1, runs: 1 }),
        node('w', 1, { state: 'STARTED', startedAt: 5, attempt: 1, runs: 1 }),
      ]
      const again = await reopened((one) => one.commit({ rows: [...rows, ended('t3'), stream('s', 1)], events: [] }))
      expect(await listed(again)).toEqual([rows[0], rows[1], rows[2], rows[4], rows[3]])
    })

    test('goes on with rows that were listed, and with those that were not', async () => {
      const again = await reopened((one) =>
        one.commit({ rows: [task('t1'), workflow('w', 2), node('w', 0)], events: [] }),
      )
      await listed(again)
      const changed = [
        task('t1', { state: 'STARTED', attempt: 1 }),
        ended('w/0', { workflow: 'w', node: 0, root: 'w' }),
        node('w', 1, { args: encode([9]) }),
      ]
      await again.commit({ rows: changed, events: [] })
      expect(await Promise.all(changed.map(({ id }) => again.get(id)))).toEqual(changed)
      const unlisted = await reopened((one) => one.commit({ rows: [task('t1'), workflow('w', 2)], events: [] }))
      await unlisted.commit({ rows: changed, events: [] })
      expect(await Promise.all(changed.map(({ id }) => unlisted.get(id)))).toEqual(changed)
      expect((await listed(unlisted)).map(({ id }) => id)).toEqual(['t1', 'w', 'w/0', 'w/1'])
    })

    test('knows the children of a task, oldest first', async () => {
      const again = await reopened(async (one) => {
        await one.commit({ rows: [task('p'), task('c2', { parent: 'p' })], events: [] })
        await one.commit({ rows: [task('c1', { parent: 'p' })], events: [] })
      })
      await again.commit({ rows: [task('c0', { parent: 'p' }), ended('c2', { parent: 'p' })], events: [] })
      expect(await again.children('p')).toEqual(['c2', 'c1', 'c0'])
    })

    test('holds to its bounds over all that was kept', async () => {
      const bounds = { keepEnded: 2, keepEvents: 2 }
      const again = await reopened(
        (one) => one.commit({ rows: [ended('t1'), ended('t2')], events: [event('a'), event('b')] }),
        bounds,
      )
      await again.commit({ rows: [ended('t3')], events: [event('c')] })
      expect(await Promise.all(['t1', 't2', 't3'].map(async (id) => (await again.get(id)) !== undefined))).toEqual([
        false,
        true,
        true,
      ])
      expect((await again.events(1, 10)).map(({ seq }) => seq)).toEqual([2, 3])
    })

    test('has its keys: those that are held among what has not ended, and those that are kept', async () => {
      const held = key('t1')
      const again = await reopened((one) => one.commit({ rows: [held, keptKey('/key/t/kept', 5)], events: [] }))
      expect(await listed(again)).toEqual([held])
      expect(await again.get('/key/t/kept')).toEqual(keptKey('/key/t/kept', 5))
    })

    test('has its dead letters', async () => {
      const again = await reopened((one) =>
        one.commit({ rows: [], events: [], letters: [{ type: 'add', letter: letter('a') }] }),
      )
      expect(await again.letters('', 10)).toEqual([letter('a')])
    })

    test('has what was done once, and drops it with its task', async () => {
      const done = (task: string): Effect => ({ task, name: 'charge', result: encode(new Uint8Array([1])) })
      const again = await reopened((one) =>
        one.commit({ rows: [ended('t1'), task('t2')], events: [], effects: ['t1', 't2'].map(done) }),
      )
      expect(await again.effect('t1', 'charge')).toEqual(encode(new Uint8Array([1])))
      await again.drop('t1')
      expect(await Promise.all(['t1', 't2'].map((id) => again.effect(id, 'charge')))).toEqual([
        undefined,
        encode(new Uint8Array([1])),
      ])
    })

    test('has forgotten what was dropped', async () => {
      const again = await reopened(async (one) => {
        const nodes = [0, 1].map((index) => ended(`w/${index}`, { workflow: 'w', node: index }))
        await one.commit({ rows: [workflow('w', 2, { state: 'SUCCESS', endedAt: 3 }), ...nodes], events: [] })
        await one.drop('w')
      })
      expect(await Promise.all(['w', 'w/0', 'w/1'].map((id) => again.get(id)))).toEqual([
        undefined,
        undefined,
        undefined,
      ])
    })

    test('has a canvas of 100,000 tasks whole', async () => {
      const whole = workflow('w', 100_000)
      const again = await reopened((one) => one.commit({ rows: [whole, node('w', 99_999)], events: [] }))
      expect(await listed(again)).toEqual([whole, node('w', 99_999)])
    })

    test('is as it was however often it is opened and closed', async () => {
      const make = place()
      await (await opened(make())).commit({ rows: [task('t1')], events: [event('a')] })
      for (let times = 0; times < 5; times += 1) {
        await open.pop()?.close()
        await opened(make())
      }
      const [last] = open
      expect(await last?.get('t1')).toEqual(task('t1'))
      expect(await last?.events(1, 10)).toHaveLength(1)
    })
  })
}
