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

/** Figures of all rounds, such as operations a second. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
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

/** Run both sides in turn, the first to go changing from round to round, after one round that does not count. */
export async function compare(comparison: Comparison, { rounds, share }: Effort): Promise<Result> {
  const { sides, close } = await comparison.open()
  const rates = await takeTurns(sides, Math.max(1, Math.round(comparison.count * share)), rounds).finally(close)
  const [ours, theirs] = rates as [number[], number[]]
  const ratios = ours.map((rate, round) => rate / (theirs[round] as number))
  const { name, what } = comparison
  return {
    name,
    what,
    ours: { name: sides[0].name, ...spread(ours) },
    theirs: { name: sides[1].name, ...spread(theirs) },
    ratio: spread(ratios),
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

/** Sum up the figures of all rounds. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const median =
    sorted.length % 2 === 1 ? sorted[middle] : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
  return { median: median as number, min: sorted[0] as number, max: sorted.at(-1) as number }
}
