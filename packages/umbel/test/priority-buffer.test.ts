import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PriorityBuffer } from '../src/lanes/priority-buffer.ts'

interface Item {
  readonly id: string
  readonly priority: number
}

/** The same promise, kept as simply as possible: a list sorted at each push. */
class SortedList {
  items: Item[] = []
  push(item: Item): void {
    const behind = this.items.findIndex((other) => other.priority < item.priority)
    this.items.splice(behind === -1 ? this.items.length : behind, 0, item)
  }
  take(): Item | undefined {
    return this.items.shift()
  }
  remove(id: string): Item | undefined {
    const index = this.items.findIndex((item) => item.id === id)
    return index === -1 ? undefined : this.items.splice(index, 1)[0]
  }
}

type Act =
  | { readonly does: 'push'; readonly priority: number }
  | { readonly does: 'take' }
  | { readonly does: 'remove'; readonly at: number }

const acts = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ does: fc.constant('push' as const), priority: fc.integer({ min: 0, max: 9 }) }),
    },
    { weight: 2, arbitrary: fc.record({ does: fc.constant('take' as const) }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constant('remove' as const), at: fc.nat(400) }) },
  ),
  { maxLength: 400, size: 'max' },
)

describe('PriorityBuffer', () => {
  test('gives 9 first, and the oldest first within a level', () => {
    const buffer = new PriorityBuffer<Item>()
    const ids = ['a5', 'b9', 'c5', 'd0', 'e9']
    for (const id of ids) buffer.push({ id, priority: Number(id[1]) })
    expect([...buffer].map((item) => item.id)).toEqual(['b9', 'e9', 'a5', 'c5', 'd0'])
    expect(ids.map(() => buffer.take()?.id)).toEqual(['b9', 'e9', 'a5', 'c5', 'd0'])
    expect(buffer.take()).toBeUndefined()
  })

  test('does what a sorted list does, whatever the calls', () => {
    fc.assert(
      fc.property(acts, (list) => {
        const buffer = new PriorityBuffer<Item>()
        const model = new SortedList()
        let count = 0
        for (const act of list as Act[]) {
          if (act.does === 'push') {
            const item = { id: `t${count++}`, priority: act.priority }
            buffer.push(item)
            model.push(item)
          } else if (act.does === 'take') {
            expect(buffer.take()).toBe(model.take())
          } else {
            expect(buffer.remove(`t${act.at}`)).toBe(model.remove(`t${act.at}`))
          }
          expect(buffer.size).toBe(model.items.length)
        }
        expect([...buffer]).toEqual(model.items)
      }),
      { numRuns: 500 },
    )
  })

  test('stays right when most of what waits is removed and its holes are closed', () => {
    const buffer = new PriorityBuffer<Item>()
    for (let n = 0; n < 20_000; n++) buffer.push({ id: `t${n}`, priority: n % 10 })
    for (let n = 0; n < 20_000; n++) if (n % 100 !== 7) expect(buffer.remove(`t${n}`)?.id).toBe(`t${n}`)
    buffer.push({ id: 'late', priority: 7 })
    const left = Array.from({ length: 201 }, () => buffer.take()?.id)
    expect(left).toEqual([...Array.from({ length: 200 }, (_, n) => `t${n * 100 + 7}`), 'late'])
    expect(buffer.size).toBe(0)
  })

  test('takes back an id that was removed, at the end of its level', () => {
    const buffer = new PriorityBuffer<Item>()
    const again = { id: 'again', priority: 5 }
    buffer.push(again)
    buffer.push({ id: 'other', priority: 5 })
    expect(buffer.remove('again')).toBe(again)
    expect(buffer.remove('again')).toBeUndefined()
    buffer.push(again)
    expect([...buffer].map((item) => item.id)).toEqual(['other', 'again'])
  })

  test('refuses a priority that is no level', () => {
    const buffer = new PriorityBuffer<Item>()
    for (const priority of [-1, 10, 1.5, Number.NaN])
      expect(() => buffer.push({ id: 'x', priority })).toThrow(RangeError)
    expect(buffer.size).toBe(0)
  })
})
