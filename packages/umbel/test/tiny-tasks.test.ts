import type { TaskRow, TaskSpec, Worker } from '@umbel/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inlineWorker } from '../src/lanes/inline.ts'
import { Line } from '../src/lanes/line.ts'
import { TinyTasks } from '../src/lanes/tiny-tasks.ts'
import { Limits } from '../src/limits/limits.ts'
import { readyTokens } from '../src/limits/ready-tokens.ts'
import { SimulatedClock } from '../src/simulated-clock.ts'
import { NO_EFFECTS } from './fixtures/no-effects.ts'

describe('a task is taken for tiny', () => {
  const ran = (...times: number[]): number => {
    const tiny = new TinyTasks()
    for (const time of times) tiny.ran('a', time)
    expect(tiny.cost('b')).toBe(Number.POSITIVE_INFINITY)
    return tiny.cost('a')
  }
  const never = Number.POSITIVE_INFINITY

  test('once four runs in a row were, and not before', () => {
    expect(ran()).toBe(never)
    expect(ran(0.1, 0.1, 0.1)).toBe(never)
    expect(ran(0.1, 0.1, 0.1, 0.1)).toBeCloseTo(0.1, 1)
    expect(ran(80, 0.1, 0.1, 0.1, 0.1)).toBeCloseTo(0.1, 1) // its module was imported in the first
  })

  test('until one run is not: then it must prove itself again', () => {
    const quick = Array.from({ length: 100 }, () => 0.01)
    expect(ran(...quick)).toBeCloseTo(0.01, 1)
    expect(ran(...quick, 0.3)).toBe(never)
    expect(ran(...quick, 0.3, 0.01)).toBe(never)
    expect(ran(...quick, 0.3, 0.01, 0.01)).toBeCloseTo(0.01, 1)
    expect(ran(0.01, 0.3, 0.01, 0.01)).toBe(never)
    expect(ran(...quick, 0.3, 0.01, 0.3, 0.01, 0.3, 0.01)).toBe(never)
  })

  test('and for short once four in a row took no more than 8 ms, until one does', () => {
    const isShort = (...times: number[]): boolean => {
      const tiny = new TinyTasks()
      for (const time of times) tiny.ran('a', time)
      expect(tiny.isShort('b')).toBe(false)
      return tiny.isShort('a')
    }
    expect(isShort(5, 5, 5)).toBe(false)
    expect(isShort(5, 0.1, 8, 5)).toBe(true)
    expect(isShort(80, 5, 5, 5, 5)).toBe(true)
    expect(isShort(5, 5, 5, 5, 5, 8.1)).toBe(false)
    expect(isShort(5, 5, 5, 5, Number.POSITIVE_INFINITY, 5)).toBe(false)
    expect(isShort(5, 5, 5, 5, 9, 5, 5)).toBe(true)
    expect(ran(5, 5, 5, 5)).toBe(never)
    expect(ran(0.1, 0.1, 0.1, 5, 0.1)).toBe(never)
  })

  test('with the time that its latest runs took', () => {
    const times = (time: number): number[] => Array.from({ length: 40 }, () => time)
    expect(ran(...times(0.01), ...times(0.2))).toBeCloseTo(0.2, 1)
    expect(ran(...times(0.2), ...times(0.01))).toBeCloseTo(0.01, 1)
  })
})

/** A line of so many slots whose items take what their ids say, and what it has started, in bundles. */
function handLine(width: number, aging?: number) {
  const started: string[][] = []
  const ends: (() => void)[] = []
  const clock = new SimulatedClock()
  const run = (ids: readonly string[], over: () => void): void => {
    started.push([...ids])
    ends.push(over)
  }
  const nothing = (): void => {}
  const reports = { state: nothing, progress: nothing, begun: nothing, send: nothing, log: nothing, ...NO_EFFECTS }
  const worker: Worker = inlineWorker({
    tasks: new Map(),
    reports,
    clock,
    maxBytes: 1,
    ids: () => 'id',
    handleOf: (id) => ({ id }),
  })
  const line = new Line({
    worker,
    width,
    aging,
    now: () => clock.monotonic(),
    limits: new Limits({ tasks: new Map(), shared: new Map(), source: readyTokens(clock), clock, failed: nothing }),
    execute: (id, _, over) => run([id], over),
    bundles: {
      costOf: (spec) => (spec as unknown as { cost: number }).cost,
      isTiny: (task) => task === 't',
      isShort: () => false,
      execute: (ids, _, over) => run(ids, over),
    },
    left: nothing,
  })
  const add = (id: string, priority = 5): void =>
    line.add({ kind: 'task', id, args: '[]', spec: specOf(id, priority) } as unknown as TaskRow)
  return { line, started, add, clock, end: () => ends.shift()?.() }
}

const costOf = (id: string): number => Number(id.split(' ')[1])
/** What a task with that id is sent with. */
const specOf = (id: string, priority = 5): TaskSpec =>
  ({ task: 't', priority, cost: costOf(id) }) as unknown as TaskSpec
const settled = async (): Promise<void> => {
  for (let n = 0; n < 20; n++) await undefined
}

describe('a bundle', () => {
  test('holds what comes next, a millisecond of it, and nothing behind a task that is to run alone', async () => {
    const { line, started, add, end } = handLine(1)
    line.pause()
    for (const id of ['a 0.3', 'b 0.3', 'c 0.3', 'd 0.3', 'slow Infinity', 'e 0.001', 'f 0.001']) add(id)
    add('first 0.2', 9)
    line.resume()
    for (let n = 0; n < 4; n++) {
      await settled()
      end()
    }
    expect(started).toEqual([
      ['first 0.2', 'a 0.3', 'b 0.3'],
      ['c 0.3', 'd 0.3'],
      ['slow Infinity'],
      ['e 0.001', 'f 0.001'],
    ])
  })

  test('holds no more than the share that its slot has in what waits, among those that are free', async () => {
    const { line, started, add } = handLine(4)
    line.pause()
    for (let n = 0; n < 10; n++) add(`${n} 0.1`)
    line.resume()
    await settled()
    expect(started.map((ids) => ids.length)).toEqual([3, 3, 2, 2])
  })

  test('is for the slots to make: of those that rest there is one for what is tiny, as it takes all that comes together', async () => {
    const { line, add, end } = handLine(3)
    for (let n = 0; n < 3; n++) add(`${n} Infinity`)
    await settled()
    for (let n = 0; n < 3; n++) end()
    expect(line.resting({ task: 'other' } as TaskSpec)).toBe(3)
    expect(line.resting({ task: 't' } as TaskSpec)).toBe(1)
    for (let n = 0; n < 3; n++) add(`m${n} Infinity`)
    await settled()
    expect(line.resting({ task: 't' } as TaskSpec)).toBe(0)
  })

  test('is claimed as it is sent where a slot is free, and behind what runs: no more than fits, in halves, nothing where something waits', async () => {
    const { line, started, add, end } = handLine(1)
    for (const cost of ['Infinity', '0.01', '1.5']) expect(line.claimBundle(specOf(`none ${cost}`), 10)).toBeUndefined() // no slot rests yet
    add('first 0.01')
    await settled()
    end()
    expect(line.claimBundle(specOf('a Infinity'), 10)).toBeUndefined()
    expect(line.claimBundle(specOf('a 1.5'), 10)).toBeUndefined()
    const first = line.claimBundle(specOf('a 0.01'), 10)
    expect(first?.count).toBe(8) // so few are not halved
    for (let n = 0; n < 2; n++) expect(line.claimBundle(specOf('a 0.01'), 2)?.count).toBe(2) // behind those
    expect(line.claimBundle(specOf('a 0.01'), 2)).toBeUndefined()
    first?.over()
    expect(line.claimBundle(specOf('a 0.01'), 400)?.count).toBe(100) // a millisecond
    add('waits 0.01')
    await settled()
    expect([started.length, line.claimBundle(specOf('a 0.01'), 1)]).toEqual([1, undefined])
  })

  test('is for the lane to share out where a part of what is sent is worth another slot that is free', async () => {
    const { line, add, end } = handLine(2)
    for (const id of ['a Infinity', 'b Infinity']) add(id)
    await settled()
    for (let n = 0; n < 2; n++) end()
    expect(line.resting({ task: 'other' } as TaskSpec)).toBe(2)
    expect(line.claimBundle(specOf('c 0.01'), 20)).toBeUndefined()
    expect(line.claimBundle(specOf('c 0.01'), 4)?.count).toBe(4)
    expect(line.claimBundle(specOf('c 0.01'), 20)?.count).toBe(12) // the other slot: half of all that is under way
  })

  test('leaves nothing to another slot that is not worth waking it for: less than a tenth of a millisecond', async () => {
    const { line, started, add } = handLine(4)
    line.pause()
    for (let n = 0; n < 10; n++) add(`${n} 0.015625`)
    line.resume()
    await settled()
    expect(started.map((ids) => ids.length)).toEqual([7, 3])
  })

  test('holds, whatever waits: what is most urgent, in order, at most 256 and a millisecond, each task once', async () => {
    const item = fc.record({
      cost: fc.constantFrom(0.002, 0.01, 0.2, 0.5, 3, Number.POSITIVE_INFINITY),
      priority: fc.nat(9),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(item, { maxLength: 600 }), fc.constantFrom(undefined, 1_000), async (items, aging) => {
        const { line, started, add, end } = handLine(1, aging)
        line.pause()
        const ids = items.map(({ cost }, n) => `${n} ${cost}`)
        items.forEach(({ priority }, n) => {
          add(ids[n] as string, priority)
        })
        line.resume()
        for (await settled(); line.running > 0; await settled()) end()
        const order = ids.toSorted(
          (a, b) => (items[ids.indexOf(b)]?.priority ?? 0) - (items[ids.indexOf(a)]?.priority ?? 0),
        )
        expect(started.flat()).toEqual(order)
        for (const bundle of started) {
          expect(bundle.length).toBeLessThanOrEqual(256)
          if (bundle.length > 1) expect(bundle.reduce((sum, id) => sum + costOf(id), 0)).toBeLessThanOrEqual(1 + 1e-9)
        }
      }),
      { numRuns: 30 },
    )
  })
})
