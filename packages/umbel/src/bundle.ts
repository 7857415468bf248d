import type { AttemptCall, Outcome, Seat, Worker } from '@umbel/core'
import { begin, beginPlain, countOutcome, type ExecutorContext, isCurrent, outcomeEvent } from './executor.ts'

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
  allBegun(context, ids, (calls) => {
    if (worker.runBundle === undefined) return over()
    worker.runBundle(calls, (call, outcome, took) => report(context, call, outcome, took), over)
  })
}

/** Store that all of these start, and go on once that is done, with those whose start counts. */
function allBegun(
  context: ExecutorContext,
  ids: readonly string[],
  begun: (calls: readonly AttemptCall[]) => void,
): void {
  const calls: (AttemptCall | undefined)[] = []
  const places: Seat[] = []
  let left = 1
  // one for all of them: whose start was not stored is seen by its row
  const answered = (): void => {
    left -= 1
    if (left > 0) return
    begun(calls.filter((call, index) => call !== undefined && isCurrent(context, call, places[index])) as AttemptCall[])
  }
  for (const id of ids) {
    const place = context.engine.seat(id)
    const row = place?.row
    if (place === undefined || row?.kind !== 'task' || row.state !== 'RECEIVED') continue
    left += 1
    const index = places.push(place) - 1
    calls[index] = beginPlain(context, row, answered)
    if (calls[index] !== undefined) continue
    begin(context, row, (call) => {
      calls[index] = call
      answered()
    })
  }
  answered()
}

function report(context: ExecutorContext, call: AttemptCall, outcome: Outcome, took: number | undefined): void {
  if (outcome.kind !== 'given-back') context.totals.count(call, 'started')
  countOutcome(context, call, outcome)
  context.engine.accept(outcomeEvent(context, call, outcome, took))
  context.revocations.over(call.id)
}
