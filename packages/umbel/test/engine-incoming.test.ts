import type { EngineEvent, Seat } from '@umbel/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Taken } from '../src/engine-incoming.ts'
import { Incoming } from '../src/engine-incoming.ts'

interface Fact {
  readonly event: EngineEvent
  readonly taken: Taken | undefined
  readonly seat: Seat | undefined
}

const factOf = (number: number): Fact => ({
  event: { type: 'task-started', id: String(number), attempt: 1, run: 1, at: number },
  taken: number % 3 === 0 ? undefined : () => {},
  seat: number % 2 === 0 ? undefined : { row: undefined, next: undefined },
})

/** Add so many, or take at most so many. */
const operation = fc.oneof(
  fc.record({ add: fc.integer({ min: 1, max: 3_000 }) }),
  fc.record({ take: fc.oneof(fc.integer({ min: 1, max: 3_000 }), fc.constant(4_096)) }),
)

test('facts leave in the order in which they came, each with who waits for it and its seat, whatever room there was', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5_000 }), fc.array(operation, { maxLength: 12 }), (room, operations) => {
      const waiting: Fact[] = []
      let incoming = new Incoming(room)
      let number = 0
      for (const { add = 0, take = 0 } of operations as { add?: number; take?: number }[]) {
        for (let left = add; left > 0; left -= 1, number += 1) {
          const fact = factOf(number)
          waiting.push(fact)
          incoming.add(fact.event, fact.taken, fact.seat)
        }
        expect([...incoming.events()].length).toBe(incoming.size)
        if (take === 0) continue
        const { events, taken, seats } = incoming.take(take)
        const expected = waiting.splice(0, take)
        expect([events.length, taken.length, seats?.length]).toEqual(Array(3).fill(expected.length))
        for (const [at, fact] of expected.entries())
          expect(events[at] === fact.event && taken[at] === fact.taken && seats?.[at] === fact.seat).toBe(true)
        expect(incoming.size).toBe(waiting.length)
        if (incoming.size === 0) incoming = new Incoming(events.length)
      }
      expect([...incoming.events()]).toEqual(waiting.map(({ event }) => event))
    }),
    { numRuns: 100 },
  )
})

test('who waits for the last of them is told after whoever waited for it before, of an earlier last one too', () => {
  const told: string[] = []
  const incoming = new Incoming(1)
  const add = (name: string, taken?: Taken): void => incoming.add({ ...factOf(1).event, id: name }, taken, undefined)
  add('first', () => told.push('first'))
  incoming.whenLast(() => told.push('behind first'))
  incoming.whenLast(() => told.push('behind that'))
  add('second')
  incoming.whenLast(() => told.push('behind second'))
  const { events, taken } = incoming.take(2)
  for (const [at, event] of events.entries()) taken[at]?.(undefined, undefined, event, undefined)
  expect(told).toEqual(['first', 'behind first', 'behind that', 'behind second'])
})
