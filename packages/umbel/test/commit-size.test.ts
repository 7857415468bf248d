import { expect, test } from 'vitest'
import { CommitSize } from '../src/stores/sqlite/commit-size.ts'

/** Take in transactions of the size asked for, whose events are so large. */
function after(count: number, each: number, size = new CommitSize()): CommitSize {
  for (let n = 0; n < count; n += 1) size.took(size.events, size.events * each)
  return size
}

test('small events go 250 at a time', () => {
  expect(new CommitSize().events).toBe(250)
  expect(after(1, 100).events).toBe(250)
  expect(after(50, 500).events).toBe(250)
})

test('large ones go as many at a time as make 128 KiB, and one at least', () => {
  expect(after(5, 1_024).events).toBe(128)
  expect(after(50, 10_240).events).toBe(12)
  expect(after(50, 1_048_576).events).toBe(1)
})

test('once they are small again there are soon as many as before', () => {
  const size = after(50, 1_048_576)
  after(80, 100, size)
  expect(size.events).toBe(250)
})

test('one large event among many small ones does not send them one by one', () => {
  const size = after(20, 100)
  size.took(250, 249 * 100 + 1_048_576)
  expect(size.events).toBeGreaterThan(100)
})

test('transactions of no events change nothing', () => {
  const size = after(20, 1_024)
  const { events } = size
  for (let n = 0; n < 100; n += 1) size.took(0, 0)
  expect(size.events).toBe(events)
})
