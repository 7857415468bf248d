import type { Row, Seat } from '@umbel/core'
import { expect, test } from 'vitest'
import { task } from '../../../test/conformance/store-rows.ts'
import { CommandRows } from '../src/command-rows.ts'

const rows = Array.from({ length: 20 }, (_, n) => task(`t${n}`))
const seats: Seat[] = rows.map((row) => ({ row, next: undefined }))
const elsewhere = { ...task('elsewhere'), id: 'elsewhere' } as Row
const rowOf = (id: string): Row | undefined => (id === 'elsewhere' ? elsewhere : rows.find((row) => row.id === id))

test('each row is found, in whatever order it is asked for, and its seat where it is near', () => {
  const found = new CommandRows({ rows, seats }, rowOf)
  for (const at of [0, 0, 2, 3, 19, 4, 1, 5]) expect(found.row(`t${at}`)).toBe(rows[at])
  expect([found.row('elsewhere'), found.row('nowhere')]).toEqual([elsewhere, undefined])
  expect([found.seat('t6'), found.seat('t19'), found.seat('elsewhere')]).toEqual([seats[6], undefined, undefined])
})

test('a seat that was given up since is not given, and without seats there are none', () => {
  const empty: Seat = { row: undefined, next: undefined }
  const found = new CommandRows({ rows, seats: [empty, ...seats.slice(1)] }, rowOf)
  expect([found.seat('t0'), found.seat('t1')]).toEqual([undefined, seats[1]])
  expect(found.row('t1')).toBe(rows[1])
  const plain = new CommandRows({ rows, seats: undefined }, rowOf)
  expect([plain.seat('t0'), plain.row('t0')]).toEqual([undefined, rows[0]])
})
