import { expect, test } from 'vitest'
import { CommitSize } from '../src/stores/sqlite/commit-size.ts'

/** The size that comes of transactions of the size asked for, where each event takes so many milliseconds. */
function settledAt(millis: number, size = new CommitSize()): number {
  for (let n = 0; n < 60; n += 1) size.took(size.events, size.events * millis)
  return size.events
}

test('small events go 250 at a time, whatever little they take', () => {
  expect(new CommitSize().events).toBe(250)
  expect(settledAt(0)).toBe(250)
  expect(settledAt(0.005)).toBe(250)
})

test('slower ones go as many at a time as take 2 milliseconds to write, and 10 at least', () => {
  expect(settledAt(0.02)).toBeGreaterThanOrEqual(99)
  expect(settledAt(0.02)).toBeLessThanOrEqual(101)
  expect(settledAt(5)).toBe(10)
  expect(settledAt(1e9)).toBe(10)
})

test('once they are fast again there are as many as before', () => {
  const size = new CommitSize()
  expect(settledAt(5, size)).toBe(10)
  expect(settledAt(0.005, size)).toBe(250)
})

test('one slow transaction among fast ones does not make them small', () => {
  const size = new CommitSize()
  settledAt(0.002, size)
  size.took(250, 10_000)
  expect(size.events).toBeGreaterThanOrEqual(100)
})

test('a transaction of a few events tells nothing about many', () => {
  const size = new CommitSize()
  for (let n = 0; n < 100; n += 1) size.took(n % 10, 5)
  expect(size.events).toBe(250)
})
