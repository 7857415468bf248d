import type { AttemptCall, Outcome, TaskRow, TaskSpec, Worker } from '@umbel/core'
import { begin, countOutcome, type ExecutorContext, isCurrent, outcomeEvent } from './executor.ts'

/**
 * Run one attempt of each of several tiny tasks in one slot, as `execute` does for one: their starts are stored together, and
 * each outcome as it comes. They have no time limits, permits or anything to finish.
 */
export async function executeBundle(context: ExecutorContext, ids: readonly string[], worker: Worker): Promise<void> {
  const { engine } = context
  const rows = ids.map((id) => engine.task(id)).filter((row) => row?.state === 'RECEIVED') as TaskRow[]
  const calls = (await allBegun(context, rows)).filter((call) => isCurrent(context, call))
  const specs = new Map(rows.map(({ id, spec }) => [id, spec]))
  await worker.runBundle?.(calls, (call, outcome) => report(context, call, specs.get(call.id) as TaskSpec, outcome))
}

/** Store that all of these start, and wait until that is done. Those that cannot are left out. */
function allBegun(context: ExecutorContext, rows: readonly TaskRow[]): Promise<readonly AttemptCall[]> {
  const calls: AttemptCall[] = []
  let left = rows.length
  return new Promise((resolve) => {
    if (left === 0) resolve(calls)
    for (const row of rows)
      begin(context, row, (call) => {
        if (call !== undefined) calls.push(call)
        left -= 1
        if (left === 0) resolve(calls)
      })
  })
}

function report(context: ExecutorContext, call: AttemptCall, spec: TaskSpec, outcome: Outcome): void {
  if (outcome.kind !== 'given-back') context.totals.count(spec, 'started')
  countOutcome(context, spec, outcome)
  context.engine.accept(outcomeEvent(context, call, outcome))
  context.revocations.over(call.id)
}
