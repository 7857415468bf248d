import { describe, expect, it } from 'vitest'
import { EngineRows } from '../src/engine-rows.ts'
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

  it('that were given up are looked for again by whoever had found them', () => {
    const seats = new Seats<Cell>()
    const rows = new EngineRows(seats)
    const found = seats.take('a')
    expect([rows.seat('a', found), rows.seat('b', undefined)]).toEqual([found, undefined]) // it is empty, and there all the same
    found.cell = { name: 'cell' }
    expect(rows.seat('a', found)).toBe(found)
    found.cell = undefined
    seats.left('a', found)
    expect(rows.seat('a', found)).toBeUndefined()
    const other = seats.take('a')
    other.row = row
    expect(rows.seat('a', found)).toBe(other)
  })

  it('of nodes are found by their ids and by their numbers, and given up with their workflow, but for those that somebody still has a cell in', () => {
    const seats = new Seats<Cell>()
    for (const id of ['w', 'w/0', 'w/1', 'w/2', 'v/1']) seats.take(id).row = { ...row, id }
    expect(seats.node('w', 1)).toBe(seats.get('w/1'))
    expect([...seats.rows()].map(({ id }) => id).sort()).toEqual(['v/1', 'w', 'w/0', 'w/1', 'w/2'])
    const awaited = seats.take('w/1')
    awaited.cell = { name: 'cell' }
    seats.dropNodes('w')
    expect(['w/0', 'w/1', 'w/2'].map((id) => seats.get(id))).toEqual([undefined, awaited, undefined])
    expect([awaited.row, seats.get('w')?.row?.id, seats.get('v/1')?.row?.id]).toEqual([undefined, 'w', 'v/1'])
    awaited.cell = undefined
    seats.left('w/1', awaited)
    expect([seats.get('w/1'), seats.node('w', 1), [...seats.cells()]]).toEqual([undefined, undefined, []])
    seats.dropNodes('w') // of nothing
    seats.dropNodes('unknown')
  })

  it('of nodes stay while they are held, though their workflow is over, and then only where something has come to be in them', () => {
    const seats = new Seats<Cell>()
    for (const id of ['w/0', 'w/1']) seats.take(id).row = { ...row, id }
    const [first, second] = [seats.take('w/0'), seats.take('w/1')]
    seats.hold()
    seats.dropNodes('w')
    expect([seats.get('w/0'), seats.get('w/1'), first.row]).toEqual([first, second, undefined])
    second.row = row
    seats.free()
    expect([seats.get('w/0'), seats.get('w/1')]).toEqual([undefined, second])
  })
})
