import { expect, test } from 'vitest'
import { tearLog } from './torn-log.ts'

test('a log that was cut or damaged anywhere leaves a prefix of what was committed, whole batches of it, and the loss is told', async () => {
  const report = await tearLog(60, 20_260)
  expect(report).toMatchObject({ points: 60, wrong: [] })
  expect(report.shorter).toBeGreaterThan(20)
  expect(report.told).toBe(report.shorter)
})
