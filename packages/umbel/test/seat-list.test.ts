import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Listed, SeatList, UNLISTED } from '../src/seat-list.ts'
import { OwnSeat, Seats } from '../src/seats.ts'

interface Named extends Listed {
  readonly id: string
}

const idOf = (number: number): string => String(number).padStart(6, '0')
const named = (number: number): Named => ({ id: idOf(number), at: UNLISTED })

/** Add so many, take out some, go through it from here on or be through. */
const operation = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ add: fc.integer({ min: 1, max: 6_000 }), step: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      take: fc.integer({ min: 1, max: 6_000 }),
      from: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ all: true }) },
  { weight: 1, arbitrary: fc.record({ read: fc.boolean() }) },
)

/** A list, and where those go that leave it. */
function opened(): { list: SeatList<Named>; elders: Map<string, Named> } {
  const elders = new Map<string, Named>()
  return { list: new SeatList({ add: (id, seat) => void elders.set(id, seat) }), elders }
}

const idsOf = (seats: Iterable<Named>): string => [...seats].map(({ id }) => id).join(' ')

function makeNew<Cell>(seats: Seats<Cell>, id: string): OwnSeat<Cell> {
  const seat = new OwnSeat<Cell>()
  seats.addNew(id, seat)
  return seat
}

describe('a list of seats', () => {
  it('finds what is in it by its id, and tells all in the order in which they came, whatever comes and goes', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 30 }), (operations) => {
        const { list, elders } = opened()
        const there = new Map<string, Named>()
        const gone: Named[] = []
        let last = 0
        let reader: Generator<Named> | undefined
        const add = (): void => {
          const seat = named(last)
          expect(list.add(seat.id, seat)).toBe(true)
          there.set(seat.id, seat)
        }
        const take = (seat: Named): void => {
          if (seat.at >= 0) list.delete(seat)
          else elders.delete(seat.id)
          there.delete(seat.id)
          gone.push(seat)
        }
        for (const one of operations) {
          if ('add' in one) {
            for (let count = 0; count < one.add; count += 1) {
              last += one.step
              add()
            }
            expect(list.add(idOf(last), named(last))).toBe(false)
          } else if ('read' in one) {
            reader?.return(undefined)
            reader = one.read ? list.values() : undefined
            reader?.next()
          } else {
            const all = [...there.values()]
            const first = 'all' in one ? 0 : Math.floor(one.from * all.length)
            for (const seat of all.slice(first, 'all' in one ? all.length : first + one.take)) take(seat)
          }
          expect(idsOf([...elders.values(), ...list.values()])).toBe(idsOf(there.values()))
          for (const seat of [...there.values()].slice(-3)) expect(list.get(seat.id) ?? elders.get(seat.id)).toBe(seat)
        }
        for (const seat of there.values()) expect(list.get(seat.id)).toBe(seat.at >= 0 ? seat : undefined)
        for (const { id } of gone) expect(list.get(id)).toBeUndefined()
        for (const id of ['', '0', idOf(last + 1), `${idOf(last)}x`, 'z']) expect(list.get(id)).toBeUndefined()
      }),
      { numRuns: 40 },
    )
  })

  it('moves nothing while somebody goes through it and through what others have, who sees each once', () => {
    const { list, elders } = opened()
    const seats = Array.from({ length: 5_000 }, (_, number) => named(number))
    for (const seat of seats) list.add(seat.id, seat)
    const seen: Named[] = []
    for (const seat of list.values(elders.values())) {
      if (seen.length === 100) {
        for (const other of seats.slice(0, 4_000)) list.delete(other)
        for (let number = 5_000; number < 40_000; number += 1) list.add(idOf(number), named(number))
      }
      seen.push(seat)
    }
    const added = Array.from({ length: 35_000 }, (_, number) => named(number + 5_000))
    expect(idsOf(seen)).toBe(idsOf([...seats.slice(0, 101), ...seats.slice(4_000), ...added]))
    expect(elders.size).toBe(0)
  })

  it('has few places, however many there are or were, and those leave that stay', () => {
    const { list, elders } = opened()
    const held = Array.from({ length: 100_000 }, (_, number) => named(number))
    let most = 0
    for (const seat of held) {
      list.add(seat.id, seat)
      most = Math.max(most, seat.at)
    }
    expect(most).toBe(16_383)
    const listed = held.filter(({ at }) => at >= 0)
    expect([listed.length < 16_384, elders.size]).toEqual([true, held.length - listed.length])
    for (const seat of listed.slice(10)) list.delete(seat)
    for (let number = 100_000; number < 400_000; number += 1) {
      const seat = named(number)
      list.add(seat.id, seat)
      most = Math.max(most, seat.at)
      list.delete(seat)
    }
    expect([most, listed.slice(0, 10).map(({ at }) => at)]).toEqual([16_383, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]])
    // while somebody goes through it there may be more, who leave once that is over
    const reader = list.values()
    reader.next()
    for (let number = 400_000; number < 440_000; number += 1) list.add(idOf(number), named(number))
    reader.return(undefined)
    const all = [...list.values()]
    expect(all).toHaveLength(40_010)
    for (let number = 440_000; elders.size < 100_000; number += 1) list.add(idOf(number), named(number))
    expect([...list.values()].length).toBeLessThan(2)
  })

  it('gives back what it had room for while somebody went through it, also where it is empty now and then', () => {
    const { list, elders } = opened()
    const add = (from: number, count: number): Named[] =>
      Array.from({ length: count }, (_, number) => {
        const seat = named(from + number)
        list.add(seat.id, seat)
        return seat
      })
    const first = add(0, 1)
    const reader = list.values()
    reader.next()
    const many = add(1, 50_000)
    reader.return(undefined)
    for (const seat of [...first, ...many]) list.delete(seat)
    const stay = add(60_000, 16_385)
    expect([elders.size, stay.at(-1)?.at]).toEqual([16_384, 0])
  })

  it('takes out nothing twice: by then the id may be somebody else’s', () => {
    const seats = new Seats<string>()
    const first = makeNew(seats, 'b')
    seats.left('b', first)
    const second = seats.take('b')
    second.cell = 'here'
    seats.left('b', first)
    expect(seats.get('b')).toBe(second)
    // one that has waited until it was sent
    const late = makeNew(seats, 'a')
    late.cell = 'late'
    const later = makeNew(seats, 'c')
    later.cell = 'later'
    expect([seats.get('a'), seats.get('c'), [...seats.cells()]]).toEqual([late, later, ['later', 'here', 'late']])
    late.cell = undefined
    seats.left('a', late)
    expect(seats.get('a')).toBeUndefined()
  })

  it('are all found, also where they have left their list, and are given up there', () => {
    const seats = new Seats<number>()
    const all = Array.from({ length: 50_000 }, (_, number) => {
      const seat = makeNew(seats, idOf(number))
      seat.cell = number
      return seat
    })
    expect([...seats.cells()].sort((a, b) => a - b)).toEqual(all.map((_, number) => number))
    for (const [number, seat] of all.entries()) {
      if (number % 7 === 0) continue
      seat.cell = undefined
      seats.left(idOf(number), seat)
      seats.left(idOf(number), seat)
    }
    for (const [number, seat] of all.entries())
      expect(seats.get(idOf(number))).toBe(number % 7 === 0 ? seat : undefined)
    expect([...seats.cells()]).toHaveLength(Math.ceil(50_000 / 7))
  })
})
