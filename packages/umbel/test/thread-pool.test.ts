import { encode, type Outcome } from '@umbel/core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Handed } from '../src/lanes/pooled-thread.ts'
import { ThreadCells } from '../src/lanes/thread-cells.ts'
import { ThreadPool, type ThreadPoolOptions } from '../src/lanes/thread-pool.ts'
import {
  copyLarge,
  type Item,
  type Outcomes,
  packWork,
  type Told,
  unpackOutcomes,
  unpackWork,
  type Work,
} from '../src/lanes/thread-protocol.ts'

const module = new URL('./fixtures/thread-tasks.ts', import.meta.url).href
const cells = new ThreadCells()
const told: Told[] = []
const heard = (): void => {}
const options: ThreadPoolOptions = {
  nice: 0,
  resourceLimits: undefined,
  data: { cells: cells.shared, outboxes: cells.outboxes.shared, maxBytes: 10_000, takesWrites: false },
  told: (what) => {
    told.push(what)
    heard()
  },
  asked: () => {},
  joined: () => {},
  behind: () => {},
  failed: (error) => told.push(['stray', { name: 'Error', message: String(error) }]),
}
const pool = new ThreadPool(options)
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

const packed = (cell: number, items: readonly Item[]) =>
  packWork(
    cell,
    items.map(({ number, module, ...call }) => ({ number, module, call })),
  )

const outcomesOf = (list: unknown[]): [number, Outcome][] => {
  const outcomes: [number, Outcome][] = []
  unpackOutcomes(list, (number, outcome) => outcomes.push([number, outcome]))
  return outcomes
}
/** What was told by message, and what stands in the outbox of a cell. */
const toldOutcomes = (cell: number): [number, Outcome][] => {
  const outcomes = told.flatMap((what) => (what[0] === 'outcomes' ? outcomesOf(what[1]) : []))
  const { outboxes } = cells
  outboxes.read(cell, 0, outboxes.filled(cell), (number, took, result) => {
    expect(took).toBeGreaterThanOrEqual(0)
    outcomes.push([number, { kind: 'succeeded', result }])
  })
  return outcomes.sort(([one], [other]) => one - other)
}
const succeeded = (result: unknown): Outcome => ({ kind: 'succeeded', result: encode(result) })
/** Have a pool run a message that is expected to take so many milliseconds. */
const handed = (
  work: Work,
  cost = Number.POSITIVE_INFINITY,
  by = pool,
): Promise<{ thread: number | undefined; outcomes: Outcomes }> =>
  new Promise((resolve, reject) => {
    const message: Handed = {
      work,
      size: 1,
      thread: undefined,
      cost,
      isShort: false,
      answered: (outcomes) => resolve({ thread: message.thread, outcomes }),
      lost: reject,
    }
    by.run(message)
  })
const takeCell = (): number => cells.take() ?? Number.NaN

/** What an item of the same task may differ in, each other than in `itemOf`. */
const differing: Required<Item> = {
  number: 9,
  module: 'file:///other.ts',
  id: 'other',
  task: 'threads.other',
  via: 'map',
  attempt: 2,
  run: 2,
  args: { text: '[{"$":"bytes","v":"Uint8Array"}]', bytes: [new Uint8Array([1])] },
  kwargs: '{"a":1}',
  parent: 'p',
  root: 'r',
  lane: 'etl',
  chord: true,
  place: { group: false, index: undefined, chord: false, left: 0, callbacks: 0, errbacks: 0, first: true },
  startBy: 5,
  timeLimit: { soft: 1, hard: 2 },
  version: 3,
  headers: { by: 'me' },
}

test.each(Object.keys(differing) as (keyof Item)[])(
  'an item that differs from those around it in its %s comes out as such',
  (field) => {
    const other = { ...itemOf(2, 'add', 1), [field]: differing[field] }
    const items = [itemOf(1, 'add', 1), other, itemOf(3, 'add', 1)]
    expect(structuredClone(unpackWork(packed(7, items)).items)).toEqual(items)
  },
)

test('items come out of a message as they were put in', () => {
  const items = [itemOf(1, 'add', 1, 2), { ...itemOf(2, 'add', 'x', null), headers: { deep: [null, { n: 1 }] } }]
  expect(packed(7, items)).toBeTypeOf('string')
  expect(unpackWork(packed(7, items))).toEqual({ cell: 7, items })
  // binary parts go as they are
  const binary = [...items, itemOf(3, 'add', new Uint8Array([1, 2])), itemOf(4, 'add', 'after')]
  expect(packed(8, binary)).toBeTypeOf('object')
  expect(unpackWork(packed(8, binary))).toEqual({ cell: 8, items: binary })
  // and long text, which V8 would not put together without end
  const long = [itemOf(1, 'add', 'x'.repeat(600_000)), itemOf(2, 'add', 'y'.repeat(600_000))]
  expect(packed(9, long)).toBeTypeOf('object')
  expect(unpackWork(packed(9, long))).toEqual({ cell: 9, items: long })
})

test('values of a message have no bytes in common, though several were given the same', () => {
  const shared = encode([new Uint8Array([1, 2]), new Uint16Array([3])])
  const [part] = (shared as { readonly bytes: readonly Uint8Array[] }).bytes as [Uint8Array]
  const twice = { text: '[{"$":"bytes","v":"Uint8Array"},{"$":"bytes","v":"Uint8Array"}]', bytes: [part, part] }
  const kwargs = encode({ own: new Uint8Array([4]) })
  const items = [
    { ...itemOf(1, 'add'), args: shared, kwargs },
    { ...itemOf(2, 'other'), args: shared, kwargs },
    { ...itemOf(3, 'other'), args: twice },
  ]
  const { items: unpacked } = unpackWork(structuredClone(packed(7, items)))
  expect(unpacked).toEqual(items)
  const buffers = unpacked.flatMap((item) =>
    [item.args, item.kwargs].flatMap((value) =>
      typeof value === 'object' ? value.bytes.map(({ buffer }) => buffer) : [],
    ),
  )
  expect(new Set(buffers).size).toBe(8)
})

test.each([
  ['no value with bytes', [itemOf(1, 'add', 1)], 0],
  ['small ones', [itemOf(1, 'add', new Uint8Array(65_535))], 0],
  ['a large one', [itemOf(1, 'add', new Uint8Array(65_536).fill(7))], 1],
  [
    'several',
    [itemOf(1, 'add', new Float64Array(9_000).fill(1.5), new Uint8Array(3)), itemOf(2, 'add', new Uint8Array(70_000))],
    2,
  ],
])('a message with %s goes over as it is, and all its values stay as they were', (_, items, buffers) => {
  const before = structuredClone(items)
  const message = copyLarge(packed(7, items))
  expect(message.buffers).toHaveLength(buffers)
  const got = structuredClone(message.work, { transfer: [...message.buffers] })
  expect(message.buffers.every(({ byteLength }) => byteLength === 0)).toBe(true)
  expect(unpackWork(got)).toEqual({ cell: 7, items: before })
  expect(items).toEqual(before)
})

test('a large value that several items are given is copied once, and none of them has its bytes in common with another', () => {
  const args = encode([new Uint8Array(70_000).fill(3)])
  const items = [1, 2, 3].map((number) => ({ ...itemOf(number, 'add'), args, headers: { bytes: [number] } }))
  const message = copyLarge(packed(7, items))
  expect(message.buffers).toHaveLength(1)
  const { items: unpacked } = unpackWork(structuredClone(message.work, { transfer: [...message.buffers] }))
  expect(unpacked).toEqual(items)
  expect(
    new Set(unpacked.map((item) => (item.args as { readonly bytes: readonly Uint8Array[] }).bytes[0]?.buffer)).size,
  ).toBe(3)
})

test('a message of several items leaves results in its outbox, tells what does not fit, and answers the last', async () => {
  const items = Array.from({ length: 50 }, (_, n) =>
    n === 20 ? itemOf(n + 1, 'throwsNull') : itemOf(n + 1, 'add', n === 30 ? 'long'.repeat(2_000) : n, n),
  )
  const cell = takeCell()
  const answer = await handed(packed(cell, items))
  expect(outcomesOf(answer.outcomes)).toEqual([[50, succeeded(98)]])
  const outcomes = toldOutcomes(cell)
  expect(outcomes.map(([number]) => number)).toEqual(items.slice(0, -1).map(({ number }) => number))
  expect(outcomes[20]?.[1].kind).toBe('failed')
  expect(outcomes[30]).toEqual([31, succeeded(`${'long'.repeat(2_000)}30`)])
  expect(outcomes[31]).toEqual([32, succeeded(62)])
  expect(cells.running(cell)).toBe(0)
})

test('results can be read while the next item lasts, though its handler never lets a message out', async () => {
  const cell = takeCell()
  const flag = new Int32Array(new SharedArrayBuffer(4))
  const items = [itemOf(101, 'add', 1, 1), itemOf(102, 'add', 2, 2), itemOf(103, 'busy', 200), itemOf(104, 'add', 3, 3)]
  const answer = handed(packed(cell, items))
  while (cells.running(cell) !== 103) Atomics.wait(flag, 0, 0, 1)
  expect(toldOutcomes(cell)).toEqual([
    [101, succeeded(2)],
    [102, succeeded(4)],
  ])
  // what has not begun is taken back, and never runs
  expect(cells.recall(cell)).toBe(3)
  expect(outcomesOf((await answer).outcomes)).toEqual([])
  expect(toldOutcomes(cell).map(([number]) => number)).toEqual([101, 102, 103])
})

test('an item aborted before its turn does not start', async () => {
  const cell = takeCell()
  const answer = handed(packed(cell, [itemOf(201, 'wait', 20), itemOf(202, 'tell'), itemOf(203, 'add', 1, 1)]))
  pool.order(['abort', 202, 'stopped'])
  await answer
  expect(toldOutcomes(cell).find(([number]) => number === 202)?.[1].kind).toBe('aborted')
  expect(told.some((what) => what[0] === 'state' && what[1] === 202)).toBe(false)
})

test('a thread that is lost leaves behind which item ran', async () => {
  const cell = takeCell()
  const items = [itemOf(301, 'add', 1, 1), itemOf(302, 'exit', 4), itemOf(303, 'add', 2, 2)]
  await expect(handed(packed(cell, items))).rejects.toThrow('worker exited with code: 4')
  expect(cells.running(cell)).toBe(302)
  expect(cells.culprit(cell)).toBe(302)
  expect(toldOutcomes(cell)).toEqual([[301, succeeded(2)]])
})

test('a pool that has grown never has a thread more than it was told, also after one has died', async () => {
  await pool.grow(3)
  await pool.grow(2)
  let number = 400
  const seen = new Set<number | undefined>()
  const round = async (task: string, ...args: unknown[]): Promise<void> => {
    const cell = takeCell()
    const answer = await handed(packed(cell, [itemOf(++number, task, ...args)]))
    seen.add(answer.thread)
    cells.give(cell)
  }
  const line = async (): Promise<void> => {
    for (let n = 0; n < 30 || seen.size < 3; n++) await round('wait', 1) // one that was lost takes a while to come again
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

test('what takes less than it takes to wake a thread stands behind its like, though another thread is free', async () => {
  let now = 0
  const pair = new ThreadPool({ ...options, now: () => now })
  await pair.grow(2)
  /** Have it run messages expected to take so long, all at once. Gives how many threads have them. */
  const threadsFor = async (...costs: readonly number[]): Promise<number> => {
    const sent = costs.map(async (cost) => {
      const { thread, outcomes } = await handed(packed(takeCell(), [itemOf(1, 'add', 1, 2)]), cost, pair)
      expect(outcomesOf(outcomes)).toEqual([[1, succeeded(3)]])
      return thread
    })
    return new Set(await Promise.all(sent)).size
  }
  expect(await threadsFor(0.05, 0.05)).toBe(1)
  expect(await threadsFor(0.05, 0.06)).toBe(2)
  expect(await threadsFor(0.05, Number.POSITIVE_INFINITY)).toBe(2)
  expect(await threadsFor(Number.POSITIVE_INFINITY, 0.05)).toBe(2)
  // a third has a thread to itself
  expect(await threadsFor(0.01, 0.01, 0.01)).toBe(2)
  // one that takes longer than was expected has nobody behind it
  const late = handed(packed(takeCell(), [itemOf(1, 'busy', 100)]), 0.01, pair)
  now += 1
  const other = handed(packed(takeCell(), [itemOf(1, 'add', 1, 2)]), 0.01, pair)
  expect((await other).thread).not.toBe((await late).thread)
  await pair.stop()
})

test('what no thread has room for is handed on in its order, as soon as one has', async () => {
  const before: Handed[] = []
  const one = new ThreadPool({ ...options, behind: (first) => before.push(first) })
  await one.grow(1)
  const answered: number[] = []
  const messages = [1, 2, 3, 4].map((n): Handed & { done?: () => void } => ({
    work: packed(takeCell(), [itemOf(n, 'add', n, n)]),
    size: 1,
    thread: undefined,
    cost: 1,
    isShort: n !== 4,
    answered() {
      answered.push(n)
      this.done?.()
    },
    lost: () => answered.push(-n),
  }))
  const done = Promise.all(
    messages.map((message) => new Promise<void>((resolve) => Object.assign(message, { done: resolve }))),
  )
  for (const message of messages) one.run(message)
  expect(one.waiting).toEqual(messages.slice(2))
  expect(one.unbegun()).toEqual(messages.slice(1))
  await done
  expect(answered).toEqual([1, 2, 3, 4])
  expect(before).toEqual(messages.slice(0, 2)) // the last is not short: it waits until the thread is free
  await one.stop()
})
