import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

test('of a task on threads little outlives a collection of what is young, once it is over', async () => {
  const script = new URL('./fixtures/survivors-script.ts', import.meta.url).pathname
  const bytes: number[] = []
  // the collector's moments differ: what is held is held each time
  for (let run = 0; run < 3; run += 1) {
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--conditions=@umbel/source',
      script,
      '150000',
      '1000',
    ])
    bytes.push(Number(stdout))
  }
  // 40 to 310, and 650 to 1,000 where messages or tables of maps led to the next ones
  expect(Math.min(...bytes)).toBeLessThan(400)
})
