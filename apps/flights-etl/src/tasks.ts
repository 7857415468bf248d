import { rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { defineTasks, task } from 'umbel/tasks'
import { mergeTotals, type Totals } from './aggregate.ts'
import type { Airport } from './airports.ts'
import { writeDatabase } from './database.ts'
import { type FlightColumns, readRowGroup } from './flights.ts'
import { InputError } from './input-error.ts'
import { renderReport } from './report.ts'
import { readSummary, type Summary } from './summary.ts'
import { countFlights, joinAirports, validateFlights, validateRoutes } from './transform.ts'

/** The tasks of the app: each is a few lines over a module that knows nothing of tasks. Threads import this file. */
export const flights = defineTasks(
  import.meta,
  'flights',
  {
    /** Read one row group of the flights file into typed columns. */
    extract: task(
      (ctx, input: string, rowGroup: number): Promise<FlightColumns> =>
        readRowGroup(input, rowGroup, { signal: ctx.signal, onColumn: (done, total) => ctx.progress(done, total) }),
      // nobody here looks at the columns again: they go over as they are
      { movesResult: true },
    ),

    /** Check a row group's flights, join them with the airports, and count them. */
    transform: task(
      (ctx, columns: FlightColumns, airports: readonly string[]): Totals => {
        ctx.setState('VALIDATING', { flights: columns.delay.length })
        validateFlights(columns)
        const joined = joinAirports(columns, airports)
        validateRoutes(columns)
        ctx.progress(1, 2)
        ctx.setState('PROCESSING', { flights: columns.delay.length })
        return countFlights(columns, joined)
      },
      // before row groups that wait to be read: so only a few are in memory at once
      { states: ['VALIDATING', 'PROCESSING'], priority: 6 },
    ),

    /** Make the counts of all row groups one. */
    aggregate: task(
      (ctx, parts: readonly Totals[]): Totals => {
        ctx.setState('PROCESSING', { parts: parts.length })
        return mergeTotals(parts)
      },
      { states: ['PROCESSING'] },
    ),

    /** Write the counts into a new SQLite file, and give its path. */
    load: task(
      (ctx, totals: Totals, airports: readonly Airport[], database: string): string => {
        ctx.setState('LOADING', { database })
        // an attempt that was cut off has left half of one
        rmSync(database, { force: true })
        writeDatabase(database, totals, airports, {
          signal: ctx.signal,
          onRows: (done, total) => ctx.progress(done, total),
        })
        return database
      },
      { states: ['LOADING'] },
    ),

    /** Draw the report from the database, and give the summary. */
    report: task(
      async (ctx, path: string, page: string, source: string): Promise<Summary> => {
        ctx.setState('REPORTING', { page })
        const database = new DatabaseSync(path, { readOnly: true })
        try {
          await writeFile(page, renderReport(database, source))
          return readSummary(database)
        } finally {
          database.close()
        }
      },
      { states: ['REPORTING'] },
    ),
  },
  { errors: [InputError] },
)

export const { extract, transform, aggregate, load, report } = flights
