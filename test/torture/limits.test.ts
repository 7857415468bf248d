import { expect, test } from 'vitest'
import { here } from '../machine-time.ts'
import { limitsReport } from './limits.ts'

test('rates hold in real time on real threads, whatever waits beside them', async () => {
  const { cases } = await limitsReport(2, () => {})
  expect(cases.map(({ name }) => name)).toEqual(['congested', 'spaced', 'bucket', 'keyed', 'changed', '10,000/s'])
  for (const { name, worstWindow, quota, throughputOfQuota } of cases) {
    expect(worstWindow, name).toBeLessThanOrEqual(quota)
    // `npm run torture:limits` is held to 0.95, on a machine with nothing else to do
    expect(throughputOfQuota * here(1), name).toBeGreaterThan(0.5)
  }
})
