import { encode, type TaskRow } from '@umbel/core'
import { array, assert, asyncProperty, boolean, constantFrom, integer, oneof, record } from 'fast-check'
import { expect, test } from 'vitest'
import { byId, closed, commit, inUse, journaled, newTask, nextId, opened, seen } from './fixtures/journal.ts'
import { asIfKilled, newFile } from './fixtures/store-file.ts'

/** What happens to a store, one after the other. */
const step = oneof(
  {
    weight: 24,
    arbitrary: record({
      kind: constantFrom('plain' as const),
      sends: integer({ min: 0, max: 4 }),
      changes: array(integer({ min: 0, max: 30 }), { maxLength: 4 }),
      ends: boolean(),
      large: boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: record({
      kind: constantFrom('other' as const, 'read' as const, 'killed' as const, 'killed' as const, 'seen' as const),
    }),
  },
)

test('whatever is sent, changes and ends, is read meanwhile or killed in between: every row is as it was stored last', async () => {
  const file = newFile()
  const store = await opened(file, { keepEvents: 50 })
  const rows = await inUse(store, file)
  let time = 10_000
  let withJournal = 0
  /** As if its process were killed: the next owner finds what there was. */
  const killed = async (): Promise<void> => {
    const copy = asIfKilled(file)
    if (journaled(copy) > 0) withJournal += 1
    expect(byId(seen(copy))).toEqual(byId(rows.values()))
    const next = await opened(copy)
    for (const id of [...rows.keys()].slice(-5)) expect(await next.get(id)).toEqual(rows.get(id))
    expect(byId(seen(copy))).toEqual(byId(rows.values()))
    await closed(next)
  }
  await assert(
    asyncProperty(array(step, { maxLength: 40 }), async (steps) => {
      for (const [id, row] of await inUse(store, file)) rows.set(id, row)
      for (const one of steps) {
        time += 1
        if (one.kind === 'plain') {
          const open = [...rows.values()].filter(({ endedAt }) => endedAt === undefined)
          const changing = new Set(one.changes.flatMap((index) => open[index % Math.max(1, open.length)] ?? []))
          const changed = [...changing].map(
            (row): TaskRow =>
              one.ends
                ? { ...row, state: 'SUCCESS', result: encode(time), endedAt: time }
                : { ...row, state: 'STARTED', attempt: row.attempt + 1, runs: row.attempt + 1, startedAt: time },
          )
          const fresh = Array.from({ length: one.sends }, () =>
            newTask(nextId(), { sentAt: time, ...(one.large && { args: encode(['y'.repeat(2_000)]) }) }),
          )
          if (fresh.length + changed.length === 0) continue
          await commit(store, [...fresh, ...changed], rows)
          for (const row of [...fresh, ...changed]) rows.set(row.id, row)
        } else if (one.kind === 'other') await store.commit({ rows: [], events: [] })
        else if (one.kind === 'read') {
          for (const id of [...rows.keys()].slice(-3)) expect(await store.get(id)).toEqual(rows.get(id))
        } else if (one.kind === 'seen') expect(byId(seen(file))).toEqual(byId(rows.values()))
        else await killed()
      }
      expect(byId(seen(file))).toEqual(byId(rows.values()))
    }),
    { numRuns: 40 },
  )
  while (withJournal === 0) {
    for (const [id, row] of await inUse(store, file)) rows.set(id, row)
    await killed()
  }
})

test('of what has ended the newest stay, as many as are to be kept', async () => {
  const file = newFile()
  const store = await opened(file, { keepEnded: 5 })
  const rows = await inUse(store, file)
  let time = 5_000
  await assert(
    asyncProperty(array(integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 }), async (counts) => {
      let last: string[] = []
      for (const count of counts) {
        const ended = Array.from({ length: count }, () => {
          time += 1
          return newTask(nextId(), { state: 'SUCCESS', result: encode(1), endedAt: time })
        })
        await commit(store, ended, rows)
        last = [...last, ...ended.map(({ id }) => id)].slice(-5)
      }
      await store.get('nothing')
      const kept = seen(file).flatMap(({ id, state }) => (state === 'SUCCESS' ? [id] : []))
      expect(kept.slice(-last.length)).toEqual(last)
      expect(kept.length).toBeLessThanOrEqual(5)
    }),
    { numRuns: 30 },
  )
})
