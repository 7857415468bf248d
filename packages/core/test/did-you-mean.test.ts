import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { here } from '../../../test/machine-time.ts'
import { closest, didYouMean } from '../src/did-you-mean.ts'

describe('did you mean', () => {
  it.each([
    ['etl.extrct', 'etl.extract'],
    ['etl.laod', 'etl.load'],
    ['ETL.LOAD', 'etl.load'],
    ['etl.transfrom', 'etl.transform'],
    ['etl.load', 'etl.load'],
  ])('%s: %s', (name, expected) => {
    expect(closest(name, ['etl.transform', 'etl.extract', 'etl.load'])).toBe(expected)
    expect(didYouMean(name, new Set([expected]))).toBe(` Did you mean "${expected}"?`)
  })

  it('says nothing where nothing is close', () => {
    expect(closest('mail.send', ['etl.load'])).toBeUndefined()
    expect(didYouMean('x', ['y', 'zz'])).toBe('')
    expect(didYouMean('', ['a'])).toBe('')
    expect(didYouMean('name', [])).toBe('')
  })

  it('finds any name again after one letter was dropped, doubled or swapped with its neighbour', () => {
    const names = fc.string({ unit: fc.constantFrom(...'abcdefgh.'), minLength: 4, maxLength: 20 })
    fc.assert(
      fc.property(names, fc.nat(), fc.constantFrom('drop', 'double', 'swap'), (name, place, how) => {
        const at = place % (name.length - 1)
        const [before, here, next, after] = [name.slice(0, at), name[at], name[at + 1], name.slice(at + 2)]
        const typed = {
          drop: before + next + after,
          double: before + here + here + next + after,
          swap: before + next + here + after,
        }[how]
        return closest(typed, ['zzzzzzzzzzzz', name]) === name
      }),
    )
  })

  it('compares the beginnings of long names', () => {
    const long = 'etl.'.repeat(20)
    expect(closest(`${long}with.an.end.of.its.own`, [`${long}and.another`])).toBe(`${long}and.another`)
  })

  it('quotes what it suggests, so that a hostile name cannot forge a line of a log', () => {
    expect(didYouMean('abcdef', ['abcde\nERROR'.slice(0, 7)])).toBe(' Did you mean "abcde\\nE"?')
  })

  it('answers at once for a megabyte of name and a hundred thousand candidates', () => {
    const candidates = Array.from({ length: 100_000 }, (_, index) => `some.task.with.a.long.name.${index}`)
    const before = performance.now()
    expect(closest('x'.repeat(1_000_000), candidates)).toBeUndefined()
    closest('some.tusk.with.a.lung.nume.5', candidates)
    expect(performance.now() - before).toBeLessThan(here(2000))
  })
})
