import { createApp } from 'umbel'
import type { Measure, Size } from './measure.ts'
import { bench } from './tasks.ts'

/** Milliseconds of work that the task in the high lane has where nothing disturbs it. */
const WORK = 75

/** Threads of the low lane, and how many tasks for them wait or run at any time. */
const LOW_THREADS = 2
const LOW_TASKS = 4

/** Milliseconds that one task took, over all that were measured. */
interface Latency {
  readonly p50: number
  readonly p99: number
}

/** What came of the lanes: how long a task in the high lane takes alone, and while the low lane is saturated. */
interface LaneResult {
  readonly what: string
  readonly alone: Latency
  readonly saturated: Latency
  /** p99 while the low lane is saturated, to p99 alone. */
  readonly ratio: number
  /** Tasks of the low lane that ended in each second of the rounds in which it was saturated. */
  readonly lowPerSecond: number
  readonly tasks: number
}

interface LaneEffort {
  readonly rounds: number
  /** Tasks of one round, one after another. */
  readonly tasks: number
}

const EFFORTS: Readonly<Record<Size, LaneEffort>> = {
  full: { rounds: 40, tasks: 5 },
  short: { rounds: 1, tasks: 2 },
}

/** What a low lane that is full of work does to a task in the high one. */
export const laneIsolation: Measure = {
  name: 'lanes',
  async *run(size) {
    const result = await isolation(EFFORTS[size])
    yield { text: textOf(result), result }
  },
}

function textOf({ what, alone, saturated, ratio, lowPerSecond, tasks }: LaneResult): string {
  const times = ({ p50, p99 }: Latency): string => `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`
  const low = `the low lane ends ${lowPerSecond.toFixed(1)} tasks/s`
  return `${what}: ${times(saturated)}; alone ${times(alone)}; ratio of p99 ${ratio.toFixed(2)} (${tasks} tasks each, ${low})`
}

/** Time a task that computes in a lane of its own, in rounds alone and with a low lane (nice 15) full of work, in turn. */
async function isolation({ rounds, tasks }: LaneEffort): Promise<LaneResult> {
  const lanes = { default: { threads: 0 }, high: { threads: 1 }, low: { threads: LOW_THREADS, nice: 15 } }
  const app = createApp({ name: 'lanes', tasks: [bench], lanes })
  await app.start()
  const alone: number[] = []
  const saturated: number[] = []
  let lowTasks = 0
  let lowTime = 0
  try {
    const turns = await turnsOf(WORK)
    const measure = async (times: number[]): Promise<void> => {
      for (let n = 0; n < tasks; n += 1) times.push(await timed(turns))
    }
    for (let round = -1; round < rounds; round += 1) {
      const [first, second] = round < 0 ? [[], []] : [alone, saturated]
      if (round % 2 === 0) await measure(first)
      const began = performance.now()
      lowTasks += await whileSaturated(turns, () => measure(second))
      lowTime += performance.now() - began
      if (round % 2 !== 0) await measure(first)
    }
  } finally {
    await app.stop({ deadline: 0 })
  }
  const [calm, busy] = [latency(alone), latency(saturated)]
  return {
    what: `${WORK} ms of work in the high lane while ${LOW_THREADS} threads of the low lane (nice 15) compute`,
    alone: calm,
    saturated: busy,
    ratio: busy.p99 / calm.p99,
    lowPerSecond: lowTasks / (lowTime / 1_000),
    tasks: alone.length,
  }
}

/** Keep the low lane full of work until something is done. Gives how many of its tasks ended. */
async function whileSaturated(turns: number, act: () => Promise<void>): Promise<number> {
  let done = false
  let ended = 0
  const low = async (): Promise<void> => {
    while (!done) {
      await bench.burn.s(turns).set({ lane: 'low' }).delay().get()
      ended += 1
    }
  }
  const lines = Array.from({ length: LOW_TASKS }, low)
  await act()
  done = true
  await Promise.all(lines)
  return ended
}

async function timed(turns: number): Promise<number> {
  const began = performance.now()
  await bench.burn.s(turns).set({ lane: 'high', priority: 9 }).delay().get()
  return performance.now() - began
}

/** Turns of the work that take so many milliseconds, as a thread that is warm does them: the quickest of several tries. */
async function turnsOf(time: number): Promise<number> {
  const turns = 5_000_000
  const tries: number[] = []
  for (let n = 0; n < 10; n += 1) tries.push(await timed(turns))
  return Math.round((turns * time) / Math.min(...tries))
}

function latency(times: readonly number[]): Latency {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] as number
  return { p50: at(0.5), p99: at(0.99) }
}
