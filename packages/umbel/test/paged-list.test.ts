import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PagedList } from '../src/paged-list.ts'

/** Where pages begin and end, and anywhere else. */
const index = fc.oneof(fc.nat(20), fc.nat(5_000), fc.constantFrom(1_023, 1_024, 1_025, 2_047, 2_048, 2_000_000))

const act = fc.oneof(
  fc.record({ set: index, value: fc.option(fc.nat(), { nil: undefined }) }),
  fc.record({ clear: fc.constant(true) }),
)

test('a paged list has what a map has that was told the same, in whatever order places are filled', () => {
  fc.assert(
    fc.property(fc.option(fc.nat(3_000), { nil: undefined }), fc.array(act, { maxLength: 60 }), (room, acts) => {
      const list = new PagedList<number>(room)
      const map = new Map<number, number>()
      for (const one of acts) {
        if ('clear' in one) {
          list.clear()
          map.clear()
        } else {
          list.set(one.set, one.value)
          if (one.value === undefined) map.delete(one.set)
          else map.set(one.set, one.value)
          expect(list.get(one.set)).toBe(one.value)
        }
      }
      const sorted = [...map].sort(([a], [b]) => a - b)
      for (const [at, value] of sorted) expect(list.get(at)).toBe(value)
      for (const at of [0, 15, 16, 1_024, 9_999_999]) expect(list.get(at)).toBe(map.get(at))
      expect([...list.values()]).toEqual(sorted.map(([, value]) => value))
      const seen: [number, number][] = []
      list.each((value, at) => seen.push([at, value]))
      expect(seen).toEqual(sorted)
    }),
  )
})

test('what comes behind is found by whoever goes through a list, and not what was taken out before its turn', () => {
  const list = new PagedList<number>()
  for (const at of [1, 2, 1_500]) list.set(at, at)
  const seen: number[] = []
  for (const value of list.values()) {
    seen.push(value)
    if (value === 1) {
      list.set(2, undefined)
      list.set(900, 900)
      list.set(4_000, 4_000)
    }
  }
  expect(seen).toEqual([1, 900, 1_500, 4_000])
  list.each((value, at) => list.set(at, value === 900 ? undefined : value))
  expect([...list.values()]).toEqual([1, 1_500, 4_000])
})
