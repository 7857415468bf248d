import { describe, expect, it } from 'vitest'
import { Seats } from '../src/seats.ts'

interface Cell {
  readonly name: string
}

const row = { kind: 'stream', id: 'a', cursor: 0, startedAt: 0, at: 0 } as const

describe('seats', () => {
  it('are one for each id, and are found as long as anything is in them', () => {
    const seats = new Seats<Cell>()
    const seat = seats.take('a')
    seat.cell = { name: 'cell' }
    expect(seats.take('a')).toBe(seat)
    seat.row = row
    expect([[...seats.rows()], [...seats.cells()]]).toEqual([[row], [{ name: 'cell' }]])
    seat.cell = undefined
    seats.left('a', seat)
    expect(seats.get('a')).toBe(seat)
    expect([[...seats.rows()], [...seats.cells()]]).toEqual([[row], []])
    seat.row = undefined
    seats.left('a', seat)
    expect(seats.get('a')).toBeUndefined()
  })

  it('are not given up while they are held, and then only where nothing has come to be in them', () => {
    const seats = new Seats<Cell>()
    const [used, unused] = [seats.make('a'), seats.make('b')]
    seats.hold()
    seats.left('a', used)
    seats.left('b', unused)
    expect([seats.get('a'), seats.get('b')]).toEqual([used, unused])
    used.row = row
    seats.free()
    expect([seats.get('a'), seats.get('b')]).toEqual([used, undefined])
  })
})
