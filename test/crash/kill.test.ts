import { expect, test } from 'vitest'
import { torture } from './torture.ts'

test('a process that is killed again and again, around commits and commands, in recovery and at any moment, loses nothing it accepted', async () => {
  const report = await torture(7, 20_260)
  expect(report).toMatchObject({
    kills: 7,
    lost: 0,
    duplicateKeyedEffects: 0,
    missingKeyedEffects: 0,
    duplicateWrites: 0,
    missingWrites: 0,
    stuckWorkflows: 0,
    wrong: 0,
    disagreements: 0,
    violations: [],
  })
  expect(report.accepted).toBeGreaterThan(20)
  expect(report.runs).toBeGreaterThan(2)
})
