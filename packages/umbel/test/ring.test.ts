import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Ring } from '../src/lanes/ring.ts'

/** Something that is done to a ring: so many are pushed, or taken, or the ones that stand so far from the head in hundredths; or all of it. */
const act = fc.oneof(
  fc.record({ kind: fc.constant('push'), count: fc.oneof(fc.nat(3), fc.nat(700), fc.constantFrom(255, 256, 257)) }),
  fc.record({ kind: fc.constant('shift'), count: fc.oneof(fc.nat(3), fc.nat(700), fc.constantFrom(255, 256, 257)) }),
  fc.record({ kind: fc.constant('delete'), count: fc.nat(100) }),
  fc.record({ kind: fc.constantFrom('peek', 'clear', 'resize'), count: fc.constant(0) }),
)

interface Item {
  readonly id: string
}

/** Push the next item to a ring and to what it is held against. */
function push(ring: Ring<Item>, list: [place: number, item: Item][], number: number): void {
  const item = { id: String(number).padStart(8, '0') }
  list.push([ring.push(item), item])
}

test('a ring has what a list has that was told the same, whatever holes it has and however far it has moved on', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
      const ring = new Ring<Item>()
      let list: [place: number, item: Item][] = []
      let pushed = 0
      for (const { kind, count } of acts) {
        if (kind === 'push') for (let n = 0; n < count; n += 1) push(ring, list, pushed++)
        else if (kind === 'shift') for (let n = 0; n < count; n += 1) expect(ring.shift()).toBe(list.shift()?.[1])
        else if (kind === 'peek') expect(ring.peek()).toBe(list[0]?.[1])
        else if (kind === 'delete') {
          const at = Math.floor((list.length * count) / 101)
          const [found] = list.splice(at, 1)
          if (found !== undefined) {
            expect(ring.find(found[1].id)).toBe(found[0])
            expect(ring.delete(found[0])).toBe(found[1])
            expect([ring.delete(found[0]), ring.at(found[0]), ring.find(found[1].id)]).toEqual([
              undefined,
              undefined,
              undefined,
            ])
          }
        } else if (kind === 'clear') {
          ring.clear()
          ring.size = 0
          list = []
        } else {
          ring.resize()
          list = list.map(([, item], place) => [place, item])
          expect(ring.length).toBe(list.length)
        }
        expect(ring.size).toBe(list.length)
        expect(ring.length).toBeGreaterThanOrEqual(list.length)
      }
      expect([...ring.entries()]).toEqual(list)
      for (const [place, item] of list) expect([ring.at(place), ring.find(item.id)]).toEqual([item, place])
    }),
  )
})

test('a ring in which few stand goes round, however many have come and gone', () => {
  const ring = new Ring<Item>()
  const list: [place: number, item: Item][] = []
  for (let number = 0; number < 5_000; number += 1) {
    push(ring, list, number)
    if (list.length > 300) expect(ring.shift()).toBe(list.shift()?.[1])
  }
  expect([...ring.entries()]).toEqual(list)
})
