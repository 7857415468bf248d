import type { TaskRow } from '@umbel/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EndedRows } from '../src/stores/memory-ended.ts'

const ended: TaskRow = {
  kind: 'task',
  id: 'a',
  spec: { task: 'etl.load' } as TaskRow['spec'],
  args: '[1]',
  kwargs: undefined,
  workflow: undefined,
  node: -1,
  parent: undefined,
  root: 'a',
  settles: undefined,
  replacedBy: undefined,
  state: 'SUCCESS',
  meta: undefined,
  progress: undefined,
  attempt: 1,
  runs: 1,
  losses: 0,
  due: undefined,
  expires: undefined,
  result: '2',
  error: undefined,
  sentAt: 10.5,
  startedAt: 11,
  endedAt: 12.25,
}

const dropsAll = (rows: EndedRows, keep: number): string[] => {
  const ids: string[] = []
  rows.prune(keep, ({ id }) => ids.push(id))
  return ids
}

test('the oldest go first and the newest stays, whatever was asked for and dropped meanwhile', () => {
  const rows = new EndedRows()
  const put = (index: number): void => rows.add({ ...ended, id: `t${index}` })
  for (let index = 0; index < 5_000; index += 1) {
    put(index)
    if (index % 7 === 0) expect(rows.drop(`t${index}`)?.id).toBe(`t${index}`)
    const dropped = dropsAll(rows, 100)
    expect(dropped.length).toBeLessThanOrEqual(1)
    if (index % 500 === 499) {
      expect(rows.get('t7')).toBeUndefined()
      const newest = index % 7 === 0 ? index - 1 : index
      expect(rows.get(`t${newest}`)?.id).toBe(`t${newest}`)
    }
  }
  const left = Array.from({ length: 5_000 }, (_, index) => `t${index}`).filter((id) => rows.get(id) !== undefined)
  expect(left).toHaveLength(100)
  expect(left).toEqual(left.filter((id) => Number(id.slice(1)) >= 5_000 - 118))
  expect(dropsAll(rows, 0)).toEqual(left.slice(0, -1))
})

test('a row that is put in the place of another keeps its turn', () => {
  const rows = new EndedRows()
  for (const id of ['a', 'b', 'c']) rows.add({ ...ended, id })
  expect(rows.replace({ ...ended, result: '3' })).toBe(true)
  expect(rows.replace({ ...ended, id: 'x' })).toBe(false)
  expect(rows.get('a')).toStrictEqual({ ...ended, result: '3' })
  expect(dropsAll(rows, 1)).toEqual(['a', 'b'])
})

test('it has what a list has that was told the same', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('add' as const), count: fc.integer({ min: 1, max: 1_500 }) }),
    fc.record({
      kind: fc.constantFrom('drop' as const, 'replace' as const, 'get' as const),
      at: fc.nat(),
      every: fc.nat(3),
    }),
    fc.record({ kind: fc.constant('prune' as const), keep: fc.nat(2_000) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const rows = new EndedRows()
      let list: TaskRow[] = []
      let made = 0
      for (const told of steps) {
        if (told.kind === 'add') {
          for (let n = 0; n < told.count; n += 1) {
            const row = { ...ended, id: `t${made++}` }
            rows.add(row)
            list.push(row)
          }
        } else if (told.kind === 'prune') {
          const gone = Math.max(list.length - Math.max(told.keep, 1), 0)
          expect(dropsAll(rows, told.keep)).toEqual(list.slice(0, gone).map(({ id }) => id))
          list = list.slice(gone)
        } else {
          // of what is there, and what is not or no more
          const ids = Array.from(
            { length: told.every === 0 ? 1 : 900 },
            (_, n) => `t${(told.at + n * (told.every + 1)) % (made + 2)}`,
          )
          for (const id of new Set(ids)) {
            const at = list.findIndex((row) => row.id === id)
            if (told.kind === 'get') expect(rows.get(id)).toBe(list[at])
            else if (told.kind === 'drop') {
              expect(rows.drop(id)).toBe(list[at])
              if (at >= 0) list.splice(at, 1)
            } else {
              const next = { ...ended, id, result: '3' }
              expect(rows.replace(next)).toBe(at >= 0)
              if (at >= 0) list[at] = next
            }
          }
        }
      }
      for (const row of list) expect(rows.get(row.id)).toBe(row)
      expect(dropsAll(rows, 0)).toEqual(list.map(({ id }) => id).slice(0, -1))
    }),
    {
      examples: [
        [
          [
            { kind: 'add', count: 1_189 },
            { kind: 'drop', at: 1_037_315_261, every: 3 },
            { kind: 'drop', at: 1_784_591_246, every: 3 },
            { kind: 'prune', keep: 66 },
          ],
        ],
      ],
    },
  )
})
