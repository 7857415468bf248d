import { expect, test } from 'vitest'
import { type CrashPoint, crashPoints, dyingAt, nameOf, POINTS } from './crash-points.ts'
import { randomOf } from './random.ts'

test('processes die before and after every commit and every kind of command, and in recovery twice in a row', () => {
  const points = crashPoints(randomOf(1))
  const lives = Array.from({ length: 80 }, () => points.next(true).value)
  expect(new Set(lives.map((point) => (point === undefined ? 'random' : nameOf(point))))).toEqual(
    new Set([...POINTS, 'random']),
  )
  const names = lives.map((point) => point?.at)
  expect(names.join()).toContain('recovery,recovery')
})

test('a point that a process did not come to has its turn again, the first time that the next one does so', () => {
  const points = crashPoints(randomOf(2))
  const [first] = [points.next(true).value, points.next(false).value]
  const after = Array.from({ length: 9 * 8 }, () => points.next(true).value)
  const same = after.filter((point) => point !== undefined && nameOf(point) === nameOf(first as CrashPoint))
  expect(same[0]).toEqual({ ...first, count: 1 })
  expect(same).toHaveLength(1)
})

test('a process goes on until it has passed its point as often as it says', () => {
  const said: string[] = []
  const pass = dyingAt({ at: 'after', deed: 'settle', count: 3 }, (name) => {
    said.push(name)
    throw new Error('dead')
  })
  for (let time = 0; time < 2; time += 1) pass('after', 'settle')
  pass('before', 'settle')
  pass('after', 'commit')
  pass('recovery')
  expect(said).toEqual([])
  expect(() => pass('after', 'settle')).toThrow('dead')
  expect(said).toEqual(['after settle'])
})
