import { expect, test } from 'vitest'
import { crashPoints, dyingAt, nameOf, POINTS } from './crash-points.ts'
import { randomOf } from './random.ts'

test('processes die before and after every commit and every kind of command, and in recovery twice in a row', () => {
  const points = crashPoints(randomOf(1))
  const lives = Array.from({ length: 60 }, () => points.next().value)
  expect(new Set(lives.map((point) => (point === undefined ? 'random' : nameOf(point))))).toEqual(
    new Set([...POINTS, 'random']),
  )
  const names = lives.map((point) => point?.at)
  expect(names.join()).toContain('recovery,recovery')
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
