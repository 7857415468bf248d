import { expect, test } from 'vitest'
import * as index from '../src/index.ts'
import * as tasks from '../src/tasks.ts'

test('all of the part for tasks is the same as in the whole', () => {
  expect(Object.keys(tasks)).toContain('UmbelError')
  const whole = new Map<string, unknown>(Object.entries(index))
  for (const [name, value] of Object.entries(tasks)) expect(whole.get(name), name).toBe(value)
})
