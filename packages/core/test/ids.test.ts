import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeIds } from '../src/ids.ts'

const START = Date.UTC(2026, 0, 1)

describe('ids', () => {
  it('are 22 letters and digits, none twice, in the order of their making, whatever the clock does', () => {
    const steps = fc.array(fc.integer({ min: -5_000, max: 5_000 }), { minLength: 1, maxLength: 300 })
    fc.assert(
      fc.property(steps, fc.integer(), (clock, seed) => {
        let time = START
        let index = 0
        const next = makeIds(() => {
          time += clock[index++ % clock.length] ?? 0
          return time + 0.5
        }, randomOf(seed))
        const ids = Array.from({ length: 1000 }, next)
        for (const id of ids) expect(id).toMatch(/^[0-9A-Za-z]{22}$/)
        expect([...ids].sort(byCode)).toEqual(ids)
        expect(new Set(ids).size).toBe(ids.length)
      }),
      { numRuns: 100 },
    )
  })

  it('stay in order when a millisecond is asked for more ids than it has', () => {
    const next = makeIds(() => START, randomOf(1))
    let last = ''
    for (let made = 0; made < 500_000; made += 1) {
      const id = next()
      if (id <= last) throw new Error(`${id} came after ${last}`)
      last = id
    }
    expect(last).toHaveLength(22)
  })

  it('sort by time over processes', () => {
    const earlier = makeIds(() => START, randomOf(1))
    const later = makeIds(() => START + 1, randomOf(2))
    for (let made = 0; made < 1000; made += 1) expect(earlier() < later()).toBe(true)
    expect(makeIds(() => 0, randomOf(1))() < makeIds(() => Date.UTC(2500, 0, 1), randomOf(1))()).toBe(true)
  })

  it('differ over makers that start in the same millisecond', () => {
    const ids = Array.from({ length: 20_000 }, (_, seed) => makeIds(() => START, randomOf(seed))())
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('hold all of their maker: each of 11 places takes each of 62 digits', () => {
    const makers = Array.from({ length: 5_000 }, (_, seed) => makeIds(() => START, randomOf(seed))().slice(11))
    for (let place = 0; place < 11; place += 1) expect(new Set(makers.map((maker) => maker[place])).size).toBe(62)
  })

  it('still are ids where the random source gives its extremes', () => {
    for (const unit of [0, 1 - 2 ** -53])
      expect(
        makeIds(
          () => START,
          () => unit,
        )(),
      ).toMatch(/^[0-9A-Za-z]{22}$/)
  })
})

const byCode = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** A small generator (mulberry32), so that a failure can be run again. */
function randomOf(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
