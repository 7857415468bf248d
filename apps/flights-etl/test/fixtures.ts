import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parquetWriteFile } from 'hyparquet-writer'

/** The real data: three million flights and the airports of the United States. */
export const realFlights = dataset('flights-3m.parquet')
export const realAirports = dataset('airports.csv')

/** A flight as a row; null where a test wants a value missing. */
export interface Row {
  date: Date | null
  delay: bigint | null
  distance: bigint | null
  origin: string | null
  destination: string | null
}

/** A flight that is as it should be, but for what a test changes. */
export function row(change: Partial<Row> = {}): Row {
  const date = new Date('2001-03-05T07:45:00Z')
  return { date, delay: 12n, distance: 606n, origin: 'ATL', destination: 'ORD', ...change }
}

/** Make an empty folder. */
export function emptyFolder(): string {
  return mkdtempSync(join(tmpdir(), 'flights-etl-'))
}

/** Write rows as a flights file with row groups of the given size; gives its path. */
export function flightsFile(rows: readonly Row[], rowGroupSize = 1000): string {
  const filename = join(emptyFolder(), 'flights.parquet')
  const column = <Name extends keyof Row>(name: Name) => rows.map((one) => one[name])
  parquetWriteFile({
    filename,
    rowGroupSize,
    columnData: [
      { name: 'date', data: column('date'), type: 'TIMESTAMP' },
      { name: 'delay', data: column('delay'), type: 'INT64' },
      { name: 'distance', data: column('distance'), type: 'INT64' },
      { name: 'origin', data: column('origin'), type: 'STRING' },
      { name: 'destination', data: column('destination'), type: 'STRING' },
    ],
  })
  return filename
}

/** Write a file of this text or these bytes; gives its path. */
export function fileOf(name: string, content: string | Uint8Array): string {
  const path = join(emptyFolder(), name)
  writeFileSync(path, content)
  return path
}

/** A small list of airports. */
export const airportsText = `iata,name,city,state,country,latitude,longitude
ATL,William B Hartsfield-Atlanta Intl,Atlanta,GA,USA,33.64044444,-84.42694444
ORD,Chicago O'Hare International,Chicago,IL,USA,41.979595,-87.90446417
CLD,MC Clellan-Palomar Airport,NA,NA,USA,33.127231,-117.278727
BTR,"Baton Rouge Metropolitan, Ryan",Baton Rouge,LA,USA,30.53316083,-91.14963444
`

function dataset(name: string): string {
  return fileURLToPath(new URL(`../data/${name}`, import.meta.resolve('vega-datasets')))
}
