import { QUOTA, type Report } from './contract.ts'
import type { Seen } from './quota.ts'

/** What the server saw, in figures. */
export interface Summary {
  readonly users: number
  readonly requests: number
  readonly violations: number
  /** The most pages of one user that were asked for in any second. */
  readonly worstWindow: number
  readonly quota: number
  readonly seconds: number
  /** How many pages were fetched, of those that the quota allows in the time from a user's first to its last; over all users. */
  readonly throughputOfQuota: number
}

/** Work out the figures of a run. */
export function summaryOf({ pages, account }: Report, seconds: number): Summary {
  const users = Object.values(pages)
  const all = account === undefined ? users : [...users, account]
  const sum = (of: readonly Seen[], figure: (seen: Seen) => number): number =>
    of.reduce((total, seen) => total + figure(seen), 0)
  const spans = sum(users, ({ first, last }) => last - first) / 1_000
  return {
    users: users.length,
    requests: sum(all, ({ requests }) => requests),
    violations: sum(all, ({ violations }) => violations),
    worstWindow: Math.max(0, ...users.map(({ worstWindow }) => worstWindow)),
    quota: QUOTA.pages,
    seconds: rounded(seconds),
    throughputOfQuota: rounded(
      sum(users, ({ requests, violations }) => requests - violations - 1) / spans / QUOTA.pages,
    ),
  }
}

/** A line for each user, and one for the account. */
export function table({ pages, account }: Report): string {
  const line = (name: string, quota: number | string, { requests, worstWindow, violations }: Seen): string =>
    `${name.padEnd(12)}${`${requests}`.padStart(9)}${`${worstWindow} of ${quota}`.padStart(14)}${`${violations}`.padStart(12)}`
  return [
    `${'quota'.padEnd(12)} requests  worst second  violations`,
    ...Object.entries(pages).map(([user, seen]) => line(user, QUOTA.pages, seen)),
    ...(account === undefined ? [] : [line('account', QUOTA.account, account)]),
  ].join('\n')
}

const rounded = (value: number): number => (Number.isFinite(value) ? Math.round(value * 100) / 100 : 0)
