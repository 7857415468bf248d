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
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const steady = new SteadyMap<object>()
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
