import fc from 'fast-check'
import { expect, test } from 'vitest'
import { joined, Pieces } from '../src/pieces.ts'

/** Push so many more, or keep so many hundredths of what is there. */
const act = fc.oneof(
  fc.record({ push: fc.oneof(fc.nat(3), fc.nat(1_500), fc.constantFrom(1_023, 1_024, 1_025)) }),
  fc.record({ keep: fc.oneof(fc.nat(100), fc.constantFrom(0, 100)) }),
)

test('pieces have what a list has that was told the same, however often they begin anew', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 12 }), (acts) => {
      const pieces = new Pieces<number>()
      const list: number[] = []
      for (const one of acts) {
        if ('push' in one)
          for (let count = 0; count < one.push; count += 1) {
            pieces.push(list.length * 7)
            list.push(list.length * 7)
          }
        else {
          const length = Math.floor((list.length * one.keep) / 100)
          pieces.cut(length)
          list.length = length
        }
        expect(pieces.length).toBe(list.length)
        for (const at of [0, 1_023, 1_024, 2_047, list.length - 1, list.length]) expect(pieces.at(at)).toBe(list[at])
      }
      expect(pieces.list()).toEqual(list)
    }),
  )
})

test('to keep more than there are, or as many as fill a piece, changes nothing that is kept', () => {
  const pieces = new Pieces<number>()
  for (let n = 0; n < 2_048; n += 1) pieces.push(n)
  pieces.cut(5_000)
  expect(pieces.length).toBe(2_048)
  pieces.cut(1_024)
  expect([pieces.length, pieces.at(1_023), pieces.at(1_024)]).toEqual([1_024, 1_023, undefined])
  pieces.push(-1)
  expect([pieces.length, pieces.at(1_024)]).toEqual([1_025, -1])
  pieces.cut(0)
  expect(pieces.list()).toEqual([])
})

test('texts are joined as a list joins them', () => {
  const some = fc.oneof(fc.nat(3), fc.constantFrom(1_023, 1_024, 1_025, 2_048, 2_500))
  fc.assert(
    fc.property(some, (count) => {
      const texts = Array.from({ length: count }, (_, n) => `${n % 7 === 0 ? '' : n}`)
      expect(joined(texts, ',')).toBe(texts.join(','))
    }),
  )
})
