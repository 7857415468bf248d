import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { here } from '../../../test/machine-time.ts'
import { globMatcher } from '../src/glob.ts'

/** The plainest definition, which takes exponential time. */
function defined(glob: string, text: string): boolean {
  if (glob === '') return text === ''
  if (glob[0] === '*') return defined(glob.slice(1), text) || (text !== '' && defined(glob, text.slice(1)))
  return text !== '' && (glob[0] === '?' || glob[0] === text[0]) && defined(glob.slice(1), text.slice(1))
}

describe('a glob', () => {
  it('matches what its definition says', () => {
    const globs = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '?'), maxLength: 7 })
    const texts = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 9 })
    let matched = 0
    fc.assert(
      fc.property(globs, texts, (glob, text) => {
        const matches = globMatcher(glob)(text)
        if (matches) matched += 1
        return matches === defined(glob, text)
      }),
      { numRuns: 20_000 },
    )
    expect(matched).toBeGreaterThan(500)
  })

  it.each([
    ['etl.*', 'etl.load', true],
    ['etl.*', 'etl.', true],
    ['etl.*', 'etlx', false],
    ['*', '', true],
    ['?', '', false],
    ['a?c', 'abc', true],
    ['(a+)+$', 'aaa', false],
    ['[ab]', 'a', false],
    ['.', 'a', false],
    ['a*', '__proto__', false],
  ])('%s against %s is %s', (glob, text, expected) => {
    expect(globMatcher(glob)(text)).toBe(expected)
  })

  const TIMES = 10_000
  it.each([
    ['*a'.repeat(64), 'a'.repeat(TIMES - 1).concat('b')],
    [`${'*a'.repeat(63)}*b*c`, `${'a'.repeat(5_000)}${'b'.repeat(5_000)}`],
    [`${'*'.repeat(64)}b`, 'a'.repeat(TIMES)],
    [`${'*?'.repeat(64)}b`, 'a'.repeat(TIMES)],
    ['*a'.repeat(TIMES), 'a'.repeat(TIMES - 1).concat('b')],
    [`${'*'.repeat(TIMES)}b`, 'a'.repeat(TIMES)],
    [`${'*?'.repeat(TIMES)}b`, 'a'.repeat(TIMES)],
    [`${'?*'.repeat(TIMES)}b`, 'a'.repeat(TIMES)],
    [`${'*ab'.repeat(TIMES)}c`, 'ab'.repeat(TIMES)],
  ])('with 64 or 10,000 stars takes no time to speak of over 10,000 characters', (glob, text) => {
    const matches = globMatcher(glob)
    matches(text)
    const times = Array.from({ length: 5 }, () => {
      const before = performance.now()
      expect(matches(text)).toBe(false)
      return performance.now() - before
    })
    expect(Math.min(...times)).toBeLessThan(here(5))
  })
})
