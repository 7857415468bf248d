import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { here } from '../../../test/machine-time.ts'
import { milliseconds } from '../src/duration.ts'
import { UmbelError } from '../src/errors.ts'

describe('a duration', () => {
  it.each<[unknown, number]>([
    [0, 0],
    [-0, 0],
    ['0s', 0],
    [1.5, 1.5],
    ['250ms', 250],
    ['30s', 30_000],
    ['5m', 300_000],
    ['24h', 86_400_000],
    ['1.5h', 5_400_000],
    ['7d', 604_800_000],
    ['36525d', 3_155_760_000_000],
  ])('%s is %d ms', (value, expected) => {
    expect(milliseconds(value, 'x')).toBe(expected)
    expect(Object.is(milliseconds(value, 'x'), -0)).toBe(false)
  })

  it('of any number and unit is that number times the unit', () => {
    const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
    fc.assert(
      fc.property(
        fc.nat(30_000),
        fc.constantFrom('ms', 's', 'm', 'h', 'd'),
        (count, unit) => milliseconds(`${count}${unit}`, 'x') === count * units[unit],
      ),
    )
  })

  it.each<[unknown]>([
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [-1],
    ['-5s'],
    [3_155_760_000_001],
    ['36526d'],
    [1e300],
    [''],
    ['5'],
    ['s'],
    ['5 s'],
    [' 5s'],
    ['5s '],
    ['5s\n'],
    ['5S'],
    ['5sec'],
    ['1e3s'],
    ['0x5s'],
    ['+5s'],
    ['1.s'],
    ['.5s'],
    ['1_000ms'],
    ['١s'],
    ['５s'],
    ['1/s'],
    ['1s1s'],
    ['9'.repeat(30)],
    [null],
    [undefined],
    [true],
    [5n],
    [Symbol('5s')],
    [{}],
    [['5s']],
    [new Date(5)],
    [() => 5],
    [{ toString: () => '5s' }],
  ])('is none: %s', (value) => {
    // biome-ignore format: a list
    expect(refusal(() => milliseconds(value, 'timeout')).message).toMatch(/^timeout is /)
  })

  it('is refused at once, and shown in part, where it is a megabyte long', () => {
    for (const text of ['9'.repeat(1_000_000), ' '.repeat(1_000_000), `${'1'.repeat(1_000_000)}s`]) {
      const before = process.threadCpuUsage()
      const { message } = refusal(() => milliseconds(text, 'x'))
      const { user, system } = process.threadCpuUsage(before) // in microseconds; a machine that stalls uses none
      expect(message).toContain('is no duration')
      expect(message.length).toBeLessThan(300)
      expect((user + system) / 1_000).toBeLessThan(here(10))
    }
  })

  it('is a number from 0 to 100 years or refused, whatever is given', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.anything(), fc.double(), fc.string({ unit: fc.constantFrom(...'0159.-msdh ') })),
        (value) => {
          try {
            const length = milliseconds(value, 'x')
            return length >= 0 && length <= 3_155_760_000_000
          } catch (error) {
            return error instanceof UmbelError && error.code === 'UMBEL_BAD_DURATION'
          }
        },
      ),
      { numRuns: 2000 },
    )
  })
})

function refusal(run: () => unknown): UmbelError {
  try {
    run()
  } catch (error) {
    if (error instanceof UmbelError && error.code === 'UMBEL_BAD_DURATION') return error
    throw error
  }
  throw new Error('nothing was thrown')
}
