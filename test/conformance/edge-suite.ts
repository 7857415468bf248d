import { encode, type LetterChange, type Store } from '@umbel/core'
import { afterEach, describe, expect, test } from 'vitest'
import { ended, event, letter, node, stream, task, workflow } from './store-rows.ts'

/** How much a store keeps. */
interface Bounds {
  readonly keepEnded: number
  readonly keepEvents: number
  readonly keepLetters?: number
}

const ROOMY: Bounds = { keepEnded: 10_000, keepEvents: 10_000, keepLetters: 10_000 }
const NOTHING = { rows: [], events: [] }
const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))
const add = (id: string): LetterChange => ({ type: 'add', letter: letter(id) })

/** What every store must do at its edges: nothing and very much, twice, at the same time, in the middle of something else. */
export function edgeSuite(name: string, make: (bounds: Bounds) => Store): void {
  describe(`the ${name} store, at its edges,`, () => {
    const open: Store[] = []
    const opened = async (bounds: Bounds = ROOMY): Promise<Store> => {
      const store = make(bounds)
      open.push(store)
      await store.open()
      return store
    }
    afterEach(async () => {
      await Promise.all(open.splice(0).map((store) => store.close()))
    })
    const seqs = async (store: Store, from: number, limit: number): Promise<number[]> =>
      (await store.events(from, limit)).map(({ seq }) => seq)

    describe('batches', () => {
      test('a batch of nothing has the number of the last event there was', async () => {
        const store = await opened()
        expect(await store.commit(NOTHING)).toBe(0)
        expect(await store.commit({ rows: [], events: [event('a'), event('b')] })).toBe(2)
        expect(await store.commit(NOTHING)).toBe(2)
        expect(await store.commit({ rows: [task('a')], events: [] })).toBe(2)
      })

      test('of two rows of one id in a batch the later one stands', async () => {
        const store = await opened()
        await store.commit({ rows: [task('a'), task('a', { state: 'STARTED' }), ended('a')], events: [] })
        expect(await store.get('a')).toEqual(ended('a'))
      })

      test('batches that are committed at the same time are stored in the order in which they were asked for', async () => {
        const store = await opened()
        const committed = many(50, (index) =>
          store.commit({ rows: [task('a', { attempt: index })], events: [event('a', index), event('b', index)] }),
        )
        expect(await Promise.all(committed)).toEqual(many(50, (index) => 2 * index + 2))
        expect(await store.get('a')).toEqual(task('a', { attempt: 49 }))
        expect((await store.events(1, 100)).map(({ event: { at } }) => at)).toEqual(many(100, (index) => index >> 1))
      })

      test('a store that is closed while a batch is being committed stores it first', async () => {
        const store = await opened()
        const committed = store.commit({ rows: [task('a')], events: [event('a')] })
        const closed = store.close()
        expect(await committed).toBe(1)
        await closed
      })

      test('a store can be closed twice at the same time', async () => {
        const store = await opened()
        await Promise.all([store.close(), store.close()])
        await store.close()
      })

      test('10,000 events in one batch have numbers of their own', async () => {
        const store = await opened()
        expect(await store.commit({ rows: [], events: many(10_000, (index) => event(`t${index}`)) })).toBe(10_000)
        expect(await seqs(store, 9_999, 10)).toEqual([9_999, 10_000])
      })
    })

    describe('rows', () => {
      test('a row of a megabyte comes back whole, and is replaced', async () => {
        const store = await opened()
        const large = task('a', { args: encode([new Uint8Array(500_000).fill(7), 'ü'.repeat(250_000)]) })
        await store.commit({ rows: [large], events: [] })
        expect(await store.get('a')).toEqual(large)
        await store.commit({ rows: [task('a')], events: [] })
        expect(await store.get('a')).toEqual(task('a'))
      })

      test('an id of 10,000 characters is one like any other, and no other is taken for it', async () => {
        const store = await opened()
        const id = 'i'.repeat(10_000)
        await store.commit({ rows: [ended(id)], events: [] })
        expect(await store.get(id)).toEqual(ended(id))
        expect([await store.get(id.slice(1)), await store.get(`${id}i`), await store.get('')]).toEqual(
          many(3, () => undefined),
        )
      })

      test.each(['SUCCESS', 'FAILURE', 'REVOKED', 'REJECTED', 'IGNORED'])(
        'one that has ended as %s is no work to be done',
        async (state) => {
          const store = await opened()
          const row = ended('a', { state })
          await store.commit({ rows: [task('a')], events: [] })
          await store.commit({ rows: [row], events: [] })
          expect(await Array.fromAsync(store.unfinished())).toEqual([])
          expect(await store.get('a')).toEqual(row)
        },
      )

      test('what is known at once is what is known', async () => {
        const store = await opened()
        if (store.peek === undefined) return
        await store.commit({ rows: [task('a'), ended('b')], events: [] })
        for (const id of ['a', 'b', 'nowhere']) expect(store.peek(id)).toEqual(await store.get(id))
      })

      test('100,000 children of one task are listed, the oldest first', async () => {
        const store = await opened()
        const ids = many(100_000, (index) => `c${(index * 7_919) % 100_000}`)
        await store.commit({ rows: [task('parent'), ...ids.map((id) => task(id, { parent: 'parent' }))], events: [] })
        expect(await store.children('parent')).toEqual(ids)
      })

      test('a child is listed once, however often its row is replaced', async () => {
        const store = await opened()
        await store.commit({ rows: [task('a', { parent: 'p' }), task('b', { parent: 'p' })], events: [] })
        for (const row of [task('a', { parent: 'p', state: 'STARTED' }), ended('a', { parent: 'p' })])
          await store.commit({ rows: [row], events: [] })
        expect(await store.children('p')).toEqual(['a', 'b'])
      })

      test('rows that change while the unfinished ones are read are given once at most', async () => {
        const store = await opened()
        await store.commit({ rows: many(100, (index) => task(`t${index}`)), events: [] })
        const seen: string[] = []
        for await (const { id } of store.unfinished()) {
          seen.push(id)
          await store.commit({ rows: [ended(id), ended(`t${99 - seen.length}`)], events: [] })
        }
        expect(new Set(seen).size).toBe(seen.length)
        expect(await Array.fromAsync(store.unfinished())).toEqual([])
      })
    })

    describe('events', () => {
      test.each([
        [1, 0, []],
        [0, 3, [1, 2, 3]],
        [-5, 2, [1, 2]],
        [4, 3, [4, 5, 6]],
        [5, 1, [5]],
        [9, 10, [9]],
        [10, 10, []],
        [1_000, 1, []],
        [1, 1_000_000, [1, 2, 3, 4, 5, 6, 7, 8, 9]],
      ])('from %d on, at most %d, are %j of nine in three batches', async (from, limit, expected) => {
        const store = await opened()
        for (const first of [1, 4, 7])
          await store.commit({ rows: [], events: many(3, (index) => event(`t${first + index}`)) })
        expect(await seqs(store, from, limit)).toEqual(expected)
      })

      test('a batch that is larger than the bound leaves the newest', async () => {
        const store = await opened({ keepEnded: 10, keepEvents: 5 })
        await store.commit({ rows: [], events: many(12, (index) => event(`t${index}`)) })
        expect(
          (await store.events(1, 100)).map((one) => [one.seq, one.event.type === 'task-received' && one.event.id]),
        ).toEqual(many(5, (index) => [8 + index, `t${7 + index}`]))
      })
    })

    describe('dead letters', () => {
      test('1,000 come in pages, each once and in the order of their ids', async () => {
        const store = await opened()
        const ids = many(1_000, (index) => `l${String((index * 617) % 1_000).padStart(4, '0')}`)
        for (const part of [ids.slice(0, 300), ids.slice(300)])
          await store.commit({ ...NOTHING, letters: part.map(add) })
        const found: string[] = []
        for (let after = ''; ; ) {
          const page = await store.letters(after, 64)
          found.push(...page.map(({ id }) => id))
          if (page.length === 0) break
          after = page.at(-1)?.id ?? ''
        }
        expect(found).toEqual(ids.toSorted())
      })

      test('a page of none is empty, and one may begin behind an id that is nowhere', async () => {
        const store = await opened()
        await store.commit({ ...NOTHING, letters: ['a', 'c', 'e'].map(add) })
        expect(await store.letters('', 0)).toEqual([])
        expect((await store.letters('b', 1)).map(({ id }) => id)).toEqual(['c'])
        expect(await store.letters('f', 10)).toEqual([])
      })

      test('changes of one batch are made in their order', async () => {
        const store = await opened()
        const letters: LetterChange[] = [
          add('a'),
          { type: 'redriven', id: 'a', as: 'a.d1' },
          add('b'),
          { type: 'discard', id: 'b' },
        ]
        await store.commit({ ...NOTHING, letters })
        expect((await store.letters('', 10)).map(({ id, redrivenAs }) => [id, redrivenAs])).toEqual([['a', 'a.d1']])
        await store.commit({ ...NOTHING, letters: [{ type: 'discard', id: 'a' }, add('a')] })
        expect((await store.letter('a'))?.redrivenAs).toBeUndefined()
      })
    })

    describe('what is dropped', () => {
      test('while batches are committed takes nothing else with it', async () => {
        const store = await opened()
        await store.commit({ rows: many(20, (index) => ended(`e${index}`)), events: [] })
        await Promise.all(
          many(20, (index) => [
            store.drop(`e${index}`),
            store.commit({ rows: [task(`t${index}`)], events: [event('t')] }),
          ]).flat(),
        )
        expect(await Promise.all(many(20, (index) => store.get(`e${index}`)))).toEqual(many(20, () => undefined))
        expect(await Array.fromAsync(store.unfinished(), ({ id }) => id)).toHaveLength(20)
        expect(await seqs(store, 1, 100)).toEqual(many(20, (index) => index + 1))
      })

      test('may come again, and is what it is then', async () => {
        const store = await opened()
        await store.commit({ rows: [ended('a', { result: encode('once') })], events: [] })
        await store.drop('a')
        await store.commit({ rows: [task('a')], events: [] })
        expect(await store.get('a')).toEqual(task('a'))
        expect(await Array.fromAsync(store.unfinished())).toEqual([task('a')])
      })

      test('is dropped in the middle of being listed, without harm', async () => {
        const store = await opened()
        const whole = workflow('w', 3, { state: 'SUCCESS', endedAt: 5 })
        await store.commit({
          rows: [whole, ...many(3, (index) => node('w', index, { state: 'SUCCESS', endedAt: 4 })), task('t')],
          events: [],
        })
        for await (const _ of store.unfinished()) await store.drop('w')
        expect([await store.get('w'), await store.get('w/1'), (await store.get('t'))?.id]).toEqual([
          undefined,
          undefined,
          't',
        ])
      })

      test('is dropped a second time by nobody, and a stream not by another id', async () => {
        const store = await opened()
        await store.commit({ rows: [ended('a'), stream('a', 1)], events: [] })
        await Promise.all([store.drop('a'), store.drop('a')])
        await store.drop('')
        expect([await store.get('a'), await store.get(stream('a', 1).id)]).toEqual([undefined, stream('a', 1)])
      })
    })
  })
}
