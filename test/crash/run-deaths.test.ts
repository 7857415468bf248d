import { expect, test } from 'vitest'
import { dieAtEachStep } from './run-deaths.ts'

test('a run whose process is killed at any of its steps comes to what it comes to undisturbed', async () => {
  const report = await dieAtEachStep({ every: 12, first: 4 })
  expect(report).toMatchObject({ different: 0, wrong: [] })
  expect(report.steps).toBeGreaterThan(20)
  expect(report.kills).toBeGreaterThanOrEqual(5)
})
