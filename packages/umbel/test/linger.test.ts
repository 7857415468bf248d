import { availableParallelism } from 'node:os'
import { expect, test } from 'vitest'
import { BusyThreads, Lingering } from '../src/lanes/linger.ts'

/** A clock that goes on by a microsecond with each look, and what lingers by it. */
function lingering(longest: number, busy = new BusyThreads()) {
  let now = 0
  let looks = 0
  const one = new Lingering(longest, busy, () => now)
  /** Linger for what is there after so many milliseconds. Gives whether it was seen, and how long that took. */
  const until = (comes: number): [boolean, number] => {
    const began = now
    looks = 0
    const seen = one.until(() => {
      looks += 1
      if (looks > 1) now += 0.001
      return now - began >= comes
    })
    return [seen, now - began]
  }
  return { until, looks: () => looks }
}

test('what comes soon is seen as it comes', () => {
  const { until, looks } = lingering(0.2)
  for (const comes of [0, 0.05, 0.19]) {
    const [seen, took] = until(comes)
    expect(seen).toBe(true)
    expect(took).toBeCloseTo(comes, 2)
  }
  until(0)
  expect(looks()).toBe(1)
})

test('there is half the patience after each time that nothing came, then none for 63 times', () => {
  const { until, looks } = lingering(0.2)
  const waits = Array.from({ length: 6 }, () => until(1)[1])
  for (const [n, wait] of waits.slice(0, 5).entries()) {
    expect(wait).toBeGreaterThanOrEqual(0.2 / 2 ** n)
    expect(wait).toBeLessThan(0.2 / 2 ** n + 0.04)
  }
  for (let n = 0; n < 62; n++) {
    expect(until(1)).toEqual([false, 0])
    expect(looks()).toBe(1)
  }
  const [, again] = until(1)
  expect(again).toBeGreaterThanOrEqual(0.2)
})

test('patience is back as soon as it has paid', () => {
  const { until } = lingering(0.2)
  until(1)
  until(1)
  expect(until(0.03)[0]).toBe(true)
  expect(until(0.19)[0]).toBe(true)
})

test('nobody lingers where that would take the processor of a thread that is busy', () => {
  const busy = new BusyThreads()
  const { until } = lingering(0.2, busy)
  for (let n = 0; n < availableParallelism(); n++) busy.add(1)
  expect(busy.haveRoom).toBe(false)
  expect(until(0.05)).toEqual([false, 0])
  expect(until(0)).toEqual([true, 0])
  busy.add(-1)
  expect(new BusyThreads(busy.shared).haveRoom).toBe(true)
  expect(until(0.05)[0]).toBe(true)
})
