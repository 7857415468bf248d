import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { here } from '../../../test/machine-time.ts'
import { emptyFolder, fileOf, flightsFile, realAirports, realFlights, row } from './fixtures.ts'
import { realFigures } from './real-figures.ts'

const program = ['--conditions=@umbel/source', join(import.meta.dirname, '../src/main.ts')]

function start(...line: string[]): ChildProcess {
  return spawn(process.execPath, [...program, ...line], { stdio: ['ignore', 'pipe', 'pipe'], cwd: emptyFolder() })
}

async function run(...line: string[]) {
  const child = start(...line)
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'close')])
  return { stdout, stderr, code }
}

/** Resolve once the app has said something that matches on stderr. */
function said(child: ChildProcess, what: RegExp): Promise<void> {
  return new Promise((resolve) => {
    let all = ''
    child.stderr!.on('data', (chunk) => {
      all += chunk
      if (what.test(all)) resolve()
    })
  })
}

describe('a run', () => {
  test('counts the real flights, loads them and draws the report', async () => {
    const output = join(emptyFolder(), 'new', 'out')
    const { stdout, stderr, code } = await run('--json', '--output', output)
    expect(stderr).toMatch(/transform: VALIDATING\n.*load: LOADING\n.*report: REPORTING\n.*report: 100 %\n$/s)
    expect(code).toBe(0)
    expect(stdout.split('\n')).toHaveLength(2)
    const { seconds, busiest, ...totals } = JSON.parse(stdout)
    const { busiest: expected, ...expectedTotals } = realFigures
    expect(totals).toEqual(expectedTotals)
    expect(busiest).toEqual(expected)
    expect(seconds).toBeGreaterThan(0)
    expect(readdirSync(output).sort()).toEqual(['flights.db', 'flights.html'])
    expect(readFileSync(join(output, 'flights.html'), 'utf8')).toContain('3,000,000 flights')
  })

  test('without --json says the summary in words', async () => {
    const output = emptyFolder()
    const { stdout, code } = await run('--input', flightsFile([row(), row()], 1), '--output', output, '--threads', '1')
    expect(code).toBe(0)
    expect(stdout).toContain('2 flights on 1 day, 12.0 minutes late on average')
    expect(stdout).toContain(join(output, 'flights.html'))
  })
})

describe('what is wrong is said in one line, and nothing is written', () => {
  const damaged = readFileSync(realFlights).fill(0xa5, 6_000_000, 6_100_000)
  const withoutOrd = readFileSync(realAirports, 'utf8').replace(/^ORD,.*\n/m, '')

  test.each([
    ['a missing flights file', () => ['--input', '/nowhere/f.parquet'], 'flights-etl: f.parquet: no such file\n'],
    ['a missing airports file', () => ['--airports', '/nowhere/a.csv'], 'flights-etl: a.csv: no such file\n'],
    [
      'a flights file cut off',
      () => ['--input', fileOf('f.parquet', damaged.subarray(0, 9_000))],
      'f.parquet: parquet',
    ],
    ['a flights file damaged within', () => ['--input', fileOf('f.parquet', damaged)], 'f.parquet: row group 4'],
    ['a malformed airports file', () => ['--airports', fileOf('a.csv', withoutOrd.slice(0, 9_999))], 'Too few fields'],
    ['an airport nobody knows', () => ['--airports', fileOf('a.csv', withoutOrd)], '"ORD" is no airport of the list'],
    [
      'a bad row',
      () => ['--input', flightsFile([row(), row({ delay: null })])],
      'flights.parquet: row group 0, row 1 (row 1 of the file): delay is missing\n',
    ],
    ['an output that is a file', () => ['--output', fileOf('out', 'mine')], 'cannot be written to: is no folder'],
  ])('%s', async (_, line, says) => {
    const output = join(emptyFolder(), 'out')
    const { stdout, stderr, code } = await run('--output', output, ...line())
    expect(stderr).toContain(says)
    expect(stderr.match(/^flights-etl: .*$/gm)).toHaveLength(1)
    expect(stdout).toBe('')
    expect(code).toBe(1)
    expect(existsSync(output)).toBe(false)
  })

  test('the output of an earlier run stays as it was', async () => {
    const output = emptyFolder()
    writeFileSync(join(output, 'flights.db'), 'earlier')
    const { code } = await run('--input', fileOf('f.parquet', damaged), '--output', output)
    expect(code).toBe(1)
    expect(readdirSync(output)).toEqual(['flights.db'])
    expect(readFileSync(join(output, 'flights.db'), 'utf8')).toBe('earlier')
  })

  test('an option it does not know', async () => {
    const { stdout, stderr, code } = await run('--outptu', 'x')
    expect(stderr).toMatch(/^flights-etl: Unknown option '--outptu'/)
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })
})

describe('a run that is interrupted', () => {
  test.each([
    ['SIGINT', 130, /extract: 25 %/],
    ['SIGINT', 130, /transform: PROCESSING/],
    ['SIGTERM', 143, /extract: 50 %/],
  ] as const)('by %s ends with %i within two seconds, and nothing is written', async (signal, expected, when) => {
    const output = join(emptyFolder(), 'out')
    const child = start('--output', output)
    const stdout = text(child.stdout!)
    await said(child, when)
    const since = performance.now()
    child.kill(signal)
    const [code] = await once(child, 'exit')
    expect(performance.now() - since).toBeLessThan(here(2_000))
    expect(code).toBe(expected)
    expect(await stdout).toBe('')
    expect(existsSync(output)).toBe(false)
  })
})

describe('a run with a store', () => {
  test('that is killed goes on: the same numbers, and no row group that was counted is read again', async () => {
    const output = join(emptyFolder(), 'out')
    const line = ['--output', output, '--store', join(emptyFolder(), 'work.db'), '--json']
    const child = start(...line)
    await said(child, /transform: 50 %/)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(readdirSync(output)).toEqual([expect.stringMatching(/^\.unfinished-/)])
    const { stdout, stderr, code } = await run(...line)
    expect(code, stderr).toBe(0)
    expect(stderr).not.toContain('transform: 75 %')
    const { seconds: _, ...totals } = JSON.parse(stdout)
    expect(totals).toEqual(realFigures)
    expect(readdirSync(output).sort()).toEqual(['flights.db', 'flights.html'])
  })

  test('that is interrupted goes on, and one that is done begins anew', async () => {
    const output = join(emptyFolder(), 'out')
    const line = ['--output', output, '--store', join(emptyFolder(), 'work.db'), '--json']
    const child = start(...line)
    const stderr = text(child.stderr!)
    await said(child, /transform: 25 %/)
    child.kill('SIGINT')
    expect(await once(child, 'exit')).toEqual([130, null])
    expect(await stderr).toContain('interrupted, nothing written; the same command goes on')
    for (const again of [1, 2]) {
      const { stdout, code } = await run(...line)
      expect([again, code]).toEqual([again, 0])
      expect(JSON.parse(stdout)).toMatchObject({ rows: realFigures.rows })
    }
  })

  test('that fails says why each time, and leaves nothing behind', async () => {
    const output = join(emptyFolder(), 'out')
    const line = ['--input', flightsFile([row(), row({ delay: null })]), '--output', output]
    line.push('--store', join(emptyFolder(), 'work.db'))
    for (const again of [1, 2]) {
      const { stderr, code } = await run(...line)
      expect([again, code]).toEqual([again, 1])
      expect(stderr).toContain('delay is missing')
      expect(existsSync(output)).toBe(false)
    }
  })

  test('on what is no store is refused', async () => {
    const { stderr, code } = await run('--store', fileOf('work.db', 'mine'), '--output', join(emptyFolder(), 'out'))
    expect([code, stderr]).toEqual([1, expect.stringContaining('work.db is no SQLite file')])
  })
})

test('--help says what there is', async () => {
  const { stdout, stderr, code } = await run('--help')
  expect(stdout).toContain('--threads N')
  expect(stderr).toBe('')
  expect(code).toBe(0)
})
