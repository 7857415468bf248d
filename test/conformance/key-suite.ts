import { encode, type Row, type Store } from '@umbel/core'
import { afterEach, describe, expect, test } from 'vitest'
import { ended, event, keptKey, key, task } from './store-rows.ts'

/** What every store must do with the keys of tasks. `make` gives a new, empty one. */
export function keySuite(
  name: string,
  make: (bounds?: { readonly keepKeys: number; readonly keepEnded: number }) => Store,
): void {
  describe(`the ${name} store`, () => {
    const open: Store[] = []
    const store = async (keepKeys = 1_000): Promise<Store> => {
      const made = make({ keepKeys, keepEnded: 1_000 })
      open.push(made)
      await made.open()
      return made
    }
    afterEach(async () => {
      await Promise.all(open.splice(0).map((one) => one.close()))
    })
    const unfinished = async (of: Store): Promise<Row[]> => {
      const found: Row[] = []
      for await (const row of of.unfinished()) found.push(row)
      return found
    }
    const put = (one: Store, ...rows: Row[]): Promise<number> => one.commit({ rows, events: [] })
    const kept = async (of: Store, ...ids: string[]): Promise<boolean[]> =>
      Promise.all(ids.map(async (id) => (await of.get(id)) !== undefined))

    test('lists a key that is held as unfinished, and none that is kept', async () => {
      const one = await store()
      const holder = task('t1', { keys: ['/key/t/k'] })
      await put(one, holder, key('t1'), keptKey('/key/t/other', 5))
      expect(await unfinished(one)).toEqual([holder, key('t1')])
      await put(one, ended('t1', { keys: ['/key/t/k'] }), keptKey('/key/t/k', 6))
      expect(await unfinished(one)).toEqual([])
      expect(await one.get('/key/t/k')).toEqual(keptKey('/key/t/k', 6))
    })

    test('drops a key that is free, whether it was held or kept, and one that never was there', async () => {
      const one = await store()
      await put(one, key('t1'), keptKey('/key/t/kept', 5))
      const ids = ['/key/t/k', '/key/t/kept', '/key/t/new']
      await put(one, ...ids.map((id) => key('t1', { id, state: 'free', endedAt: 6 })))
      expect(await kept(one, ...ids)).toEqual([false, false, false])
      expect(await unfinished(one)).toEqual([])
    })

    test('lets a key go from one task to the next, and from its result to another task', async () => {
      const one = await store()
      await put(one, key('t1'))
      await put(one, key('t2', { args: encode([9]), heldAt: 2 }))
      expect(await one.get('/key/t/k')).toEqual(key('t2', { args: encode([9]), heldAt: 2 }))
      await put(one, keptKey('/key/t/k', 5))
      await put(one, key('t3', { heldAt: 7 }))
      expect(await unfinished(one)).toEqual([key('t3', { heldAt: 7 })])
    })

    test('keeps so many keys with their results, the newest, and all that are held', async () => {
      const one = await store(2)
      await put(one, key('t1'), ...['a', 'b', 'c'].map((id, index) => keptKey(`/key/t/${id}`, index)))
      expect(await kept(one, '/key/t/a', '/key/t/b', '/key/t/c', '/key/t/k')).toEqual([false, true, true, true])
      await put(one, keptKey('/key/t/b', 10))
      await put(one, keptKey('/key/t/d', 11))
      expect(await kept(one, '/key/t/b', '/key/t/c', '/key/t/d', '/key/t/k')).toEqual([true, false, true, true])
    })

    test('keeps as many as it must, and a hundredth more at most', async () => {
      const one = await store(200)
      const ids = Array.from({ length: 500 }, (_, index) => `/key/t/${index}`)
      for (const [index, id] of ids.entries()) await put(one, keptKey(id, index))
      const there = await kept(one, ...ids)
      expect(there.slice(-200).every(Boolean)).toBe(true)
      expect(there.filter(Boolean).length).toBeLessThanOrEqual(202)
    })

    test('counts a key once, however often it is held again and kept', async () => {
      const one = await store(2)
      await put(one, keptKey('/key/t/other', 1))
      for (let at = 2; at < 12; at += 2) {
        await put(one, key('t1', { heldAt: at }))
        await put(one, keptKey('/key/t/k', at + 1))
      }
      expect(await kept(one, '/key/t/other', '/key/t/k')).toEqual([true, true])
    })

    test('keeps keys whatever becomes of tasks, and tasks whatever becomes of keys', async () => {
      const one = await store(1)
      await put(one, ended('t1'), keptKey('/key/t/k', 5))
      await one.drop('t1')
      expect(await kept(one, 't1', '/key/t/k')).toEqual([false, true])
      await put(one, ended('t2'), keptKey('/key/t/l', 6))
      expect(await kept(one, 't2', '/key/t/k', '/key/t/l')).toEqual([true, false, true])
    })

    test('drops a key by its id where nobody has it, and it is nobody’s child', async () => {
      const one = await store()
      await put(one, key('t1'), keptKey('/key/t/kept', 5))
      for (const id of ['/key/t/k', '/key/t/kept', '/key/t/none']) await one.drop(id)
      expect(await kept(one, '/key/t/k', '/key/t/kept')).toEqual([true, false])
      expect(await one.children('t1')).toEqual([])
    })

    test('keeps the key with which a task started in its log', async () => {
      const one = await store()
      const started = { type: 'task-started', id: 't1', attempt: 1, run: 1, at: 1 } as const
      const events = [
        { ...started, key: { id: '/key/t/k', ttl: 5 } },
        { ...started, key: { id: '/key/t/k' } },
        event('t2'),
      ]
      await one.commit({ rows: [], events })
      expect((await one.events(1, 10)).map((stored) => stored.event)).toEqual(events)
    })
  })
}
