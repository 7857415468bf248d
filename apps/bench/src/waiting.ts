import PQueue from 'p-queue'
import { type App, type AsyncResult, createApp } from 'umbel'
import { collector } from './heap.ts'
import type { Finding, Measure, Size } from './measure.ts'
import { ratioOf, spread, withSpan } from './spread.ts'
import { bench } from './tasks.ts'

/** What so many waiting tasks cost, each: microseconds and bytes. */
interface Costs {
  readonly add: number
  readonly take: number
  /** Of the first that is cancelled among them. */
  readonly cancelFirst: number
  /** The median of those after it. */
  readonly cancel: number
  /** Of heap, while nobody has its handle. */
  readonly bytes: number
  /** The same while somebody waits for its result. */
  readonly awaitedBytes: number
}

/** What is asked of p-queue alone. */
type QueueCosts = Pick<Costs, 'add' | 'take' | 'bytes'>

interface WaitingEffort {
  readonly rounds: number
  readonly sizes: readonly number[]
  /** p-queue looks through its list at each add: what waits in it is bounded by patience. */
  readonly queueSizes: readonly number[]
}

const EFFORTS: Readonly<Record<Size, WaitingEffort>> = {
  full: { rounds: 3, sizes: [10_000, 100_000, 1_000_000], queueSizes: [10_000, 100_000] },
  short: { rounds: 1, sizes: [1_000, 5_000], queueSizes: [1_000] },
}
const CANCELLED = 500
const PRIORITIES = 10
const CALLS = Array.from({ length: PRIORITIES }, (_, priority) => bench.inlineNoop.s(1).set({ priority }))

/** Tasks of all priorities that wait, few and many, beside p-queue alone. */
export const waiting: Measure = {
  name: 'waiting',
  async *run(size) {
    const { rounds, sizes, queueSizes } = EFFORTS[size]
    const collect = collector()
    const ours = sizes.map((): Costs[] => [])
    const queue = queueSizes.map((): QueueCosts[] => [])
    for (let round = -1; round < rounds; round += 1) {
      // what does not count need not be long
      const most = round < 0 ? (sizes[0] as number) : Number.POSITIVE_INFINITY
      for (const [index, waiting] of inTurn(sizes, round)) {
        if (waiting <= most) put(ours, index, round, await costsOf(waiting, collect))
      }
      for (const [index, waiting] of inTurn(queueSizes, round)) {
        if (waiting <= most) put(queue, index, round, await queueCostsOf(waiting, collect))
      }
    }
    for (const [index, waiting] of sizes.entries()) yield finding('umbel', waiting, ours[index] ?? [], ours[0] ?? [])
    for (const [index, waiting] of queueSizes.entries())
      yield finding('p-queue', waiting, queue[index] ?? [], queue[0] ?? [])
  },
}

function inTurn(sizes: readonly number[], round: number): [number, number][] {
  const order = [...sizes.entries()]
  return round % 2 === 0 ? order : order.reverse()
}

function put<Of>(lists: readonly Of[][], index: number, round: number, costs: Of): void {
  if (round >= 0) lists[index]?.push(costs)
}

async function costsOf(waiting: number, collect: () => void): Promise<Costs> {
  const times = await timesOf(waiting)
  const bytes = await bytesOf(waiting, collect, () => undefined)
  const awaitedBytes = await bytesOf(waiting, collect, (handle) => handle.get())
  return { ...times, bytes, awaitedBytes }
}

async function timesOf(waiting: number): Promise<Omit<Costs, 'bytes' | 'awaitedBytes'>> {
  const app = await openPaused()
  try {
    const began = performance.now()
    const { some, last } = await fill(app, waiting)
    const filled = performance.now()
    const [cancelFirst = 0, ...cancels] = await timesOfEach(some, (handle) => handle.revoke())
    const cancelled = performance.now()
    await app.control.resume('default')
    await last.get()
    const taken = performance.now()
    return {
      add: ((filled - began) * 1_000) / waiting,
      cancelFirst,
      cancel: spread(cancels).median,
      take: ((taken - cancelled) * 1_000) / (waiting - some.length),
    }
  } finally {
    await app.stop({ deadline: 0 })
  }
}

/** Microseconds of each, one after another. */
async function timesOfEach<Of>(list: readonly Of[], act: (one: Of) => Promise<unknown>): Promise<number[]> {
  const times: number[] = []
  for (const one of list) {
    const began = performance.now()
    await act(one)
    times.push((performance.now() - began) * 1_000)
  }
  return times
}

async function bytesOf(
  waiting: number,
  collect: () => void,
  keep: (handle: AsyncResult<number>) => unknown,
): Promise<number> {
  const app = await openPaused()
  const kept: unknown[] = new Array(waiting)
  collect()
  const before = heldBytes()
  for (let n = 0; n < waiting; n += 1) {
    const handle = app.delay(CALLS[n % PRIORITIES] as (typeof CALLS)[0])
    kept[n] = keep(handle)
    if (n % 1_000 === 999) await handle.accepted
  }
  collect()
  const bytes = (heldBytes() - before) / waiting
  await app.stop({ deadline: 0 })
  await Promise.allSettled(kept)
  return bytes
}

/** Send so many; gives some handles among them, and that of the task which is taken last. */
async function fill(app: App, waiting: number): Promise<{ some: AsyncResult<number>[]; last: AsyncResult<number> }> {
  const some: AsyncResult<number>[] = []
  const each = Math.max(3, Math.floor(waiting / CANCELLED))
  let last: AsyncResult<number> | undefined
  for (let n = 0; n < waiting; n += 1) {
    const priority = n % PRIORITIES
    const handle = app.delay(CALLS[priority] as (typeof CALLS)[0])
    if (priority === 0) last = handle
    else if (n % each === 1) some.push(handle)
    if (n % 1_000 === 999) await handle.accepted
  }
  if (last === undefined) throw new Error('Nothing was sent.')
  await last.accepted
  return { some, last }
}

async function openPaused(): Promise<App> {
  const lanes = { default: { threads: 0, inline: 100, backlog: 2_000_000 } }
  const app = createApp({ name: 'waiting', tasks: [bench], lanes })
  await app.start()
  await app.control.pause('default')
  return app
}

async function queueCostsOf(waiting: number, collect: () => void): Promise<QueueCosts> {
  const queue = new PQueue({ concurrency: 100, autoStart: false })
  collect()
  const before = heldBytes()
  const began = performance.now()
  const all = Array.from({ length: waiting }, (_, n) => queue.add(async () => 1, { priority: n % PRIORITIES }))
  const filled = performance.now()
  collect()
  const bytes = (heldBytes() - before) / waiting
  const resumed = performance.now()
  queue.start()
  await Promise.all(all)
  const take = ((performance.now() - resumed) * 1_000) / waiting
  return { add: ((filled - began) * 1_000) / waiting, take, bytes }
}

function heldBytes(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** What each of the costs is called, and its unit. */
const COSTS: Readonly<Record<keyof Costs, readonly [name: string, unit: string]>> = {
  add: ['add', 'us'],
  take: ['take', 'us'],
  cancelFirst: ['cancel the first', 'us'],
  cancel: ['cancel another', 'us'],
  bytes: ['heap', 'bytes'],
  awaitedBytes: ['heap with its result awaited', 'bytes'],
}

/** Sum up one number of waiting tasks, and what each costs to the fewest. */
function finding(
  side: string,
  waiting: number,
  rounds: readonly Partial<Costs>[],
  few: readonly Partial<Costs>[],
): Finding {
  const figures = Object.entries(COSTS).flatMap(([key, [name, unit]]) => {
    const of = (costs: Partial<Costs>): number => costs[key as keyof Costs] ?? Number.NaN
    const own = rounds.map(of)
    if (own.some(Number.isNaN)) return []
    return [{ name, unit, each: spread(own), toFew: ratioOf(own, few.map(of)) }]
  })
  const words = figures.map(({ name, unit, each, toFew }) => {
    const digits = unit === 'us' ? 2 : 0
    return `  ${name} ${withSpan(each, digits)} ${unit}, ${withSpan(toFew, 2)} times that of the fewest`
  })
  return {
    text: [`${side}, ${waiting.toLocaleString('en')} waiting, each:`, ...words].join('\n'),
    result: { side, waiting, figures },
  }
}
