// Transform: a row group's flights validated, joined with the airports, and counted.
import { type Counts, emptyCounts, lateAfterMinutes, routeKey, type Totals, tallyOf } from './aggregate.ts'
import { type FlightColumns, placeOf } from './flights.ts'
import { type InputError, inputError } from './input-error.ts'

const minutesOf = (date: string) => Date.parse(date) / 60_000

/**
 * What a flight's values may be. The file leaves cancelled flights out, so nothing in it is legitimately missing: a
 * missing value was refused when it was read. What lies outside these limits is a broken row, not a strange flight.
 */
const limits = {
  /** The Bureau of Transportation Statistics has collected these records since 1987. */
  departure: { least: minutesOf('1987-01-01'), most: minutesOf('2100-01-01') - 1 },
  /** Off by more than a day early or a week late, and it is the date that is wrong. The file has -1116 to 1688. */
  delay: { least: -1_440, most: 10_080 },
  /** Half the circumference of the Earth; no two airports are farther apart. */
  distance: { least: 1, most: 12_450 },
} as const

/** Check every flight of a row group; throws InputError that names the first row which cannot be true, and why. */
export function validateFlights(flights: FlightColumns): void {
  for (const column of ['departure', 'delay', 'distance'] as const) {
    const values = flights[column]
    const { least, most } = limits[column]
    for (let row = 0; row < values.length; row++) {
      const value = values[row]!
      if (value < least || value > most) throw badRow(flights, row, `${column} ${shown(column, value)} cannot be`)
    }
  }
}

/**
 * Find each of a row group's codes in the list of all airports, and give their places there.
 * Throws InputError that names the first flight from or to an airport which the list does not have.
 */
export function joinAirports(flights: FlightColumns, airports: readonly string[]): Int32Array {
  const places = new Map(airports.map((code, place) => [code, place]))
  const joined = Int32Array.from(flights.codes, (code) => places.get(code) ?? -1)
  if (!joined.includes(-1)) return joined
  for (let row = 0; row < flights.origin.length; row++) {
    for (const column of ['origin', 'destination'] as const) {
      const code = flights[column][row]!
      if (joined[code] === -1)
        throw badRow(flights, row, `${column} "${flights.codes[code]}" is no airport of the list`)
    }
  }
  return joined
}

/**
 * Check that flights between the same two airports all go the same way. Parquet files carry no checksums here: damage
 * that still decodes shuffles airports and distances, and this is where it shows. Throws InputError that names the row.
 */
export function validateRoutes(flights: FlightColumns): void {
  const { codes, distance, origin, destination } = flights
  const seen = new Uint16Array(codes.length ** 2)
  for (let row = 0; row < distance.length; row++) {
    const [from, to] = [origin[row]!, destination[row]!]
    if (from === to) throw badRow(flights, row, `origin and destination are both "${codes[from]}"`)
    const route = from * codes.length + to
    if (seen[route] === 0) seen[route] = distance[row]!
    if (seen[route] === distance[row]) continue
    const way = `from "${codes[from]}" to "${codes[to]}"`
    throw badRow(flights, row, `distance of ${distance[row]} miles ${way} was ${seen[route]} before`)
  }
}

/** Count a row group's flights by route and by hour; `airports` gives each code's place in the list of all airports. */
export function countFlights(flights: FlightColumns, airports: Int32Array): Totals {
  const { departure, delay, distance, origin, destination } = flights
  const [firstHour, lastHour] = extremes(departure).map(hourOf) as [number, number]
  const routes = emptyCounts(airports.length ** 2)
  const hours = emptyCounts(lastHour - firstHour + 1)
  for (let row = 0; row < delay.length; row++) {
    const late = delay[row]! > lateAfterMinutes ? 1 : 0
    const route = origin[row]! * airports.length + destination[row]!
    addFlight(routes, route, delay[row]!, late, distance[row]!)
    addFlight(hours, hourOf(departure[row]!) - firstHour, delay[row]!, late, distance[row]!)
  }
  const routeOfCell = (cell: number) =>
    routeKey(airports[Math.floor(cell / airports.length)]!, airports[cell % airports.length]!)
  return { routes: tallyOf(routes, routeOfCell), hours: tallyOf(hours, (cell) => firstHour + cell) }
}

function addFlight(counts: Counts, cell: number, delay: number, late: number, miles: number): void {
  counts.flights[cell]! += 1
  counts.delay[cell]! += delay
  counts.late[cell]! += late
  counts.miles[cell]! += miles
}

/** The least and the greatest value; of none, 0 twice. */
function extremes(values: Int32Array): [number, number] {
  let least = values[0] ?? 0
  let most = least
  for (let i = 1; i < values.length; i++) {
    const value = values[i]!
    if (value < least) least = value
    if (value > most) most = value
  }
  return [least, most]
}

function hourOf(minute: number): number {
  return Math.floor(minute / 60)
}

function shown(column: keyof typeof limits, value: number): string {
  if (column === 'departure') return new Date(value * 60_000).toISOString().slice(0, 16).replace('T', ' ')
  return `of ${value} ${column === 'delay' ? 'minutes' : 'miles'}`
}

function badRow(flights: FlightColumns, row: number, problem: string): InputError {
  return inputError(flights.file, `${placeOf(flights, row)}: ${problem}`)
}
