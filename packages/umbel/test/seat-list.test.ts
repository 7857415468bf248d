import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Listed, SeatList, UNLISTED } from '../src/seat-list.ts'
import { Seats } from '../src/seats.ts'

interface Named extends Listed {
  readonly id: string
}

const idOf = (number: number): string => String(number).padStart(6, '0')
const named = (number: number): Named => ({ id: idOf(number), at: UNLISTED })

/** Add so many, take out some, go through it from here on or be through. */
const operation = fc.oneof(
  { weight: 6, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 900 }), step: fc.integer({ min: 1, max: 3 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({ take: fc.integer({ min: 1, max: 900 }), from: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
  { weight: 1, arbitrary: fc.constant({ all: true }) },
  { weight: 1, arbitrary: fc.record({ read: fc.boolean() }) },
)

describe('a list of seats', () => {
  it('finds what is in it by its id, and tells all in the order in which they came, whatever comes and goes', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
        const list = new SeatList<Named>()
        const there = new Map<string, Named>()
        const gone: Named[] = []
        let last = 0
        let reader: Generator<Named> | undefined
        for (const one of operations) {
          if ('add' in one) {
            for (let count = 0; count < one.add; count += 1) {
              last += one.step
              const seat = named(last)
              expect(list.add(seat.id, seat)).toBe(true)
              there.set(seat.id, seat)
            }
            expect(list.add(idOf(last), named(last))).toBe(false)
          } else if ('read' in one) {
            reader?.return(undefined)
            reader = one.read ? list.values() : undefined
            reader?.next()
          } else {
            const all = [...there.values()]
            const first = 'all' in one ? 0 : Math.floor(one.from * all.length)
            for (const seat of all.slice(first, 'all' in one ? all.length : first + one.take)) {
              list.delete(seat)
              there.delete(seat.id)
              gone.push(seat)
            }
          }
          expect([...list.values()]).toEqual([...there.values()])
          for (const seat of [...there.values()].slice(-3)) expect(list.get(seat.id)).toBe(seat)
        }
        for (const seat of there.values()) expect(list.get(seat.id)).toBe(seat)
        for (const { id } of gone) expect(list.get(id)).toBeUndefined()
        for (const id of ['', '0', idOf(last + 1), `${idOf(last)}x`, 'z']) expect(list.get(id)).toBeUndefined()
      }),
      { numRuns: 60 },
    )
  })

  it('moves nothing while somebody goes through it, who sees each once', () => {
    const list = new SeatList<Named>()
    const seats = Array.from({ length: 5_000 }, (_, number) => named(number))
    for (const seat of seats) list.add(seat.id, seat)
    const seen: Named[] = []
    for (const seat of list.values()) {
      if (seen.length === 100) {
        for (const other of seats.slice(0, 4_000)) list.delete(other)
        for (let number = 5_000; number < 20_000; number += 1) list.add(idOf(number), named(number))
      }
      seen.push(seat)
    }
    expect(seen.map(({ id }) => id)).toEqual(
      [...seats.slice(0, 101), ...seats.slice(4_000)]
        .map(({ id }) => id)
        .concat(Array.from({ length: 15_000 }, (_, n) => idOf(n + 5_000))),
    )
  })

  it('has room for what is there, and gives it back', () => {
    const list = new SeatList<Named>()
    const held: Named[] = []
    for (let number = 0; number < 100_000; number += 1) {
      held.push(named(number))
      list.add(idOf(number), held.at(-1) as Named)
    }
    for (const seat of held.slice(10)) list.delete(seat)
    for (let number = 100_000; number < 400_000; number += 1) {
      const seat = named(number)
      list.add(seat.id, seat)
      list.delete(seat)
    }
    expect(Math.max(...held.slice(0, 10).map(({ at }) => at))).toBe(9)
    const next = named(400_000)
    list.add(next.id, next)
    expect(next.at).toBeLessThan(1_024)
  })

  it('takes out nothing twice: by then the id may be somebody else’s', () => {
    const seats = new Seats<string>()
    const first = seats.makeNew('b')
    seats.left('b', first)
    const second = seats.take('b')
    second.cell = 'here'
    seats.left('b', first)
    expect(seats.get('b')).toBe(second)
    // one that has waited until it was sent
    const late = seats.makeNew('a')
    late.cell = 'late'
    const later = seats.makeNew('c')
    later.cell = 'later'
    expect([seats.get('a'), seats.get('c'), [...seats.cells()]]).toEqual([late, later, ['here', 'late', 'later']])
    late.cell = undefined
    seats.left('a', late)
    expect(seats.get('a')).toBeUndefined()
  })
})
