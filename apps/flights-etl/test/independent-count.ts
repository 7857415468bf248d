// Counts the flights again, slowly and in another way: row objects, a Map for everything, none of the app's modules.
// `node apps/flights-etl/test/independent-count.ts` prints the figures which the tests expect of the app.

import { readFile } from 'node:fs/promises'
import { zstdDecompressSync } from 'node:zlib'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import papa from 'papaparse'
import { realAirports, realFlights } from './fixtures.ts'

interface Flight {
  date: Date
  delay: bigint
  distance: bigint
  origin: string
  destination: string
}

const names = new Map(
  papa
    .parse<{ iata: string; name: string }>(await readFile(realAirports, 'utf8'), { header: true })
    .data.map(({ iata, name }) => [iata, name]),
)
const file = await asyncBufferFromFile(realFlights)
const metadata = await parquetMetadataAsync(file)
const departures = new Map<string, { flights: number; delay: number }>()
const routes = new Set<string>()
const days = new Set<string>()
const hours = Array.from({ length: 24 }, () => 0)
let rows = 0
let delays = 0
let miles = 0
let delayedOver15 = 0
for (const { num_rows } of metadata.row_groups) {
  const range = { rowStart: rows, rowEnd: rows + Number(num_rows) }
  const flights = await parquetReadObjects({
    file,
    metadata,
    compressors: { ZSTD: (bytes) => zstdDecompressSync(bytes) },
    ...range,
  })
  for (const { date, delay, distance, origin, destination } of flights as unknown as Flight[]) {
    rows++
    delays += Number(delay)
    miles += Number(distance)
    if (delay > 15n) delayedOver15++
    const from = departures.get(origin) ?? { flights: 0, delay: 0 }
    departures.set(origin, { flights: from.flights + 1, delay: from.delay + Number(delay) })
    routes.add(`${origin}-${destination}`)
    days.add(date.toISOString().slice(0, 10))
    hours[date.getUTCHours()]! += 1
  }
}
const busiest = [...departures]
  .sort(([, a], [, b]) => b.flights - a.flights)
  .slice(0, 5)
  .map(([iata, { flights, delay }]) => ({ iata, name: names.get(iata), flights, meanDelayMinutes: delay / flights }))
const totals = { rows, meanDelayMinutes: delays / rows, delayedOver15, busiest, days: days.size }
console.log(JSON.stringify({ ...totals, miles, origins: departures.size, routes: routes.size, hours }, null, 2))
