// The same work as the app's, by hand on worker threads: what the app's time is held against.
// `node apps/flights-etl/test/by-hand.ts [threads]` prints its seconds; nothing here shows progress, retries or cancels.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { mergeTotals, type Totals } from '../src/aggregate.ts'
import { readAirports } from '../src/airports.ts'
import { writeDatabase } from '../src/database.ts'
import { inspectFlights, readRowGroup } from '../src/flights.ts'
import { renderReport } from '../src/report.ts'
import { readSummary } from '../src/summary.ts'
import { countFlights, joinAirports, validateFlights, validateRoutes } from '../src/transform.ts'
import { realAirports, realFlights } from './fixtures.ts'

if (isMainThread) await main(Number(process.argv[2] ?? 2))
else parentPort?.on('message', async (rowGroup: number) => parentPort?.postMessage(await count(rowGroup, workerData)))

async function count(rowGroup: number, codes: readonly string[]): Promise<Totals> {
  const flights = await readRowGroup(realFlights, rowGroup)
  validateFlights(flights)
  const joined = joinAirports(flights, codes)
  validateRoutes(flights)
  return countFlights(flights, joined)
}

async function main(threads: number): Promise<void> {
  const { rowGroups } = await inspectFlights(realFlights)
  const airports = await readAirports(realAirports)
  const codes = airports.map(({ iata }) => iata)
  const waiting = [...rowGroups.keys()]
  const parts: Totals[] = []
  await Promise.all(Array.from({ length: threads }, () => runThread(codes, waiting, parts)))
  const folder = mkdtempSync(join(tmpdir(), 'flights-by-hand-'))
  writeDatabase(join(folder, 'flights.db'), mergeTotals(parts), airports)
  const database = new DatabaseSync(join(folder, 'flights.db'), { readOnly: true })
  writeFileSync(join(folder, 'flights.html'), renderReport(database, 'flights-3m.parquet'))
  console.log(JSON.stringify({ ...readSummary(database), seconds: Math.round(performance.now()) / 1000 }))
}

function runThread(codes: readonly string[], waiting: number[], parts: Totals[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL(import.meta.url), { workerData: codes })
    const next = () => {
      const rowGroup = waiting.shift()
      if (rowGroup !== undefined) return thread.postMessage(rowGroup)
      thread.unref()
      resolve()
    }
    thread.on('error', reject)
    thread.on('message', (part: Totals) => {
      parts.push(part)
      next()
    })
    next()
  })
}
