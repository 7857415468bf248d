/** Figures of all rounds, such as operations a second. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** Sum up the figures of all rounds. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const median =
    sorted.length % 2 === 1 ? sorted[middle] : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
  return { median: median as number, min: sorted[0] as number, max: sorted.at(-1) as number }
}

/** The median, with the lowest and the highest behind it. */
export function withSpan({ median, min, max }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)} to ${max.toFixed(digits)})`
}

/** Sum up a figure of ours over the same of another side, round by round. */
export function ratioOf(ours: readonly number[], theirs: readonly number[]): Spread {
  return spread(ours.map((figure, round) => figure / (theirs[round] as number)))
}
