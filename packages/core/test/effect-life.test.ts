import { expect, test } from 'vitest'
import { advance } from '../src/advance.ts'
import { encode } from '../src/codec.ts'
import { effectIds, effectKey } from '../src/effect.ts'
import type { EngineEvent } from '../src/event.ts'
import { Desk, sig } from './model.ts'

const recorded = (run: number, at = 5): EngineEvent => ({
  type: 'effect-recorded',
  id: 'w',
  attempt: 1,
  run,
  name: 'charge',
  result: encode(run),
  at,
})

test('an effect is kept of the run that is under way, and of no other', () => {
  const desk = new Desk()
  desk.send(sig('a'))
  desk.start('w')
  const step = advance(desk.rows, [recorded(1), recorded(2)])
  expect(step.effects).toEqual([{ task: 'w', name: 'charge', result: encode(1) }])
  expect(step.facts).toHaveLength(1)
  expect([...step.answers.values()]).toMatchObject([{ ok: false, error: { code: 'UMBEL_ATTEMPT_OVER' } }])
})

test('no effect is kept of a task that has ended, waits for its next attempt, was replaced or is unknown', () => {
  const ends: readonly (EngineEvent | undefined)[] = [
    { type: 'task-succeeded', id: 'w', attempt: 1, run: 1, result: encode(1), at: 4 },
    { type: 'task-retried', id: 'w', attempt: 1, run: 1, error: undefined, delay: 5, at: 4 },
    { type: 'task-lost', id: 'w', attempt: 1, run: 1, error: { name: 'E', message: 'm' }, at: 4 },
  ]
  for (const end of ends) {
    const desk = new Desk()
    desk.send(sig('a'))
    desk.start('w')
    if (end !== undefined) desk.accept(end)
    expect(advance(desk.rows, [recorded(1)]).effects).toEqual([])
  }
  expect(advance(new Map(), [recorded(1)]).effects).toEqual([])
})

test.each([
  ['t', ['t']],
  ['t.d1', ['t.d1', 't']],
  ['t.d1.d1', ['t.d1.d1', 't.d1', 't']],
  ['w/3', ['w/3']],
  ['w.d1/3', ['w.d1/3', 'w/3']],
  ['w.d1.d1/3.r1', ['w.d1.d1/3.r1', 'w.d1/3.r1', 'w/3.r1']],
  ['t.d10', ['t.d10']],
  ['t.l0', ['t.l0']],
])('what %s has done may be known under %j', (id, ids) => {
  expect(effectIds(id)).toEqual(ids)
  expect(effectKey(id, 'charge')).toBe(`${ids.at(-1)}:charge`)
})
