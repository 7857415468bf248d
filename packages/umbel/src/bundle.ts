import type { AttemptCall, Outcome, TaskRow, Worker } from '@umbel/core'
import { begin, countOutcome, type ExecutorContext, isCurrent, outcomeEvent } from './executor.ts'

/**
 * Run one attempt of each of several tiny tasks in one slot, as `execute` does for one: their starts are stored together, and
 * each outcome as it comes. They have no time limits, permits or anything to finish.
 */
export function executeBundle(
  context: ExecutorContext,
  ids: readonly string[],
  worker: Worker,
  over: () => void,
): void {
  const rows: TaskRow[] = []
  for (const id of ids) {
    const row = context.engine.task(id)
    if (row?.state === 'RECEIVED') rows.push(row)
  }
  const ended = (call: AttemptCall, outcome: Outcome, took?: number): void => report(context, call, outcome, took)
  allBegun(context, rows, (begun) => {
    const calls = begun.filter((call) => isCurrent(context, call))
    if (worker.runBundle === undefined) over()
    else worker.runBundle(calls, ended, over)
  })
}

/** Store that all of these start, and go on once that is done. Those that cannot are left out. */
function allBegun(
  context: ExecutorContext,
  rows: readonly TaskRow[],
  begun: (calls: readonly AttemptCall[]) => void,
): void {
  const calls: AttemptCall[] = []
  let left = rows.length
  if (left === 0) return begun(calls)
  const taken = (call: AttemptCall | undefined): void => {
    if (call !== undefined) calls.push(call)
    left -= 1
    if (left === 0) begun(calls)
  }
  for (const row of rows) begin(context, row, taken)
}

function report(context: ExecutorContext, call: AttemptCall, outcome: Outcome, took: number | undefined): void {
  if (outcome.kind !== 'given-back') context.totals.count(call, 'started')
  countOutcome(context, call, outcome)
  context.engine.accept(outcomeEvent(context, call, outcome, took))
  context.revocations.over(call.id)
}
