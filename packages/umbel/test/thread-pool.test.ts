import { encode, type Outcome } from '@umbel/core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { ThreadCells } from '../src/lanes/thread-cells.ts'
import { ThreadPool } from '../src/lanes/thread-pool.ts'
import { type Item, packWork, type Told, unpackOutcomes, unpackWork } from '../src/lanes/thread-protocol.ts'

const module = new URL('./fixtures/thread-tasks.ts', import.meta.url).href
const cells = new ThreadCells()
const told: Told[] = []
let heard = (): void => {}
const pool = new ThreadPool({
  nice: 0,
  resourceLimits: undefined,
  data: { cells: cells.shared, maxBytes: 10_000 },
  told: (what) => {
    told.push(what)
    heard()
  },
  joined: () => {},
  failed: (error) => told.push(['stray', { name: 'Error', message: String(error) }]),
})
beforeAll(() => pool.grow(1))
afterAll(() => pool.stop())
beforeEach(() => {
  told.length = 0
})

const itemOf = (number: number, task: string, ...args: unknown[]): Item => ({
  number,
  module,
  id: `id-${number}`,
  task: `threads.${task}`,
  via: 'call',
  attempt: 1,
  args: encode(args),
  kwargs: undefined,
  parent: undefined,
  root: `id-${number}`,
  lane: 'default',
  run: 1,
})

const outcomesOf = (list: unknown[]): [number, Outcome][] => {
  const outcomes: [number, Outcome][] = []
  unpackOutcomes(list, (number, outcome) => outcomes.push([number, outcome]))
  return outcomes
}
const toldOutcomes = (): [number, Outcome][] =>
  told.flatMap((what) => (what[0] === 'outcomes' ? outcomesOf(what[1]) : []))
const succeeded = (result: unknown): Outcome => ({ kind: 'succeeded', result: encode(result) })
const takeCell = (): number => cells.take() ?? Number.NaN

test('items come out of a message as they were put in', () => {
  const items = [itemOf(1, 'add', 1, 2), itemOf(2, 'add', 'x')]
  expect(unpackWork(packWork(7, items))).toEqual(items)
})

test('a message of several items is answered with all outcomes in order, those sent ahead first', async () => {
  const items = Array.from({ length: 50 }, (_, n) =>
    n === 20 ? itemOf(n + 1, 'throwsNull') : itemOf(n + 1, 'add', n, n),
  )
  const cell = takeCell()
  const answer = await pool.run(packWork(cell, items))
  const outcomes = [...toldOutcomes(), ...outcomesOf(answer.outcomes)]
  expect(outcomes.map(([number]) => number)).toEqual(items.map(({ number }) => number))
  expect(outcomes[20]?.[1].kind).toBe('failed')
  expect(outcomes[30]).toEqual([31, succeeded(60)])
  expect(cells.running(cell)).toBe(0)
  // once a task is known to be quick its results wait for the others
  told.length = 0
  const again = await pool.run(
    packWork(
      cell,
      items.filter((_, n) => n !== 20),
    ),
  )
  expect(outcomesOf(again.outcomes).length).toBeGreaterThan(0)
})

test('finished results do not wait for an item that lasts', async () => {
  const cell = takeCell()
  const items = [itemOf(101, 'add', 1, 1), itemOf(102, 'add', 2, 2), itemOf(103, 'obey')]
  const first = new Promise<void>((resolve) => {
    heard = () => {
      if (toldOutcomes().length === 2 && told.some(([what]) => what === 'state')) resolve()
    }
  })
  const answer = pool.run(packWork(cell, items))
  await first
  expect(toldOutcomes()).toEqual([
    [101, succeeded(2)],
    [102, succeeded(4)],
  ])
  expect(cells.running(cell)).toBe(103)
  pool.order(['abort', 103, 'revoked'])
  expect(outcomesOf((await answer).outcomes)).toMatchObject([[103, { kind: 'aborted' }]])
})

test('an item aborted before its turn does not start', async () => {
  const cell = takeCell()
  const answer = pool.run(packWork(cell, [itemOf(201, 'wait', 20), itemOf(202, 'tell'), itemOf(203, 'add', 1, 1)]))
  pool.order(['abort', 202, 'stopped'])
  const outcomes = [...toldOutcomes(), ...outcomesOf((await answer).outcomes)]
  expect(
    toldOutcomes()
      .concat(outcomes)
      .some(([number, { kind }]) => number === 202 && kind === 'aborted'),
  ).toBe(true)
  expect(told.some((what) => what[0] === 'state' && what[1] === 202)).toBe(false)
})

test('a thread that is lost leaves behind which item ran', async () => {
  const cell = takeCell()
  const items = [itemOf(301, 'add', 1, 1), itemOf(302, 'exit', 4), itemOf(303, 'add', 2, 2)]
  await expect(pool.run(packWork(cell, items))).rejects.toThrow('worker exited with code: 4')
  expect(cells.running(cell)).toBe(302)
  expect(cells.culprit(cell)).toBe(302)
  expect(toldOutcomes()).toEqual([[301, succeeded(2)]])
})

test('a pool that has grown never has a thread more than it was told, also after one has died', async () => {
  await pool.grow(3)
  await pool.grow(2)
  let number = 400
  const seen = new Set<number>()
  const round = async (task: string, ...args: unknown[]): Promise<void> => {
    const cell = takeCell()
    const answer = await pool.run(packWork(cell, [itemOf(++number, task, ...args)]))
    seen.add(answer.thread)
    cells.give(cell)
  }
  const line = async (): Promise<void> => {
    for (let n = 0; n < 30; n++) await round('wait', 1)
  }
  for (const _ of [1, 2, 3]) await expect(round('exit', 4)).rejects.toThrow('worker exited')
  await Promise.all([line(), line(), line()])
  expect(seen.size).toBe(3)
})

test('cells of lost threads are used again last', () => {
  const few = new ThreadCells()
  const first = few.take() ?? Number.NaN
  few.retire(first)
  const others = new Set<number>()
  for (let cell = few.take(); cell !== undefined && cell !== first; cell = few.take()) others.add(cell)
  expect(others.size).toBe(4_095)
  expect(few.take()).toBeUndefined()
})
