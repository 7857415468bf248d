// The same work as the app's, by hand: what the app's time is held against.
// `node apps/flights-etl/test/by-hand.ts alone|piscina [the app's options]`: one loop on one thread, or bare Piscina. Prints one JSON
// object; nothing here shows progress, retries or cancels.
import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isMainThread } from 'node:worker_threads'
import { Piscina } from 'piscina'
import { mergeTotals, type Totals } from '../src/aggregate.ts'
import { readAirports } from '../src/airports.ts'
import { writeDatabase } from '../src/database.ts'
import { inspectFlights, readRowGroup } from '../src/flights.ts'
import { type Options, readOptions } from '../src/options.ts'
import { renderReport } from '../src/report.ts'
import { readSummary } from '../src/summary.ts'
import { countFlights, joinAirports, validateFlights, validateRoutes } from '../src/transform.ts'

/** One row group of a file, and the airports it is joined with. */
interface Part {
  readonly input: string
  readonly rowGroup: number
  readonly codes: readonly string[]
}

if (isMainThread) await main(process.argv[2], process.argv.slice(3))

/** What a thread of Piscina runs. */
export async function count({ input, rowGroup, codes }: Part): Promise<Totals> {
  const flights = await readRowGroup(input, rowGroup)
  validateFlights(flights)
  const joined = joinAirports(flights, codes)
  validateRoutes(flights)
  return countFlights(flights, joined)
}

async function main(how: string | undefined, line: readonly string[]): Promise<void> {
  const options = readOptions(line)
  if (options === 'help' || (how !== 'alone' && how !== 'piscina')) throw new Error('Say alone or piscina first.')
  const { input, airports: list, output } = options
  const { rowGroups } = await inspectFlights(input)
  const airports = await readAirports(list)
  const codes = airports.map(({ iata }) => iata)
  const parts = rowGroups.map((_, rowGroup) => ({ input, rowGroup, codes }))
  const totals = how === 'alone' ? await oneByOne(parts) : await onThreads(parts, options)
  mkdirSync(output, { recursive: true })
  writeDatabase(join(output, 'flights.db'), mergeTotals(totals), airports)
  const database = new DatabaseSync(join(output, 'flights.db'), { readOnly: true })
  writeFileSync(join(output, 'flights.html'), renderReport(database, basename(input)))
  console.log(JSON.stringify({ ...readSummary(database), seconds: Math.round(performance.now()) / 1000 }))
}

async function oneByOne(parts: readonly Part[]): Promise<Totals[]> {
  const totals: Totals[] = []
  for (const part of parts) totals.push(await count(part))
  return totals
}

async function onThreads(parts: readonly Part[], { threads }: Options): Promise<Totals[]> {
  const pool = new Piscina({ filename: import.meta.url, minThreads: threads, maxThreads: threads, atomics: 'async' })
  const totals = await Promise.all(parts.map((part): Promise<Totals> => pool.run(part, { name: count.name })))
  await pool.destroy()
  return totals
}
