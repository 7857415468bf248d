import type { Draft } from '../draft.ts'
import type { ChartRow, ChartTimer } from '../rows.ts'

/** The moment at which something scheduled is due next; `undefined` where nothing is. */
export function nextDue({ timers, endedAt }: Pick<ChartRow, 'timers' | 'endedAt'>): number | undefined {
  if (endedAt !== undefined || timers.length === 0) return undefined
  return timers.reduce((least, { due }) => Math.min(least, due), Number.POSITIVE_INFINITY)
}

/** What is due at a moment: the earliest, of those the one scheduled first. */
export function firstDue(timers: readonly ChartTimer[], at: number): ChartTimer | undefined {
  let first: ChartTimer | undefined
  for (const timer of timers) if (timer.due <= at && (first === undefined || timer.due < first.due)) first = timer
  return first
}

/** Put a row and arm its timer. */
export function put(draft: Draft, row: ChartRow): void {
  const before = draft.chart(row.id)
  draft.put(row)
  rearm(draft, before, row)
}

/** Arm the one timer of a run for what is due next, where that has changed. */
function rearm(draft: Draft, before: ChartRow | undefined, row: ChartRow): void {
  const at = nextDue(row)
  if (at === (before === undefined ? undefined : nextDue(before))) return
  draft.commands.push(at === undefined ? { type: 'cancel-timer', id: row.id } : { type: 'start-timer', id: row.id, at })
}
