import type { Row, Seat, Store, TaskRow } from '@umbel/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createApp, memoryStore } from '../src/index.ts'
import { OpenRows } from '../src/stores/memory-open.ts'
import { tinyTasks } from './fixtures/tiny-tasks.ts'

const task = (id: string): TaskRow => ({ kind: 'task', id }) as TaskRow
const run = (id: string): Row => ({ kind: 'chart', id }) as Row

const left = async (store: Store): Promise<string[]> => {
  const ids: string[] = []
  for await (const { id } of store.unfinished()) ids.push(id)
  return ids
}

/** An app that has rows at hand in seats, as those of what it began or has found. */
class Holder {
  readonly seats = new Map<string, Seat>()

  seat(id: string, row: Row | undefined): Seat {
    const seat = this.seats.get(id) ?? { row, next: undefined, place: undefined }
    this.seats.set(id, seat)
    return seat
  }
}

test('they are what a map has that was told the same, whoever has noted what in the seats', () => {
  const step = fc.record({
    kind: fc.constantFrom('begin', 'put', 'drop', 'drop', 'get', 'change') as fc.Arbitrary<
      'begin' | 'put' | 'drop' | 'get' | 'change'
    >,
    at: fc.nat(),
    count: fc.integer({ min: 1, max: 30_000 }),
    /** By whom: an app, another one after it, or somebody who has no seats. */
    by: fc.nat(2),
    isRun: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const rows = new OpenRows()
      const other = new OpenRows()
      const map = new Map<string, Row>()
      const holders = [new Holder(), new Holder()]
      let made = 0
      for (const { kind, at, count, by, isRun } of steps) {
        const holder = holders[by]
        const put = (row: Row): void => {
          const seat = holder?.seat(row.id, map.get(row.id))
          rows.put(row, seat)
          if (seat !== undefined) seat.row = row
          map.set(row.id, row)
        }
        const drop = (id: string): void => {
          const seat = holder?.seat(id, map.get(id))
          expect(rows.drop(id, seat)).toBe(map.delete(id))
          for (const { seats } of holders) seats.delete(id)
        }
        const some = [...map.keys()].slice(at % (map.size + 1))
        if (kind === 'begin') for (let n = 0; n < count; n += 1) put((isRun ? run : task)(`t${made++}`))
        else if (kind === 'put') for (const id of some.slice(0, 50)) put({ ...(map.get(id) as Row) })
        else if (kind === 'drop') for (const id of some.slice(0, count)) drop(id)
        else if (kind === 'get') for (const id of [...some.slice(0, 50), 'none']) expect(rows.get(id)).toBe(map.get(id))
        else {
          // another store has the same rows in other places, and notes those
          for (const id of some.slice(0, 200)) other.put(run(id), holders[0]?.seat(id, map.get(id)))
        }
        for (const holder of holders) for (const [id, seat] of holder.seats) seat.row = map.get(id)
      }
      expect(rows.list()).toEqual([...map.values()])
      for (const [id, row] of [...map].slice(0, 500)) expect(rows.get(id)).toBe(row)
    }),
    { numRuns: 60 },
  )
})

test('what comes and goes is found where it was noted, though one that came before stays for long', () => {
  const rows = new OpenRows()
  rows.put(task('first'), { row: undefined, next: undefined })
  for (let n = 0; n < 100_000; n += 1) {
    const seat: Seat = { row: undefined, next: undefined, place: undefined }
    rows.put(task(`t${n}`), seat)
    expect(seat.place).toBeGreaterThan(0)
    expect(rows.drop(`t${n}`, seat)).toBe(true)
    expect(seat.place).toBeUndefined()
  }
  expect(rows.list().map(({ id }) => id)).toEqual(['first'])
  expect(rows.drop('first')).toBe(true)
  expect(rows.drop('first')).toBe(false)
  expect(rows.list()).toEqual([])
})

test('what a store has taken, and said that it has not, is there once', async () => {
  const store = memoryStore()
  const commit = store.commit.bind(store)
  let failures = 0
  store.commit = async (batch) => {
    const seq = await commit(batch)
    if (failures === 0 && batch.rows.some(({ id }) => id === 'x.l0')) {
      failures += 1
      throw new Error('the answer was lost')
    }
    return seq
  }
  const app = createApp({ tasks: [tinyTasks], store })
  await app.start()
  const x = tinyTasks.addInline
    .s(1, 1)
    .set({ id: 'x', link: tinyTasks.addInline.s(1) })
    .delay()
  expect(await x.get()).toBe(2)
  expect(await (await app.result('x.l0')).get()).toBe(3)
  await app.stop()
  expect([failures, await left(store)]).toEqual([1, []])
})

test('what ends while the unfinished rows are read is not among them', async () => {
  const store = memoryStore()
  const rows = ['a', 'b'].map((id): TaskRow => ({ ...task(id), state: 'RECEIVED', endedAt: undefined }))
  await store.commit({ rows, events: [] })
  const found: string[] = []
  for await (const { id } of store.unfinished()) {
    found.push(id)
    await store.commit({ rows: [{ ...(rows[1] as TaskRow), state: 'SUCCESS', endedAt: 1 }], events: [] })
  }
  expect([found, await left(store)]).toEqual([['a'], ['a']])
})
