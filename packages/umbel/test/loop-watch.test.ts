import type { AttemptCall, Clock } from '@umbel/core'
import { expect, test } from 'vitest'
import { type Blockage, LoopWatch } from '../src/lanes/loop-watch.ts'

const call = (id: string): AttemptCall => ({ id, task: `task.${id}` }) as AttemptCall

/** A watch of a bound of 200 ms over a loop whose time passes as told. */
function watched() {
  let wall = 1_000
  let monotonic = 0
  let armed: (() => void) | undefined
  const underWay = new Set<AttemptCall>()
  const told: Blockage[] = []
  const clock: Clock = {
    simulated: true,
    now: () => wall,
    monotonic: () => monotonic,
    setTimer: (run) => {
      armed = run
      return { cancel: () => (armed = undefined), keepAlive: () => {} }
    },
  }
  const watch = new LoopWatch({ bound: 200, clock, underWay: () => underWay, blocked: (event) => told.push(event) })
  return {
    watch,
    underWay,
    told,
    pass: (time: number) => {
      wall += time
      monotonic += time
    },
    jump: (time: number) => {
      wall += time
    },
    fire: () => {
      const run = armed
      armed = undefined
      run?.()
    },
    isArmed: () => armed !== undefined,
  }
}

test('a wall clock that jumps blocks nothing', () => {
  const { watch, told, jump } = watched()
  watch.enter()
  const begun = watch.begin()
  jump(3_600_000)
  watch.end(call('a'), begun)
  expect(told).toEqual([])
})

test('the timer is there only while attempts are', () => {
  const { watch, underWay, fire, pass, isArmed } = watched()
  expect(isArmed()).toBe(false)
  const a = call('a')
  underWay.add(a)
  watch.enter()
  for (let look = 0; look < 5; look += 1) {
    pass(50)
    fire()
    expect(isArmed()).toBe(true)
  }
  underWay.delete(a)
  watch.leave(a)
  fire()
  expect(isArmed()).toBe(false)
  underWay.add(a)
  watch.enter()
  expect(isArmed()).toBe(true)
  watch.stop()
  expect(isArmed()).toBe(false)
})

test('of two blockages in one turn both are told, each once and to its own length', () => {
  const { watch, underWay, told, pass, fire } = watched()
  for (const id of ['a', 'b']) underWay.add(call(id))
  watch.enter()
  const begun = watch.begin()
  pass(300)
  watch.end(call('a'), begun)
  pass(500) // a continuation of one of them
  fire()
  pass(50)
  fire()
  const all = [
    { task: 'task.a', id: 'a' },
    { task: 'task.b', id: 'b' },
  ]
  expect(told).toEqual([
    { blockedMs: 300, suspects: all.slice(0, 1), measured: true },
    { blockedMs: 450, suspects: all, measured: false },
  ])
})

test('suspects are 32 at most', () => {
  const { watch, underWay, told, pass, fire } = watched()
  for (let n = 0; n < 100_000; n += 1) underWay.add(call(String(n)))
  watch.enter()
  pass(1_000)
  fire()
  expect(told[0]?.suspects.length).toBe(32)
})
