import type { TaskRow } from '@umbel/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { task } from '../../../test/conformance/store-rows.ts'
import { isNodeRow, NodeLists, numberIn, workflowOf } from '../src/node-lists.ts'

test('an id is that of a node where a slash and a number follow its workflow, and of no other', () => {
  const ids = ['w/0', 'w/17', 'a/b.r1/3', 'w/', 'w/01', 'w/1.l0', 'w', '', '/5', '/stream/a/1', 'run/a.5']
  expect(ids.map((id) => numberIn(workflowOf(id), id))).toEqual([0, 17, 3, -1, -1, -1, -1, -1, 5, 1, -1])
  expect([numberIn('v', 'w/1'), numberIn('w', 'w/12'), numberIn('ww', 'w/1')]).toEqual([-1, 12, -1])
  fc.assert(
    fc.property(fc.nat(), (node) => {
      expect(numberIn('w', `w/${node}`)).toBe(node)
    }),
  )
})

test('a row is of a node where it has the id of one', () => {
  const row = (id: string, more: Partial<TaskRow>): TaskRow => ({ ...task(id), ...more }) as TaskRow
  expect(isNodeRow(row('w/3', { workflow: 'w', node: 3 }))).toBe(true)
  expect(isNodeRow(row('full', { workflow: 'w', node: 3 }))).toBe(false)
  expect(isNodeRow(row('w/3.l0', {}))).toBe(false)
})

test('lists have what maps have that were told the same, in whatever order nodes and workflows come', () => {
  const one = fc.tuple(fc.constantFrom('put', 'forget', 'begin'), fc.constantFrom('a', 'b', 'c'), fc.nat(5_000))
  fc.assert(
    fc.property(fc.array(one, { maxLength: 60 }), (acts) => {
      const lists = new NodeLists<string>()
      const maps = new Map<string, Map<number, string>>()
      acts.forEach(([act, workflow, node], at) => {
        const nodes = maps.get(workflow) ?? new Map<number, string>()
        maps.set(workflow, nodes)
        if (act === 'put') {
          lists.put(workflow, node, `${at}`)
          nodes.set(node, `${at}`)
        } else if (act === 'begin') lists.begin(workflow, node)
        else {
          const forgotten: string[] = []
          lists.forget(workflow, (value) => forgotten.push(value))
          expect(forgotten).toEqual([...nodes].sort(([a], [b]) => a - b).map(([, value]) => value))
          maps.delete(workflow)
        }
        expect(lists.get(workflow, node)).toBe(maps.get(workflow)?.get(node))
      })
      const left = [...maps.values()].flatMap((nodes) => [...nodes.values()])
      expect([...lists.values()].sort()).toEqual(left.sort())
    }),
  )
})
