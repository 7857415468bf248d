import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const PARTS = [
  'threads',
  'inline',
  'workflows',
  'canvas',
  'waiting',
  'durable',
  'statecharts',
  'recovery',
  'peers',
  'lanes',
  'etl',
  'start',
  'signals',
]
const MINUTES = 60_000

test.each(PARTS)('the short form of %s comes to its end, with figures', { timeout: 5 * MINUTES }, async (part) => {
  const { code, out } = await bench(part, '--short', '--json')
  expect(code).toBe(0)
  const { machine, results } = JSON.parse(out)
  expect(machine[0]).toBe(`node ${process.version}`)
  expect(results.length).toBeGreaterThan(0)
  for (const result of results) expect(result.measure).toMatch(new RegExp(`^${part}`))
  expect(figuresIn(results).filter((figure) => !Number.isFinite(figure))).toEqual([])
})

test('a part that does not exist is refused, with the names of those that do', async () => {
  const { code, err } = await bench('lane', 'thread-1000')
  expect(code).toBe(2)
  expect(err).toMatch(/^Nothing is called thread-1000\. There are: /)
  const names = err
    .replace(/.*There are: /s, '')
    .trim()
    .slice(0, -1)
    .split(', ')
  expect(new Set(names.map((name) => name.split('-')[0]))).toEqual(new Set(PARTS))
})

/** All numbers in a result; what JSON could not write as a number is null there, and counts as one that is none. */
function figuresIn(value: unknown): number[] {
  if (value === null) return [Number.NaN]
  if (typeof value === 'number') return [value]
  return typeof value === 'object' ? Object.values(value).flatMap(figuresIn) : []
}

function bench(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
  return new Promise((resolve) => {
    const line = ['--conditions=@umbel/source', main, ...args]
    const child = execFile(process.execPath, line, { maxBuffer: 1 << 24 }, (_error, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    )
  })
}
