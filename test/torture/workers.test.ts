import { expect, test } from 'vitest'
import { tortureWorkers } from './worker-torture.ts'

test('whatever a handler does to its thread: it fails alone, its neighbour and the next one never notice, the pool is whole again', async () => {
  const verdicts = await tortureWorkers(1)
  const faults = verdicts.filter(({ hung, misblamed }) => hung || misblamed.length > 0)
  expect(faults).toEqual([])
  expect(verdicts.some(({ replacementMs }) => replacementMs > 0)).toBe(true)
})
