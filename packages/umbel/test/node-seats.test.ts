import type { Row, Seat } from '@umbel/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { task } from '../../../test/conformance/store-rows.ts'
import { NodeSeats } from '../src/node-seats.ts'

const seatOf = (row?: Row): Seat => ({ row, next: undefined })

describe('an id', () => {
  const seats = new NodeSeats<Seat>()

  it.each(['w/0', 'w/7', 'w/10', 'w/1999999', 'a/b.r1/3', 'w/1.r1/0'])('%s is that of a node', (id) => {
    expect(seats.reads(id)).toBe(true)
  })

  it.each([
    '',
    '/',
    '5',
    '/5',
    'w',
    'w/',
    'w7',
    'w/07',
    'w/00',
    'w/1.l0',
    'w/-1',
    'w/1e3',
    'w/ 1',
    '/stream/a/1',
    '/key/t/5',
    'w/10000000',
    'w/12345678',
  ])('%s is that of none', (id) => {
    expect(seats.reads(id)).toBe(false)
  })
})

/** One thing that is done to seats. */
interface Act {
  readonly kind: 'take' | 'leave' | 'fill' | 'sweep'
  readonly workflow: string
  readonly node: number
}

const act: fc.Arbitrary<Act> = fc.record({
  kind: fc.constantFrom('take', 'take', 'leave', 'fill', 'sweep'),
  workflow: fc.constantFrom('a', 'xa', 'ya', 'a/1.r1', '0OHmaXB0K1abcdefghijkl', '0OHmaXB0K2abcdefghijkl'),
  node: fc.oneof(fc.nat(3), fc.nat(12), fc.nat(3_000)),
})

describe('seats of nodes', () => {
  it('are those that a map has that was told the same, in whatever order nodes and workflows come', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 80 }), (acts) => {
        const seats = new NodeSeats<Seat>()
        const map = new Map<string, Seat>()
        const find = (id: string): Seat | undefined => (seats.reads(id) ? seats.get(id) : undefined)
        for (const { kind, workflow, node } of acts) {
          // put together anew each time: an id that is equal need not be the same text
          const id = [workflow, node].join('/')
          const known = map.get(id)
          if (kind === 'sweep') {
            seats.sweep(workflow, ({ row }) => row === undefined)
            for (const [other, seat] of map)
              if (other.replace(/\/\d+$/, '') === workflow && seat.row === undefined) map.delete(other)
          } else if (kind === 'leave') {
            if (seats.reads(id)) seats.delete(id)
            map.delete(id)
          } else if (known === undefined) {
            const seat = seatOf()
            if (seats.reads(id)) seats.put(id, seat)
            map.set(id, seat)
          } else if (kind === 'fill') known.row = { ...task(id), workflow, node } as Row
          expect(find(id)).toBe(map.get(id))
          expect(seats.of(workflow, node)).toBe(map.get(id))
        }
        for (const [id, seat] of map) expect(find(id)).toBe(seat)
        expect(new Set(seats.values())).toEqual(new Set(map.values()))
        expect([...seats.values()]).toHaveLength(map.size)
        expect(seats.isEmpty).toBe(map.size === 0)
      }),
      { numRuns: 500 },
    )
  })

  it('are of no list once none is left, so that nothing is kept of a workflow that is over', () => {
    const seats = new NodeSeats<Seat>()
    for (const id of ['w/0', 'w/1', 'v/0']) if (seats.reads(id)) seats.put(id, seatOf())
    const of = (workflow: string): Seat[] => {
      const found: Seat[] = []
      seats.eachOf(workflow, (seat) => found.push(seat))
      return found
    }
    expect(of('w')).toHaveLength(2)
    seats.sweep('w', () => true)
    for (const id of ['v/0', 'v/0', 'w/1']) if (seats.reads(id)) seats.delete(id)
    expect([of('w'), of('v'), [...seats.values()]]).toEqual([[], [], []])
  })

  it('are found that come while all are gone through, and not those that have left', () => {
    const seats = new NodeSeats<Seat>()
    const put = (id: string): void => {
      if (seats.reads(id)) seats.put(id, seatOf({ ...task(id) } as Row))
    }
    for (let node = 0; node < 3; node += 1) put(`w/${node}`)
    const seen: (string | undefined)[] = []
    for (const { row } of seats.values()) {
      seen.push(row?.id)
      if (row?.id === 'w/0') {
        if (seats.reads('w/1')) seats.delete('w/1')
        put('w/900')
      }
    }
    expect(seen).toEqual(['w/0', 'w/2', 'w/900'])
  })
})
