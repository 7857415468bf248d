// Load: the totals as three indexed tables of a SQLite file.
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { routeOf, type Totals } from './aggregate.ts'
import type { Airport } from './airports.ts'

/**
 * Delays are minutes late on arrival, negative when early; `late` counts flights over 15 minutes. A flight belongs to
 * the hour and day it left, by the clock of its origin. Sums are stored, so that any grouping of them stays exact.
 */
const schema = `
  CREATE TABLE flights_by_airport (
    iata TEXT PRIMARY KEY, name TEXT NOT NULL, city TEXT, state TEXT, country TEXT NOT NULL,
    latitude REAL NOT NULL, longitude REAL NOT NULL,
    departures INTEGER NOT NULL, arrivals INTEGER NOT NULL,
    delay_minutes INTEGER NOT NULL, late INTEGER NOT NULL,
    mean_delay_minutes REAL AS (1.0 * delay_minutes / departures)
  ) WITHOUT ROWID;
  CREATE TABLE flights_by_hour (
    day TEXT NOT NULL, hour INTEGER NOT NULL,
    flights INTEGER NOT NULL, delay_minutes INTEGER NOT NULL, late INTEGER NOT NULL,
    mean_delay_minutes REAL AS (1.0 * delay_minutes / flights),
    PRIMARY KEY (day, hour)
  ) WITHOUT ROWID;
  CREATE TABLE flights_by_route (
    origin TEXT NOT NULL REFERENCES flights_by_airport, destination TEXT NOT NULL REFERENCES flights_by_airport,
    flights INTEGER NOT NULL, miles INTEGER NOT NULL, delay_minutes INTEGER NOT NULL, late INTEGER NOT NULL,
    mean_delay_minutes REAL AS (1.0 * delay_minutes / flights),
    PRIMARY KEY (origin, destination)
  ) WITHOUT ROWID;`

const indexes = `
  CREATE INDEX airports_by_departures ON flights_by_airport (departures);
  CREATE INDEX hours_by_hour ON flights_by_hour (hour);
  CREATE INDEX routes_by_destination ON flights_by_route (destination);
  CREATE INDEX routes_by_flights ON flights_by_route (flights);`

/** Options of `writeDatabase`: it looks at `signal`, and tells `onRows` how far it is, every thousand rows or so. */
export interface WriteOptions {
  readonly signal?: AbortSignal
  readonly onRows?: (done: number, total: number) => void
}

/** Make a new SQLite file of the totals; airports without a flight are left out. Throws when the file already exists. */
export function writeDatabase(
  path: string,
  totals: Totals,
  airports: readonly Airport[],
  options: WriteOptions = {},
): void {
  const tables = {
    'flights_by_airport (iata, name, city, state, country, latitude, longitude, departures, arrivals, delay_minutes, late)':
      airportRows(totals, airports),
    'flights_by_hour (day, hour, flights, delay_minutes, late)': hourRows(totals),
    'flights_by_route (origin, destination, flights, miles, delay_minutes, late)': routeRows(totals, airports),
  }
  const total = Object.values(tables).reduce((sum, rows) => sum + rows.length, 0)
  let done = 0
  const database = new DatabaseSync(path)
  try {
    database.exec(`BEGIN; ${schema}`)
    for (const [table, rows] of Object.entries(tables)) {
      const insert = database.prepare(`INSERT INTO ${table} VALUES (${rows[0]?.map(() => '?').join(', ')})`)
      for (const row of rows) {
        insert.run(...row)
        if (++done % 1000 > 0 && done < total) continue
        options.signal?.throwIfAborted()
        options.onRows?.(done, total)
      }
    }
    database.exec(`${indexes} COMMIT`)
  } finally {
    database.close()
  }
}

function airportRows({ routes }: Totals, airports: readonly Airport[]): SQLInputValue[][] {
  const counts = airports.map(() => ({ departures: 0, arrivals: 0, delay: 0, late: 0 }))
  for (const [i, key] of routes.keys.entries()) {
    const { origin, destination } = routeOf(key)
    const from = counts[origin]!
    from.departures += routes.flights[i]!
    from.delay += routes.delay[i]!
    from.late += routes.late[i]!
    counts[destination]!.arrivals += routes.flights[i]!
  }
  return airports.flatMap(({ iata, name, city, state, country, latitude, longitude }, place) => {
    const { departures, arrivals, delay, late } = counts[place]!
    if (departures + arrivals === 0) return []
    return [[iata, name, city, state, country, latitude, longitude, departures, arrivals, delay, late]]
  })
}

function hourRows({ hours }: Totals): SQLInputValue[][] {
  return Array.from(hours.keys, (key, i) => {
    const day = new Date(key * 3_600_000).toISOString().slice(0, 10)
    return [day, key % 24, hours.flights[i]!, hours.delay[i]!, hours.late[i]!]
  })
}

function routeRows({ routes }: Totals, airports: readonly Airport[]): SQLInputValue[][] {
  return Array.from(routes.keys, (key, i) => {
    const { origin, destination } = routeOf(key)
    const ends = [airports[origin]!.iata, airports[destination]!.iata]
    return [...ends, routes.flights[i]!, routes.miles[i]!, routes.delay[i]!, routes.late[i]!]
  })
}
