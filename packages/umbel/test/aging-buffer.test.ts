import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AgingBuffer } from '../src/lanes/aging-buffer.ts'

interface Item {
  readonly id: string
  priority: number
  readonly since?: number
}

const AFTER = 10

/** The same promise, kept as simply as possible: everything is looked at each time. */
class Everyone {
  items: { id: string; priority: number; readonly since: number; readonly sent: number; moved: number }[] = []
  #order = 0

  push({ id, priority, since }: Item, now: number): void {
    const order = this.#order++
    const sent = since === undefined ? order : order + 1_000 // of the same age those go first that have waited here
    this.items.push({ id, priority, since: since ?? now, sent, moved: order })
  }

  order(now: number): string[] {
    const aged = this.items
      .filter(({ since }) => now - since >= AFTER)
      .toSorted((a, b) => a.since - b.since || a.sent - b.sent)
    const others = this.items.filter((item) => !aged.includes(item))
    return [...aged, ...others.toSorted((a, b) => b.priority - a.priority || a.moved - b.moved)].map(({ id }) => id)
  }

  remove(id: string | undefined): string | undefined {
    const index = this.items.findIndex((item) => item.id === id)
    return index === -1 ? undefined : this.items.splice(index, 1)[0]?.id
  }

  reprioritise(id: string, priority: number): boolean {
    const item = this.items.find((other) => other.id === id)
    if (item === undefined) return false
    if (item.priority !== priority) Object.assign(item, { priority, moved: this.#order++ })
    return true
  }
}

const priority = fc.integer({ min: 0, max: 9 })
const acts = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.tuple(fc.constant('push' as const), priority, fc.constant(0)) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('bring' as const), priority, fc.nat(15)) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('take' as const), fc.constant(0), fc.constant(0)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('remove' as const), fc.nat(300), fc.constant(0)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('move' as const), fc.nat(300), priority) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('pass' as const), fc.nat(4), fc.constant(0)) },
  ),
  { maxLength: 300, size: 'max' },
)

/** Move one, and say so in it. Gives whether it waits. */
function move(buffer: AgingBuffer<Item>, id: string, priority: number): boolean {
  const moved = buffer.reprioritise(id, priority)
  if (moved !== undefined) moved.priority = priority
  return moved !== undefined
}

test('what has waited long goes first, the oldest first of all, whatever the calls; the rest goes by priority', () => {
  fc.assert(
    fc.property(acts, (list) => {
      let now = 0
      const buffer = new AgingBuffer<Item>({ after: AFTER, now: () => now })
      const model = new Everyone()
      let count = 0
      for (const [does, first, second] of list) {
        if (does === 'push' || does === 'bring') {
          const item = { id: `t${count++}`, priority: first, ...(does === 'bring' && { since: now - second }) }
          buffer.push({ ...item }, item.priority)
          model.push(item, now)
        } else if (does === 'take') expect(buffer.take()?.id).toBe(model.remove(model.order(now)[0]))
        else if (does === 'remove') expect(buffer.remove(`t${first}`)?.id).toBe(model.remove(`t${first}`))
        else if (does === 'pass') now += first
        else expect(move(buffer, `t${first}`, second)).toBe(model.reprioritise(`t${first}`, second))
        expect(buffer.size).toBe(model.items.length)
      }
      expect(Array.from(buffer, ({ id }) => id)).toEqual(model.order(now))
    }),
    { numRuns: 500 },
  )
})

test('a task that is given another priority keeps its age', () => {
  let now = 0
  const buffer = new AgingBuffer<Item>({ after: AFTER, now: () => now })
  buffer.push({ id: 'old', priority: 9 }, 9)
  now = 5
  for (const id of ['a', 'b']) buffer.push({ id, priority: 5 }, 5)
  move(buffer, 'old', 0)
  expect(Array.from(buffer, ({ id }) => id)).toEqual(['a', 'b', 'old'])
  now = AFTER
  expect(buffer.take()?.id).toBe('old')
})

test('100,000 of which all have aged leave in the order they came', () => {
  let now = 0
  const buffer = new AgingBuffer<Item>({ after: AFTER, now: () => now })
  for (let n = 0; n < 100_000; n++) buffer.push({ id: `t${n}`, priority: n % 10 }, n % 10)
  now = AFTER
  for (let n = 0; n < 100_000; n++) if (buffer.take()?.id !== `t${n}`) expect.unreachable(`t${n} is not the next`)
  expect(buffer.take()).toBeUndefined()
})

test('what comes again is as old as what it stands before, so that it keeps its place once all have aged', () => {
  let now = 0
  const buffer = new AgingBuffer<Item>({ after: AFTER, now: () => now })
  const item = (id: string): Item => ({ id, priority: 5 })
  const order = (): string[] => [...buffer].map(({ id }) => id)
  for (const id of ['a', 'b', 'c', 'd']) {
    buffer.push(item(id), 5)
    now += 1
  }
  now = 50
  const [a, b] = [buffer.take() as Item, buffer.take() as Item]
  for (const one of [a, b]) buffer.push(one, 5, true)
  expect(order()).toEqual(['a', 'b', 'c', 'd'])
  expect(buffer.take()).toBe(a)
  expect(buffer.remove('b')).toBe(b)
  buffer.push(a, 5, true)
  expect(order()).toEqual(['a', 'c', 'd'])
  for (const id of ['a', 'c', 'd']) expect(buffer.take()?.id).toBe(id)
  buffer.push(a, 5, true)
  buffer.push(item('e'), 5)
  expect(order()).toEqual(['a', 'e'])
  now = 100
  expect(order()).toEqual(['a', 'e'])
})
