import type { KeptRate } from './keeping.ts'
import { type Spread, withSpan } from './spread.ts'
import type { WrittenResult } from './written.ts'

/** What came of durable no-op tasks, so many under way. */
export interface DurableResult {
  readonly underWay: number
  readonly sides: readonly KeptRate[]
  /** 99th percentile of the event loop's delay while our tasks run, in milliseconds. */
  readonly loopDelay: Spread
  /** The same where nothing runs, right afterwards: what the machine itself does to it. */
  readonly idleDelay: number
  /** What was left out, and why. */
  readonly skipped: readonly string[]
}

/** A table of durable tasks for people. */
export function durableTable({ underWay, sides, loopDelay, idleDelay, skipped }: DurableResult): string {
  const lines = sides.map(({ name, loses, rate, ratios }, index) => {
    const ours = index === 0 ? '' : `, umbel to it ${ratios.map((ratio) => withSpan(ratio, 2))}`
    return `  ${name}: ${Math.round(rate.median).toLocaleString('en')}/s${ours}; lost when ${loses}`
  })
  return [
    `durable no-op tasks, ${underWay} under way:`,
    ...lines,
    `  event loop meanwhile: delay p99 ${withSpan(loopDelay, 1)} ms, of an idle one ${idleDelay.toFixed(1)} ms`,
    ...skipped.map((what) => `  skipped ${what}`),
  ].join('\n')
}

/** What is written for each member, in a line. */
export function writtenLine(results: readonly WrittenResult[]): string {
  if (results.length === 0) return 'bytes written: this system does not count them'
  const each = results.map(
    ({ members, bytesPerMember }) =>
      `${Math.round(bytesPerMember)} for each of ${members.toLocaleString('en')} members`,
  )
  return `bytes written to disk: ${each.join(', ')} of a group`
}
