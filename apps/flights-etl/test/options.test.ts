import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { readOptions, UsageError } from '../src/options.ts'
import { realAirports, realFlights } from './fixtures.ts'

test('without options, the real flights are counted into ./out on all cores', () => {
  expect(readOptions([])).toEqual({
    input: realFlights,
    airports: realAirports,
    output: resolve('out'),
    threads: availableParallelism(),
    store: undefined,
    json: false,
  })
})

test('every option is taken', () => {
  const line = [
    '--input',
    '/a.parquet',
    '--airports=/b.csv',
    '--output',
    '/c',
    '--threads',
    '3',
    '--json',
    '--store',
    '/d.db',
  ]
  expect(readOptions(line)).toEqual({
    input: '/a.parquet',
    airports: '/b.csv',
    output: '/c',
    threads: 3,
    store: '/d.db',
    json: true,
  })
})

test('help is help, whatever else there is', () => {
  expect(readOptions(['--help'])).toBe('help')
  expect(readOptions(['-h', '--json'])).toBe('help')
})

test.each([
  [['--outptu', 'x'], '--outptu'],
  [['flights.parquet'], 'flights.parquet'],
  [['--input'], '--input'],
  [['--json=yes'], '--json'],
  [['--threads', '0'], '--threads takes a whole number from 1 to 64, not "0"'],
  [['--threads', '2.5'], 'not "2.5"'],
  [['--threads', '65'], 'not "65"'],
  [['--threads', 'two'], 'not "two"'],
])('%j is refused', (line, says) => {
  expect(() => readOptions(line)).toThrow(UsageError)
  expect(() => readOptions(line)).toThrow(says)
})
