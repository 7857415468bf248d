import { describe, expect, test } from 'vitest'
import { readAirports } from '../src/airports.ts'
import { InputError } from '../src/input-error.ts'
import { airportsText, emptyFolder, fileOf, realAirports } from './fixtures.ts'

const refusal = (text: string | Uint8Array) => readAirports(fileOf('airports.csv', text)).catch((error: Error) => error)

describe('airports', () => {
  test('all airports of the real file are read', async () => {
    const airports = await readAirports(realAirports)
    expect(airports).toHaveLength(3376)
    expect(airports.find(({ iata }) => iata === 'BTR')).toEqual({
      iata: 'BTR',
      name: 'Baton Rouge Metropolitan, Ryan',
      city: 'Baton Rouge',
      state: 'LA',
      country: 'USA',
      latitude: 30.53316083,
      longitude: -91.14963444,
    })
  })

  test('a city or state that is NA is missing, not called NA', async () => {
    const airports = await readAirports(fileOf('airports.csv', airportsText))
    expect(airports.find(({ iata }) => iata === 'CLD')).toMatchObject({ city: null, state: null })
  })

  test.each([
    ['no airports', 'iata,name,city,state,country,latitude,longitude\n', 'describes no airports'],
    ['an empty file', '', 'has no column "iata", "name"'],
    ['another header', 'code,name\nATL,Atlanta\n', 'has no column "iata", "city"'],
    ['a file cut off within a row', airportsText.slice(0, 130), 'airport 2: Too few fields'],
    ['a row with too many fields', airportsText.replace('Atlanta,GA', 'Atlanta,GA,'), 'airport 1: Too many fields'],
    ['a quote that is not closed', airportsText.replace('"Baton', 'x"\n"Baton'), 'airport'],
    ['a code that is none', airportsText.replace('ORD', 'O-D'), 'airport 2: "O-D" is no airport code'],
    ['a code that comes twice', airportsText.replace('ORD', 'ATL'), 'airport 2: "ATL" was already described'],
    ['a missing name', airportsText.replace('MC Clellan-Palomar Airport', ''), 'airport 3: "CLD" has no name'],
    ['a latitude in words', airportsText.replace('41.979595', 'north'), 'airport 2: "ORD" has "north" for latitude'],
    ['a missing longitude', airportsText.replace('-87.90446417', ''), 'airport 2: "ORD" has "" for longitude'],
    ['a place not on Earth', airportsText.replace('41.979595', '141.979595'), 'has "141.979595" for latitude'],
    ['bytes that are no text', new Uint8Array([0x69, 0xff, 0xfe, 0x00]), 'is not UTF-8 text'],
  ])('%s is refused', async (_, text, says) => {
    const error = await refusal(text)
    expect(error).toBeInstanceOf(InputError)
    expect((error as Error).message).toContain(`airports.csv: `)
    expect((error as Error).message).toContain(says)
  })

  test('a file that is not there is refused', async () => {
    await expect(readAirports('/nowhere/airports.csv')).rejects.toThrow('airports.csv: no such file')
    await expect(readAirports(emptyFolder())).rejects.toThrow('is a folder, not a file')
  })
})
