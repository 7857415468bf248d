import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Outboxes } from '../src/lanes/outbox.ts'

const text = fc.oneof(
  fc.constantFrom('', '1', 'null', 'true', '"ä"'),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 300 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 }).map((codes) => String.fromCharCode(...codes)),
)

it('an outbox gives the very texts that were left in it, alike or not, until it is full, and takes more once it is emptied', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(text, { maxLength: 60 }), { maxLength: 4 }),
      fc.integer({ min: 0, max: 255 }),
      (messages, cell) => {
        const main = new Outboxes()
        const thread = new Outboxes(main.shared)
        for (const texts of messages) {
          main.clear(cell)
          const left: [number, number, string][] = []
          const found: [number, number, string][] = []
          let read = 0
          for (const [number, one] of texts.entries()) {
            if (!thread.put(cell, number, number / 4, one)) break
            left.push([number, number / 4, one])
            if (number % 3 > 0) continue
            const filled = main.filled(cell)
            main.read(cell, read, filled, (...result) => found.push(result))
            read = filled
          }
          main.read(cell, read, main.filled(cell), (...result) => found.push(result))
          expect(found).toEqual(left)
        }
      },
    ),
  )
})

it('an outbox takes nothing that does not fit, and a cell beyond the last one has none', () => {
  const outboxes = new Outboxes()
  expect(outboxes.put(0, 1, 1, 'x'.repeat(4_089))).toBe(false)
  expect(outboxes.put(0, 1, 1, 'x'.repeat(4_088))).toBe(true)
  expect(outboxes.put(0, 2, 1, '')).toBe(false)
  expect([outboxes.put(256, 1, 1, 'x'), outboxes.filled(256)]).toEqual([false, 0])
})
