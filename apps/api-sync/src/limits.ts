import type { RateOfBucket } from 'umbel'
import { QUOTA } from './contract.ts'

// A limit holds where handlers start. The server counts where requests arrive, and some are longer on their way than others: two
// that start 1.1 s apart may arrive 0.9 s apart. So what has to stay below the quota is what starts in a window and that difference.
// A bucket promises just that: in any t seconds, of whatever length, no more than burst + rate * t start.

/** The limits of the worker: a number of pages a second for each user, and one of all else. */
export function limitsFor(pages: number): { readonly pages: RateOfBucket; readonly account: RateOfBucket } {
  return { pages: { rate: pages, burst: 2 }, account: { rate: 6, burst: 2 } }
}

/** By how many milliseconds the way to the server may differ without more than the quota arriving in a second. */
export function headroom(pages: number): number {
  const limits = limitsFor(pages)
  return Math.min(headroomOf(limits.pages, QUOTA.pages), headroomOf(limits.account, QUOTA.account))
}

/** One request too many needs burst + rate * t of quota + 1: that is the span in which they start, and a second of it is the window. */
function headroomOf({ rate, burst = 1 }: RateOfBucket, quota: number): number {
  return Math.floor(((quota + 1 - burst) / Number(rate) - 1) * 1_000)
}
