import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PriorityBuffer } from '../src/lanes/priority-buffer.ts'

interface Item {
  readonly id: string
  priority: number
}

/** The same promise, kept as simply as possible: a list sorted at each push. */
class SortedList {
  items: Item[] = []
  /** Those that came again. */
  readonly #again = new Set<Item>()
  push(item: Item, again = false): void {
    if (again) this.#again.add(item)
    const first = (other: Item): boolean => other.priority === item.priority && !this.#again.has(other)
    const before = again ? this.items.findIndex((other) => other.priority < item.priority || first(other)) : -1
    if (before !== -1) return void this.items.splice(before, 0, item)
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
  reprioritise(id: string, priority: number): boolean {
    const item = this.items.find((other) => other.id === id)
    if (item === undefined || item.priority === priority) return item !== undefined
    this.remove(id)
    this.#again.delete(item)
    this.push(Object.assign(item, { priority }))
    return true
  }
}

type Act =
  | { readonly does: 'push'; readonly priority: number; readonly again: boolean }
  | { readonly does: 'take' }
  | { readonly does: 'remove'; readonly at: number; readonly level: number | undefined }
  | { readonly does: 'move'; readonly at: number; readonly priority: number }

const acts = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        does: fc.constant('push' as const),
        priority: fc.integer({ min: 0, max: 9 }),
        again: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ does: fc.constant('take' as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        does: fc.constant('remove' as const),
        at: fc.nat(400),
        level: fc.option(fc.nat(9), { nil: undefined }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        does: fc.constant('move' as const),
        at: fc.nat(400),
        priority: fc.integer({ min: 0, max: 9 }),
      }),
    },
  ),
  { maxLength: 400, size: 'max' },
)

/** Move one, and say so in it. Gives whether it waits. */
function move(buffer: PriorityBuffer<Item>, id: string, priority: number): boolean {
  const moved = buffer.reprioritise(id, priority)
  if (moved !== undefined) moved.priority = priority
  return moved !== undefined
}

describe('PriorityBuffer', () => {
  test('gives 9 first, and the oldest first within a level', () => {
    const buffer = new PriorityBuffer<Item>()
    const ids = ['a5', 'b9', 'c5', 'd0', 'e9']
    for (const id of ids) buffer.push({ id, priority: Number(id[1]) }, Number(id[1]))
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
            const id = `t${count++}`
            buffer.push({ id, priority: act.priority }, act.priority, act.again)
            model.push({ id, priority: act.priority }, act.again)
          } else if (act.does === 'take') {
            expect(buffer.take()).toEqual(model.take())
          } else if (act.does === 'remove') {
            expect(buffer.remove(`t${act.at}`, act.level)).toEqual(model.remove(`t${act.at}`))
          } else {
            const moved = model.reprioritise(`t${act.at}`, act.priority)
            expect(move(buffer, `t${act.at}`, act.priority)).toBe(moved)
          }
          expect(buffer.size).toBe(model.items.length)
          expect(buffer.highest).toBe(model.items[0]?.priority ?? -1)
        }
        expect([...buffer]).toEqual(model.items)
        const heads = model.items.filter((item, n, items) => items[n - 1]?.priority !== item.priority)
        expect([...buffer.heads()]).toEqual(heads)
      }),
      { numRuns: 500 },
    )
  })

  test('stays right when most of what waits is removed and its holes are closed', () => {
    const buffer = new PriorityBuffer<Item>()
    for (let n = 0; n < 20_000; n++) buffer.push({ id: `t${n}`, priority: n % 10 }, n % 10)
    for (let n = 0; n < 20_000; n++) if (n % 100 !== 7) expect(buffer.remove(`t${n}`)?.id).toBe(`t${n}`)
    buffer.push({ id: 'late', priority: 7 }, 7)
    const left = Array.from({ length: 201 }, () => buffer.take()?.id)
    expect(left).toEqual([...Array.from({ length: 200 }, (_, n) => `t${n * 100 + 7}`), 'late'])
    expect(buffer.size).toBe(0)
  })

  test('finds what is to be removed without going through all that waits, where ids come in their order', () => {
    const looked = new Set<string>()
    const buffer = new PriorityBuffer<{ readonly id: string }>()
    const idOf = (n: number): string => String(n).padStart(8, '0')
    for (let n = 0; n < 100_000; n++) {
      const id = idOf(n)
      const item = {
        get id(): string {
          looked.add(id)
          return id
        },
      }
      buffer.push(item, n % 10)
    }
    for (const n of [50_007, 50_017, 49_997, 7, 99_997]) {
      looked.clear()
      expect(buffer.remove(idOf(n), 7)?.id).toBe(idOf(n))
      expect(looked.size).toBeLessThan(20)
    }
    expect(buffer.remove(idOf(50_007), 7)).toBeUndefined()
    expect(buffer.size).toBe(99_995)
  })

  test('takes back an id that was removed, at the end of its level', () => {
    const buffer = new PriorityBuffer<Item>()
    const again = { id: 'again', priority: 5 }
    buffer.push(again, again.priority)
    buffer.push({ id: 'other', priority: 5 }, 5)
    expect(buffer.remove('again')).toBe(again)
    expect(buffer.remove('again')).toBeUndefined()
    buffer.push(again, again.priority)
    expect([...buffer].map((item) => item.id)).toEqual(['other', 'again'])
  })

  test('moves what waits behind those of its new level, and leaves it in its place in its own', () => {
    const buffer = new PriorityBuffer<Item>()
    for (const id of ['a5', 'b5', 'c9', 'd0']) buffer.push({ id, priority: Number(id[1]) }, Number(id[1]))
    expect(['d0', 'a5', 'c9'].map((id) => move(buffer, id, id === 'a5' ? 5 : 9))).toEqual([true, true, true])
    expect(move(buffer, 'unknown', 9)).toBe(false)
    expect([...buffer].map(({ id, priority }) => [id, priority])).toEqual([
      ['c9', 9],
      ['d0', 9],
      ['a5', 5],
      ['b5', 5],
    ])
    expect(buffer.size).toBe(4)
  })

  test('moves one of 100,000 as quickly as one of 100', () => {
    const buffer = new PriorityBuffer<Item>()
    for (let n = 0; n < 100_000; n++) buffer.push({ id: `t${n}`, priority: n % 10 }, n % 10)
    for (let n = 0; n < 100_000; n++) expect(move(buffer, `t${n}`, 9 - (n % 10))).toBe(true)
    const taken = Array.from({ length: 100_000 }, () => buffer.take())
    expect(
      taken.every((item, index) => index === 0 || (taken[index - 1]?.priority ?? 0) >= (item?.priority ?? 10)),
    ).toBe(true)
  })

  test('refuses a priority that is no level', () => {
    const buffer = new PriorityBuffer<Item>()
    for (const priority of [-1, 10, 1.5, Number.NaN])
      expect(() => buffer.push({ id: 'x', priority }, priority)).toThrow(RangeError)
    expect(buffer.size).toBe(0)
    buffer.push({ id: 'x', priority: 3 }, 3)
    expect(() => buffer.reprioritise('x', 10)).toThrow(RangeError)
    expect(buffer.take()).toEqual({ id: 'x', priority: 3 })
  })
})
