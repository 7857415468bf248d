import { EFFORT, type Effort } from './compare.ts'
import type { Measure } from './measure.ts'
import { ratioOf, type Spread, spread, withSpan } from './spread.ts'

/** Does one thing at a time, and how long that takes is what counts. */
export interface LoneSide {
  readonly name: string
  one(): Promise<unknown>
}

/** Two sides that do the same thing, once at a time. */
export interface Lone {
  readonly name: string
  /** What is done, in a sentence. */
  readonly what: string
  /** How often in one round. */
  readonly count: number
  /** Ours first, then what it is held against. */
  open(): Promise<{ readonly sides: readonly [LoneSide, LoneSide]; close(): Promise<void> }>
}

/** Microseconds from the call to its result: of each round the median, and the 99th percentile of all rounds. */
export interface Latency {
  readonly name: string
  readonly p50: Spread
  readonly p99: number
}

/** What came of it. `ratio` is that of the medians, ours to theirs, round by round: below 1 ours is quicker. */
export interface LoneResult {
  readonly name: string
  readonly what: string
  readonly ours: Latency
  readonly theirs: Latency
  readonly ratio: Spread
}

/** The measure that times one thing at a time. */
export function timingLone(lone: Lone): Measure {
  return {
    name: lone.name,
    async *run(size) {
      const result = await timeLone(lone, EFFORT[size])
      yield { text: textOf(result), result }
    },
  }
}

/** Time both sides in turn, the first to go changing from round to round, after one round that does not count. */
async function timeLone(lone: Lone, { rounds, share }: Effort): Promise<LoneResult> {
  const { sides, close } = await lone.open()
  const count = Math.max(10, Math.round(lone.count * share))
  const medians: [number[], number[]] = [[], []]
  const all: [number[], number[]] = [[], []]
  try {
    for (let round = -1; round < rounds; round += 1) {
      for (const index of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
        const times = await timesOf(sides[index], count)
        if (round < 0) continue
        medians[index].push(spread(times).median)
        all[index].push(...times)
      }
    }
  } finally {
    await close()
  }
  const latency = (index: 0 | 1): Latency => {
    const sorted = all[index].toSorted((a, b) => a - b)
    const p99 = sorted[Math.floor(sorted.length * 0.99)] as number
    return { name: sides[index].name, p50: spread(medians[index]), p99 }
  }
  return {
    name: lone.name,
    what: lone.what,
    ours: latency(0),
    theirs: latency(1),
    ratio: ratioOf(medians[0], medians[1]),
  }
}

async function timesOf(side: LoneSide, count: number): Promise<number[]> {
  const times: number[] = []
  for (let n = 0; n < count; n += 1) {
    const began = performance.now()
    await side.one()
    times.push((performance.now() - began) * 1_000)
  }
  return times
}

function textOf({ what, ours, theirs, ratio }: LoneResult): string {
  const times = ({ name, p50, p99 }: Latency): string => `${name} p50 ${timeText(p50.median)} (p99 ${timeText(p99)})`
  return `${what}: ${times(ours)}, ${times(theirs)}, ratio of p50 ${withSpan(ratio, 2)}`
}

const timeText = (time: number): string => (time < 10_000 ? `${time.toFixed(1)} us` : `${(time / 1_000).toFixed(1)} ms`)
