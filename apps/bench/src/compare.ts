import type { Finding, Measure, Size } from './measure.ts'
import { ratioOf, type Spread, spread, withSpan } from './spread.ts'

/** One side of a comparison: does `count` operations and resolves when all are done. */
export interface Side {
  readonly name: string
  /** Part of the operations that it does in a round, where the others take far less time. Default 1. */
  readonly part?: number
  run(count: number): Promise<void>
}

/** What is compared: two sides that do the same work, and the libraries they stand on. */
export interface Comparison {
  readonly name: string
  /** What is done, in a sentence. */
  readonly what: string
  /** Operations of one round. */
  readonly count: number
  /** Ours first, then what it is held against. */
  open(): Promise<{ readonly sides: readonly [Side, Side]; close(): Promise<void> }>
}

/** What came of one comparison. `ratio` is the median of the paired ratios, ours to theirs. */
export interface Result {
  readonly name: string
  readonly what: string
  readonly ours: Spread & { readonly name: string }
  readonly theirs: Spread & { readonly name: string }
  readonly ratio: Spread
}

/** How much is measured. */
export interface Effort {
  readonly rounds: number
  /** Part of each comparison's operations that one round does. */
  readonly share: number
}

/** How much is measured where nothing else is said. */
export const EFFORT: Readonly<Record<Size, Effort>> = {
  full: { rounds: 9, share: 1 },
  short: { rounds: 2, share: 0.02 },
}

/** The measure that makes a comparison. */
export function comparing(comparison: Comparison): Measure {
  return {
    name: comparison.name,
    async *run(size) {
      const result = await compare(comparison, EFFORT[size])
      yield { text: textOf(result), result } satisfies Finding
    },
  }
}

function textOf({ what, ours, theirs, ratio }: Result): string {
  const number = (value: number): string => Math.round(value).toLocaleString('en')
  const rates = `${ours.name} ${number(ours.median)}/s, ${theirs.name} ${number(theirs.median)}/s`
  return `${what}: ${rates}, ratio ${withSpan(ratio, 2)}`
}

/** Run both sides in turn, the first to go changing from round to round, after one round that does not count. */
async function compare(comparison: Comparison, { rounds, share }: Effort): Promise<Result> {
  const { sides, close } = await comparison.open()
  const rates = await takeTurns(sides, Math.max(1, Math.round(comparison.count * share)), rounds).finally(close)
  const [ours, theirs] = rates as [number[], number[]]
  const { name, what } = comparison
  return {
    name,
    what,
    ours: { name: sides[0].name, ...spread(ours) },
    theirs: { name: sides[1].name, ...spread(theirs) },
    ratio: ratioOf(ours, theirs),
  }
}

/** Operations a second of each side, round by round: all sides in turn, forwards and backwards, after one round that does not count. */
export async function takeTurns(sides: readonly Side[], count: number, rounds: number): Promise<number[][]> {
  const rates = sides.map((): number[] => [])
  for (let round = -1; round < rounds; round += 1) {
    const order = [...sides.entries()]
    if (round % 2 !== 0) order.reverse()
    for (const [index, side] of order) {
      const rate = await rateOf(side, Math.max(1, Math.round(count * (side.part ?? 1))))
      if (round >= 0) rates[index]?.push(rate)
    }
  }
  return rates
}

async function rateOf(side: Side, count: number): Promise<number> {
  const before = performance.now()
  await side.run(count)
  return count / ((performance.now() - before) / 1_000)
}
