import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { newFile } from './fixtures/store-file.ts'

const run = promisify(execFile)
const fixture = (name: string): string => new URL(`./fixtures/${name}`, import.meta.url).pathname

test('nothing that a task comes with is made old, though a thousand are sent before the first ends', async () => {
  const { stdout } = await run(process.execPath, [
    '--allow-natives-syntax',
    '--conditions=@umbel/source',
    fixture('made-old-script.ts'),
  ])
  const percents = JSON.parse(stdout) as Record<string, number>
  expect(Object.keys(percents).sort()).toEqual(
    ['canvas-sent', 'node', 'nodes', 'plan', 'row', 'task-started', 'task-succeeded'].sort(),
  )
  // 92 to 98 of what literals made, and 45 of the rows; what a collection moved meanwhile counts, too
  for (const percent of Object.values(percents)) expect(percent).toBeLessThan(20)
})

test('of a task on threads little outlives a collection of what is young, once it is over', async () => {
  const bytes: number[] = []
  // the collector's moments differ: what is held is held each time
  for (let time = 0; time < 3; time += 1) {
    const { stdout } = await run(process.execPath, [
      '--conditions=@umbel/source',
      fixture('survivors-script.ts'),
      '150000',
      '1000',
    ])
    bytes.push(Number(stdout))
  }
  // 40 to 310, and 650 to 1,000 where messages or tables of maps led to the next ones
  expect(Math.min(...bytes)).toBeLessThan(400)
})

test('what the thread of the journal has put into its tables leaves nothing behind there', async () => {
  const script = ['--conditions=@umbel/source', fixture('journal-heap-script.ts'), newFile(), '120000']
  const { stdout } = await run(process.execPath, script)
  // 22 to 24, and 73 to 86 where those that are in no table yet were in a map, and all work in one list
  expect(Number(stdout) / 2 ** 20).toBeGreaterThan(1)
  expect(Number(stdout) / 2 ** 20).toBeLessThan(45)
})

test('a task that waits takes no more than 600 bytes, also while its result is awaited', async () => {
  const script = ['--conditions=@umbel/source', fixture('waiting-heap-script.ts'), '60000']
  const { stdout } = await run(process.execPath, script)
  const { alone, awaited } = JSON.parse(stdout) as { alone: number; awaited: number }
  expect(alone).toBeGreaterThan(200)
  expect(alone).toBeLessThan(450)
  // a promise cannot be had for less than its 40 bytes, a call that resolves it and what that sees
  expect(awaited - alone).toBeGreaterThan(100)
  expect(awaited).toBeLessThan(600)
})
