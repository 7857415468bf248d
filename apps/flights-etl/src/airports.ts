// Extract: the airports the flights are joined with.
import { readFile } from 'node:fs/promises'
import papa from 'papaparse'
import { type InputError, inputError, whyNot } from './input-error.ts'

/** An airport as airports.csv describes it. Some have no city and state there (`NA`): that is allowed, and null here. */
export interface Airport {
  readonly iata: string
  readonly name: string
  readonly city: string | null
  readonly state: string | null
  readonly country: string
  readonly latitude: number
  readonly longitude: number
}

const columns = ['iata', 'name', 'city', 'state', 'country', 'latitude', 'longitude'] as const
type Row = Readonly<Record<(typeof columns)[number], string>>

/**
 * Read all airports of a CSV file. Throws InputError, with the airport's number in it, when the file is missing, cut off or malformed,
 * when a code, name or place is missing or makes no sense, and when a code comes twice.
 */
export async function readAirports(path: string): Promise<Airport[]> {
  const airports = new Map<string, Airport>()
  for (const [index, row] of parseRows(path, await readText(path)).entries()) {
    const refuse = (problem: string) => inputError(path, `airport ${index + 1}: ${problem}`)
    const airport = toAirport(row, refuse)
    if (airports.has(airport.iata)) throw refuse(`"${airport.iata}" was already described`)
    airports.set(airport.iata, airport)
  }
  if (airports.size === 0) throw inputError(path, 'describes no airports')
  return [...airports.values()]
}

async function readText(path: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path))
  } catch (error) {
    const problem = error instanceof TypeError ? 'is not UTF-8 text' : whyNot(error)
    throw inputError(path, problem, error)
  }
}

function parseRows(path: string, text: string): Row[] {
  const { data, errors, meta } = papa.parse<Row>(text, { delimiter: ',', header: true, skipEmptyLines: true })
  const missing = columns.filter((column) => !meta.fields?.includes(column))
  if (missing.length > 0) throw inputError(path, `has no column "${missing.join('", "')}"`)
  const [error] = errors
  if (error) throw inputError(path, `airport ${(error.row ?? 0) + 1}: ${error.message}`)
  return data
}

function toAirport(row: Row, refuse: (problem: string) => InputError): Airport {
  const { iata, name, country } = row
  if (!/^[A-Z0-9]{3,4}$/.test(iata)) throw refuse(`"${iata}" is no airport code`)
  if (name === '') throw refuse(`"${iata}" has no name`)
  const degrees = (column: 'latitude' | 'longitude', most: number): number => {
    const value = row[column].trim() === '' ? Number.NaN : Number(row[column])
    if (!(Math.abs(value) <= most)) throw refuse(`"${iata}" has "${row[column]}" for ${column}`)
    return value
  }
  return {
    iata,
    name,
    city: known(row.city),
    state: known(row.state),
    country,
    latitude: degrees('latitude', 90),
    longitude: degrees('longitude', 180),
  }
}

function known(text: string): string | null {
  return text === '' || text === 'NA' ? null : text
}
