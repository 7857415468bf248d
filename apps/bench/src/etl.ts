import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildPackages, conditionsOf } from './built.ts'
import { takeTurns } from './compare.ts'
import type { Measure, Size } from './measure.ts'
import { ratioOf, spread, withSpan } from './spread.ts'

const ROUNDS: Readonly<Record<Size, number>> = { full: 9, short: 1 }

/** The app first, and what does the same work by hand. */
const SCRIPTS = [
  { name: 'umbel', line: ['src/main.ts'] },
  { name: 'by hand, one thread', line: ['test/by-hand.ts', 'alone'] },
  { name: 'by hand, Piscina', line: ['test/by-hand.ts', 'piscina'] },
] as const

/** The ETL over three million flights, from the start of its process to its end, on two threads, beside the same work by hand. */
export const etl: Measure = {
  name: 'etl',
  async *run(size) {
    if (size === 'full') buildPackages()
    const input = size === 'full' ? [] : ['--input', runScript(['test/small-flights.ts'], size).trim()]
    const figures = new Set<string>()
    const sides = SCRIPTS.map(({ name, line }) => ({
      name,
      run: async () => void figures.add(figuresOf([...line, ...input], size)),
    }))
    const rates = await takeTurns(sides, 1, ROUNDS[size])
    if (figures.size !== 1) throw new Error(`They do not do the same work: ${[...figures].join(' ')}`)
    const seconds = rates.map((rate) => rate.map((each) => 1 / each))
    const ours = seconds[0] ?? []
    const results = SCRIPTS.map(({ name }, index) => {
      const own = seconds[index] ?? []
      return { name, seconds: spread(own), ratio: ratioOf(ours, own) }
    })
    const words = results.map(({ name, seconds, ratio }, index) => {
      const to = index === 0 ? '' : `, umbel takes ${withSpan(ratio, 2)} times as long`
      return `  ${name}: ${withSpan(seconds, 2)} s${to}`
    })
    yield { text: ['the flights ETL on 2 threads:', ...words].join('\n'), result: { sides: results } }
  },
}

/** Run a script of the ETL, and give what it counted. */
function figuresOf(line: readonly string[], size: Size): string {
  const output = mkdtempSync(join(tmpdir(), 'umbel-bench-'))
  try {
    const said = runScript([...line, '--json', '--threads', '2', '--output', output], size)
    const { seconds, ...figures } = JSON.parse(said)
    return JSON.stringify(figures)
  } finally {
    rmSync(output, { recursive: true })
  }
}

function runScript([script = '', ...options]: readonly string[], size: Size): string {
  const app = new URL('../../flights-etl/', import.meta.url)
  const line = [...conditionsOf(size), fileURLToPath(new URL(script, app)), ...options]
  return execFileSync(process.execPath, line, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
}
