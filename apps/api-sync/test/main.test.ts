import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'

const program = ['--conditions=@umbel/source', join(import.meta.dirname, '../src/main.ts')]

async function run(...line: string[]) {
  const child = spawn(process.execPath, [...program, ...line], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { stdout, stderr, code, figures: JSON.parse(stdout.trimEnd().split('\n').at(-1) || 'null') }
}

describe('a run', () => {
  // at 4 a second the ways to the server may differ by more than a second: what a busy machine cannot break either
  test('fetches everything, once, and breaks no quota', async () => {
    const { stdout, stderr, code, figures } = await run('--users', '3', '--pages', '12', '--rate', '4')
    expect(stdout).toContain('The totals of 3 users come to 21,420.')
    expect(stdout).toMatch(/user1 +12 +\d of 10 +0\n/)
    expect(stderr).toContain('PUBLISHING {"user":"user1","total":7140}')
    expect(figures).toMatchObject({ users: 3, requests: 42, violations: 0, quota: 10 })
    expect(figures.worstWindow).toBeLessThanOrEqual(10)
    expect(code).toBe(0)
  })

  test('without limits is refused, fetches everything all the same by trying again, and fails', async () => {
    const { stdout, code, figures } = await run('--users', '2', '--pages', '25', '--unlimited')
    expect(stdout).toContain('The totals of 2 users come to 62,250.')
    expect(figures.violations).toBeGreaterThan(0)
    expect(figures.worstWindow).toBeGreaterThan(10)
    expect(figures.requests).toBe(2 * 27 + figures.violations)
    expect(code).toBe(1)
  })

  test('with an option it does not know says which there are', async () => {
    const { stderr, code } = await run('--quick')
    expect(stderr).toMatch(/^api-sync: Unknown option '--quick'.*--unlimited/s)
    expect(code).toBe(2)
  })
})
