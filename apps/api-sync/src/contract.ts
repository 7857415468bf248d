import type { Seen } from './quota.ts'

/** What the API's documentation says: requests in any window of a second, by the server's clock when they arrive. */
export const QUOTA = {
  /** Pages that one user may be asked for. */
  pages: 10,
  /** All else that the account may ask for, over all users: a profile counts once, a total twice. */
  account: 12,
} as const

/** How much a total counts for the account. */
export const TOTAL_WEIGHT = 2

/** What the server answers when it is asked what it saw. */
export interface Report {
  /** By user. */
  readonly pages: Readonly<Record<string, Seen>>
  readonly account: Seen | undefined
  /** Longest that a request was on its way, in milliseconds. */
  readonly slowest: number
}
