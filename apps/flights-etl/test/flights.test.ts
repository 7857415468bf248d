import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { inspectFlights, readRowGroup } from '../src/flights.ts'
import { InputError } from '../src/input-error.ts'
import { emptyFolder, fileOf, flightsFile, type Row, realFlights, row } from './fixtures.ts'

const real = readFileSync(realFlights)

describe('the footer', () => {
  test('tells how many flights each row group of the real file holds', async () => {
    const { rows, rowGroups } = await inspectFlights(realFlights)
    expect(rows).toBe(3_000_000)
    expect(rowGroups).toHaveLength(11)
  })

  test.each([
    ['cut off', real.subarray(0, 5_000_000)],
    ['without its last byte', real.subarray(0, -1)],
    ['of another kind', Buffer.from('iata,name\nATL,Atlanta\n')],
    ['empty', Buffer.alloc(0)],
  ])('a file %s is refused', async (_, bytes) => {
    await expect(inspectFlights(fileOf('flights.parquet', bytes))).rejects.toThrow(InputError)
  })

  test('a file that is not there is refused', async () => {
    await expect(inspectFlights('/nowhere/flights.parquet')).rejects.toThrow('flights.parquet: no such file')
    await expect(inspectFlights(emptyFolder())).rejects.toThrow('is a folder, not a file')
  })

  test('a file without flights is refused', async () => {
    await expect(inspectFlights(flightsFile([]))).rejects.toThrow('flights.parquet: holds no flights')
  })
})

describe('a row group', () => {
  test('comes as columns, with its codes apart', async () => {
    const rows = [row(), row({ date: new Date('2001-03-05T08:00:59Z'), delay: -3n, origin: 'ORD', destination: 'ATL' })]
    const flights = await readRowGroup(flightsFile(rows), 0)
    expect(Array.from(flights.departure, (minute) => new Date(minute * 60_000).toISOString())).toEqual([
      '2001-03-05T07:45:00.000Z',
      '2001-03-05T08:00:00.000Z',
    ])
    expect([...flights.delay]).toEqual([12, -3])
    expect([...flights.distance]).toEqual([606, 606])
    expect(Array.from(flights.origin, (code) => flights.codes[code])).toEqual(['ATL', 'ORD'])
    expect(Array.from(flights.destination, (code) => flights.codes[code])).toEqual(['ORD', 'ATL'])
  })

  test('knows where in the file it begins', async () => {
    const flights = await readRowGroup(
      flightsFile(
        Array.from({ length: 250 }, () => row()),
        100,
      ),
      2,
    )
    expect(flights).toMatchObject({ rowGroup: 2, firstRow: 200 })
    expect(flights.delay).toHaveLength(50)
  })

  test('tells after each column how far it is', async () => {
    const told: string[] = []
    await readRowGroup(flightsFile([row()]), 0, { onColumn: (done, total) => told.push(`${done}/${total}`) })
    expect(told).toEqual(['1/5', '2/5', '3/5', '4/5', '5/5'])
  })

  test('is not read on once the signal is aborted', async () => {
    await expect(readRowGroup(realFlights, 0, { signal: AbortSignal.abort() })).rejects.toThrow('aborted')
  })

  test.each<[string, Partial<Row>]>([
    ['date is missing', { date: null }],
    ['delay is missing', { delay: null }],
    ['distance is missing', { distance: null }],
    ['origin is missing', { origin: null }],
    ['destination is missing', { destination: null }],
    ['delay 99999 is out of range', { delay: 99_999n }],
    ['distance -1 is out of range', { distance: -1n }],
  ])('with a row whose %s is refused, and says where', async (problem, change) => {
    const rows = Array.from({ length: 250 }, (_, i) => row(i === 217 ? change : {}))
    await expect(readRowGroup(flightsFile(rows, 100), 2)).rejects.toThrow(
      `flights.parquet: row group 2, row 17 (row 217 of the file): ${problem}`,
    )
  })

  test('that is damaged is refused, and says which it is', async () => {
    const damaged = Buffer.from(real)
    damaged.fill(0xa5, 1_000_000, 1_200_000)
    await expect(readRowGroup(fileOf('flights.parquet', damaged), 0)).rejects.toThrow(/^flights.parquet: row group 0/)
  })
})
