import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SteadyMap } from '../src/steady-map.ts'

type Step = { readonly kind: 'set' | 'delete'; readonly id: string }

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('set', 'delete'),
  id: fc.constantFrom('a', 'b', 'c', '', '/key/a/b', '0', '511', '__proto__'),
})

it('has what a map has that was told the same, in the same order', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 8 }), (steps, least) => {
      const steady = new SteadyMap<object>(least)
      const map = new Map<string, object>()
      for (const { kind, id } of steps) {
        const value = {}
        if (kind === 'set') for (const one of [steady, map]) one.set(id, value)
        else expect(steady.delete(id)).toBe(map.delete(id))
        expect(steady.get(id)).toBe(map.get(id))
        expect([...steady.values()]).toEqual([...map.values()])
      }
    }),
  )
})

it('is gone through while what is gone through leaves it', () => {
  const steady = new SteadyMap<{ readonly id: string }>()
  for (const id of ['a', 'b', 'c', 'd']) steady.set(id, { id })
  const seen: string[] = []
  for (const { id } of steady.values()) {
    seen.push(id)
    steady.delete(id)
    if (id === 'b') steady.delete('c')
  }
  expect(seen).toEqual(['a', 'b', 'd'])
})

it('is gone through from beginning to end while others come, and what has ended of it is not seen', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 4 }), (steps, least) => {
      const steady = new SteadyMap<{ readonly id: string }>(least)
      const map = new Map<string, { readonly id: string }>()
      const both = [steady, map]
      for (const n of [1, 2, 3, 4, 5, 6, 7]) for (const one of both) one.set(`first ${n}`, { id: `first ${n}` })
      const left = [...steps]
      const seen: string[] = []
      const expected: string[] = []
      const values = map.values()
      for (const { id } of steady.values()) {
        seen.push(id)
        expected.push(values.next().value?.id ?? 'nothing')
        const next = left.shift()
        if (next?.kind === 'set') for (const one of both) one.set(next.id, { id: next.id })
        else if (next !== undefined) for (const one of both) one.delete(next.id)
      }
      expect([seen, values.next().done]).toEqual([expected, true])
    }),
  )
})

it('keeps what stays, however much comes and goes behind it', () => {
  const steady = new SteadyMap<{ readonly id: string }>(4)
  steady.set('stays', { id: 'stays' })
  for (let n = 0; n < 10_000; n += 1) {
    steady.set(`${n}`, { id: `${n}` })
    if (n >= 100) expect(steady.delete(`${n - 100}`)).toBe(true)
  }
  expect(steady.get('stays')).toEqual({ id: 'stays' })
  expect([...steady.values()].map(({ id }) => id)).toEqual([
    'stays',
    ...Array.from({ length: 100 }, (_, n) => `${9_900 + n}`),
  ])
})
