import * as core from '@umbel/core'
import { expect, test } from 'vitest'
import * as index from '../src/index.ts'
import * as tasks from '../src/tasks.ts'

test('all of umbel/tasks is the same as in umbel', () => {
  expect(Object.keys(tasks)).toEqual(expect.arrayContaining(['chain', 'defineTasks', 'Ignore', 'task', 'UmbelError']))
  const whole = new Map<string, unknown>(Object.entries(index))
  for (const [name, value] of Object.entries(tasks)) expect(whole.get(name), name).toBe(value)
})

test('errors of umbel/tasks are those of core', () => {
  expect(core.UmbelError).toBe(tasks.UmbelError)
  expect(core.TaskError).toBe(tasks.TaskError)
})
