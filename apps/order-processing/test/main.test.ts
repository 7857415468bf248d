import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { afterAll, describe, expect, test } from 'vitest'
import { paymentReport, startPayments } from '../src/start-payments.ts'

const program = ['--conditions=@umbel/source', join(import.meta.dirname, '../src/main.ts')]
const folder = mkdtempSync(join(tmpdir(), 'umbel-orders-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Ran {
  readonly stdout: string
  /** Lines of orders that have ended. */
  readonly ended: readonly string[]
  readonly stderr: string
  readonly code: number | null
}

/** Run the program; kill it once so many orders have ended in it. */
async function run(line: readonly string[], killAfter = Number.POSITIVE_INFINITY): Promise<Ran> {
  const child = spawn(process.execPath, [...program, ...line], { stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: string[] = []
  const ended = () => lines.filter((said) => /^order-\d+-\d+ [A-Z_]+$/.test(said))
  createInterface({ input: child.stderr }).on('line', (said) => {
    lines.push(said)
    if (ended().length >= killAfter) child.kill('SIGKILL')
  })
  const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
  return { stdout, ended: ended(), stderr: lines.join('\n'), code }
}
const figures = ({ stdout }: Ran): Record<string, unknown> => JSON.parse(stdout.trimEnd().split('\n').at(-1) || 'null')

describe('a day of orders', () => {
  test('ends with each order in one state and books that balance, through declines, refusals and broken connections', async () => {
    const day = await run(['--orders', '30', '--seed', '2', '--quota', '6'])
    expect(day.code, day.stderr + day.stdout).toBe(0)
    const { outcomes, faults, orders } = figures(day) as {
      outcomes: Record<string, number>
      faults: number
      orders: number
    }
    expect({ faults, orders }).toEqual({ faults: 0, orders: 30 })
    expect(Object.values(outcomes).reduce((sum, count) => sum + count, 0)).toBe(30)
    expect(outcomes['DELIVERED']).toBeGreaterThan(10)
    expect(Object.keys(outcomes).length).toBeGreaterThan(2)
    expect(day.ended).toHaveLength(30)
  })

  test('killed twice and started anew, ends the same way: nobody pays twice, no piece is lost', async () => {
    const payments = await startPayments(20, 3)
    try {
      const line = ['--orders', '40', '--seed', '3', '--store', join(folder, 'day.db'), '--payments', payments.url]
      for (const after of [8, 15]) {
        const cut = await run(line, after)
        expect(cut.code, cut.stderr).toBeNull()
      }
      const last = await run(line)
      expect(last.code, last.stderr + last.stdout).toBe(0)
      expect(figures(last)).toMatchObject({ orders: 40, faults: 0 })
      const { charges } = await paymentReport(payments.url)
      expect(new Set(charges.map(({ key }) => key)).size).toBe(charges.length)
      // a day that is over stays as it is
      const again = await run(line)
      expect(figures(again)).toEqual({ ...figures(last), refused: expect.any(Number) })
    } finally {
      await payments.stop()
    }
  })

  test('with an option it does not know says which there are', async () => {
    const wrong = await run(['--order', '5'])
    expect(wrong.stderr).toMatch(/^orders: Unknown option '--order'.*--quota/s)
    expect(wrong.code).toBe(2)
  })
})
