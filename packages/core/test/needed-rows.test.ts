import { expect, test } from 'vitest'
import { neededRows } from '../src/needed-rows.ts'
import { Desk, plan, planOfOne, sig } from './model.ts'

const sent = (of: ReturnType<typeof plan>, redrives?: string) =>
  ({
    type: 'canvas-sent',
    id: 'old.d1',
    plan: of,
    input: undefined,
    parent: 'old',
    root: 'old',
    settles: undefined,
    ...(redrives !== undefined && { redrives }),
    at: 1,
  }) as const
const twoSteps = plan({ kind: 'chain', steps: [sig('a'), sig('b')], options: {} })

test('facts about what is at hand need no other row, and cost no list', () => {
  const desk = new Desk()
  desk.send(sig('a'))
  const none = neededRows(desk.rows, [sent(twoSteps), { type: 'task-started', id: 'w', attempt: 1, run: 1, at: 2 }])
  expect(none).toEqual([])
  expect(neededRows(desk.rows, [])).toBe(none)
})

test('a workflow that is run again needs each node of the one before it, once, but for those at hand', () => {
  const rows = new Desk()
  const events = [sent(twoSteps, 'old'), sent(twoSteps, 'old')]
  expect(neededRows(rows.rows, events)).toEqual(['old/0', 'old/1'])
  rows.send(twoSteps, 'old')
  expect(neededRows(rows.rows, events)).toEqual(['old/1'])
  expect(neededRows(new Map(), [sent(planOfOne('a', {}), 'old')])).toEqual([])
})
