import type { TaskRow } from '@umbel/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { taskBody } from '../src/stores/sqlite/task-body.ts'

const rare = {
  replacedBy: fc.constant('x.r1'),
  keys: fc.constant(['k']),
  follows: fc.constant('k'),
  meta: fc.constant('{"a":1}'),
  progress: fc.constant({ done: 1, total: 2 }),
  past: fc.constant([{ error: { name: 'Error', message: 'm' }, at: 1 }]),
  due: fc.nat(),
  error: fc.constant({ name: 'Error', message: 'it failed' }),
}

test('what changes about a task is written as JSON would write it, whatever it has', () => {
  const row = fc.record({
    attempt: fc.nat(5),
    runs: fc.nat(5),
    losses: fc.nat(1),
    startedAt: fc.oneof(fc.constant(undefined), fc.nat()),
    result: fc.oneof(fc.constant(undefined), fc.string({ unit: 'binary' }), fc.constant('"\ud800 \u2028\\"')),
    extras: fc.record(rare, { requiredKeys: [] }),
  })
  fc.assert(
    fc.property(row, ({ extras, ...own }) => {
      const { attempt, startedAt, result } = own
      const expected = {
        attempt,
        ...(own.runs !== attempt && { runs: own.runs }),
        ...(own.losses > 0 && { losses: own.losses }),
        startedAt,
        result,
        ...extras,
      }
      const written = taskBody({ ...own, ...extras } as unknown as TaskRow)
      expect(JSON.parse(written as string)).toEqual(JSON.parse(JSON.stringify(expected)))
    }),
  )
  const plain = { attempt: 1, runs: 1, losses: 0, startedAt: 1_764_000_000_000, result: '"\ud800"' }
  expect(taskBody(plain as unknown as TaskRow)).toBe(
    JSON.stringify({ attempt: 1, startedAt: plain.startedAt, result: plain.result }),
  )
})
