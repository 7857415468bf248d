import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { beforeAll, describe, expect, test } from 'vitest'
import { mergeTotals } from '../src/aggregate.ts'
import { readAirports } from '../src/airports.ts'
import { writeDatabase } from '../src/database.ts'
import { inspectFlights, readRowGroup } from '../src/flights.ts'
import { renderReport } from '../src/report.ts'
import { formatSummary, readSummary } from '../src/summary.ts'
import { countFlights, joinAirports, validateFlights, validateRoutes } from '../src/transform.ts'
import { emptyFolder, realAirports, realFlights } from './fixtures.ts'
import { realFigures } from './real-figures.ts'

let database: DatabaseSync
let progress: string[]

beforeAll(async () => {
  const airports = await readAirports(realAirports)
  const codes = airports.map(({ iata }) => iata)
  const parts = []
  for (const rowGroup of (await inspectFlights(realFlights)).rowGroups.keys()) {
    const flights = await readRowGroup(realFlights, rowGroup)
    validateFlights(flights)
    const joined = joinAirports(flights, codes)
    validateRoutes(flights)
    parts.push(countFlights(flights, joined))
  }
  const path = join(emptyFolder(), 'flights.db')
  progress = []
  writeDatabase(path, mergeTotals(parts), airports, { onRows: (done, total) => progress.push(`${done}/${total}`) })
  database = new DatabaseSync(path, { readOnly: true })
  return () => database.close()
})

const all = (query: string) => database.prepare(query).all()

describe('the database of the real flights', () => {
  test('holds what an independent count finds', () => {
    const { busiest, ...totals } = readSummary(database)
    const { busiest: expected, ...expectedTotals } = realFigures
    expect(totals).toEqual(expectedTotals)
    expect(busiest.map(({ iata, name, flights }) => ({ iata, name, flights }))).toEqual(
      expected.map(({ iata, name, flights }) => ({ iata, name, flights })),
    )
    for (const [i, { meanDelayMinutes }] of busiest.entries())
      expect(meanDelayMinutes).toBeCloseTo(expected[i]!.meanDelayMinutes, 9)
  })

  test('has every flight in each of its tables', () => {
    const [sums] = all(`SELECT (SELECT sum(departures) FROM flights_by_airport) AS departures,
      (SELECT sum(arrivals) FROM flights_by_airport) AS arrivals, (SELECT sum(flights) FROM flights_by_hour) AS hours,
      (SELECT sum(flights) FROM flights_by_route) AS routes, (SELECT count(*) FROM flights_by_airport) AS airports,
      (SELECT count(*) FROM flights_by_route) AS pairs, (SELECT sum(miles) FROM flights_by_route) AS miles`)
    expect(sums).toEqual({
      departures: 3_000_000,
      arrivals: 3_000_000,
      hours: 3_000_000,
      routes: 3_000_000,
      airports: 229,
      pairs: 3_399,
      miles: 2_194_861_208,
    })
  })

  test('is sound, and looks up by its indexes', () => {
    expect(all('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
    expect(all('PRAGMA foreign_key_check')).toEqual([])
    const plan = (query: string) => String(all(`EXPLAIN QUERY PLAN ${query}`)[0]?.detail)
    expect(plan("SELECT * FROM flights_by_route WHERE destination = 'ORD'")).toContain('routes_by_destination')
    expect(plan('SELECT * FROM flights_by_hour WHERE hour = 7')).toContain('hours_by_hour')
    expect(plan('SELECT * FROM flights_by_route ORDER BY flights DESC LIMIT 5')).toContain('routes_by_flights')
    expect(plan('SELECT * FROM flights_by_airport ORDER BY departures DESC LIMIT 5')).toContain(
      'airports_by_departures',
    )
  })

  test('was written with progress to the last row', () => {
    const rows = 229 + 4_282 + 3_399
    expect(progress.at(-1)).toBe(`${rows}/${rows}`)
  })

  test('is said in a few lines', () => {
    const said = formatSummary(readSummary(database))
    expect(said).toContain('3,000,000 flights on 182 days, 6.7 minutes late on average')
    expect(said).toContain("ORD  Chicago O'Hare International        166,341 flights, 9.3 min late")
  })
})

describe('the report of the real flights', () => {
  test('is one page with its charts inside and nothing from elsewhere', () => {
    const page = renderReport(database, 'flights-3m.parquet')
    expect(page).toMatch(/^<!doctype html>/)
    expect(page.match(/<svg /g)).toHaveLength(8)
    expect(page).not.toMatch(/<script|https?:|<link|@import|url\(|src=/)
    expect(page).not.toMatch(/NaN|undefined|Infinity/)
    for (const title of ['Delay by hour of departure', 'The busiest airports', 'Delay by weekday', 'Delay day by day'])
      expect(page).toContain(`<h2>${title}</h2>`)
    expect(page).toContain('Chicago O&#39;Hare International')
  })

  test('calls the worst hour one with enough flights', () => {
    const page = renderReport(database, 'flights-3m.parquet')
    expect(page).toContain('Best: 05:00, 3.8 min early. Worst: 23:00, 35.6 min late. Pale: too few flights to compare.')
  })

  test('shows no mark-up that came with the data', () => {
    expect(renderReport(database, '<img onerror=alert(1)>.parquet')).not.toContain('<img')
  })
})
