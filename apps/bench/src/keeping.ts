import { type Side, takeTurns } from './compare.ts'
import { ratioOf, type Spread, spread } from './spread.ts'

/** A side that keeps what it has accepted, for better or worse. */
export interface Keeping extends Side {
  /** What of the tasks that were accepted is gone after its process, or the machine's power, has. */
  readonly loses: string
  close(): Promise<void>
}

/** Tasks a second of a side. */
export interface KeptRate {
  readonly name: string
  readonly loses: string
  readonly rate: Spread
  /** What each of ours does to what this one does, round by round. */
  readonly ratios: readonly Spread[]
}

/** Let all sides do so many tasks in turn. The first are ours, and each is held against them. */
export async function ratesOf(
  sides: readonly Keeping[],
  count: number,
  rounds: number,
  ours: number,
): Promise<KeptRate[]> {
  const rates = await takeTurns(sides, count, rounds)
  return sides.map(({ name, loses }, index) => {
    const own = rates[index] ?? []
    return { name, loses, rate: spread(own), ratios: rates.slice(0, ours).map((rate) => ratioOf(rate, own)) }
  })
}
