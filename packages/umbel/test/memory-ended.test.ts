import type { TaskRow } from '@umbel/core'
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
