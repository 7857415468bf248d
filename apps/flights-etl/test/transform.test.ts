import { describe, expect, test } from 'vitest'
import { mergeTotals, routeOf } from '../src/aggregate.ts'
import { readRowGroup } from '../src/flights.ts'
import { countFlights, joinAirports, validateFlights, validateRoutes } from '../src/transform.ts'
import { flightsFile, type Row, row } from './fixtures.ts'

const airports = ['CLD', 'ORD', 'ATL']
const columnsOf = (...rows: Row[]) => readRowGroup(flightsFile(rows), 0)

async function totalsOf(...rows: Row[]) {
  const flights = await columnsOf(...rows)
  return countFlights(flights, joinAirports(flights, airports))
}

describe('validation', () => {
  test.each<[string, Partial<Row>]>([
    ['departure 1986-12-31 23:59 cannot be', { date: new Date('1986-12-31T23:59:00Z') }],
    ['departure 2100-01-01 00:00 cannot be', { date: new Date('2100-01-01T00:00:00Z') }],
    ['delay of -1441 minutes cannot be', { delay: -1_441n }],
    ['delay of 10081 minutes cannot be', { delay: 10_081n }],
    ['distance of 0 miles cannot be', { distance: 0n }],
    ['distance of 12451 miles cannot be', { distance: 12_451n }],
  ])('%s: the error says where', async (problem, change) => {
    const flights = await columnsOf(row(), row(), row(change))
    expect(() => validateFlights(flights)).toThrow(
      `flights.parquet: row group 0, row 2 (row 2 of the file): ${problem}`,
    )
  })

  test('what is at the limits can be', async () => {
    const flights = await columnsOf(row({ delay: -1_440n, distance: 1n }), row({ delay: 10_080n, distance: 12_450n }))
    expect(() => validateFlights(flights)).not.toThrow()
  })

  test('an airport that is not in the list is refused, and says where', async () => {
    const flights = await columnsOf(row(), row({ destination: 'XYZ' }))
    expect(() => joinAirports(flights, airports)).toThrow('row 1 (row 1 of the file): destination "XYZ" is no airport')
  })

  test('a flight from an airport to itself is refused', async () => {
    const flights = await columnsOf(row(), row({ destination: 'ATL' }))
    expect(() => validateRoutes(flights)).toThrow('row 1 (row 1 of the file): origin and destination are both "ATL"')
  })

  test('two distances between the same airports are refused', async () => {
    const flights = await columnsOf(row(), row({ distance: 607n }))
    expect(() => validateRoutes(flights)).toThrow('distance of 607 miles from "ATL" to "ORD" was 606 before')
  })
})

describe('counts', () => {
  test('flights are counted by route and by hour, late ones apart', async () => {
    const back = { origin: 'ORD', destination: 'ATL' }
    const { routes, hours } = await totalsOf(
      row({ delay: 15n }),
      row({ delay: 16n }),
      row({ delay: -5n, date: new Date('2001-03-05T08:00:00Z'), ...back }),
    )
    expect(Array.from(routes.keys, (key) => routeOf(key))).toEqual([
      { origin: 1, destination: 2 },
      { origin: 2, destination: 1 },
    ])
    expect([...routes.flights]).toEqual([1, 2])
    expect([...routes.delay]).toEqual([-5, 31])
    expect([...routes.late]).toEqual([0, 1])
    expect([...routes.miles]).toEqual([606, 1212])
    expect(Array.from(hours.keys, (key) => new Date(key * 3_600_000).toISOString())).toEqual([
      '2001-03-05T07:00:00.000Z',
      '2001-03-05T08:00:00.000Z',
    ])
    expect([...hours.flights]).toEqual([2, 1])
  })

  test('merged, they are the same in whichever order and parts they come', async () => {
    const rows = Array.from({ length: 40 }, (_, i) =>
      row({
        delay: BigInt(i),
        date: new Date(Date.UTC(2001, 2, 5, i % 7)),
        ...(i % 3 === 0 ? { origin: 'ORD', destination: 'ATL' } : {}),
      }),
    )
    const parts = await Promise.all([totalsOf(...rows.slice(0, 11)), totalsOf(...rows.slice(11))])
    const whole = await totalsOf(...rows)
    expect(mergeTotals(parts)).toEqual(whole)
    expect(mergeTotals(parts.toReversed())).toEqual(whole)
  })
})
