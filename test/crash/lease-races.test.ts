import { expect, test } from 'vitest'
import { raceForLease } from './lease-races.ts'

test('of processes that race for a file one owns it, another follows, and one that was stopped writes nothing when it comes back', async () => {
  const report = await raceForLease(6, 20_260)
  expect(report).toMatchObject({ races: 6, wrong: [] })
  expect(report.owners).toBeGreaterThanOrEqual(10)
  expect(report.acknowledged).toBeGreaterThan(10)
})
