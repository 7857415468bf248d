import type { AttemptCall, Outcome, TaskSpec, Worker } from '@umbel/core'
import { begun, countOutcome, type ExecutorContext, isCurrent, outcomeEvent } from './executor.ts'

/**
 * Run one attempt of each of several tiny tasks in one slot, as `execute` does for one: their starts are stored together, and
 * each outcome as it comes. They have no time limits, permits or anything to finish.
 */
export async function executeBundle(context: ExecutorContext, ids: readonly string[], worker: Worker): Promise<void> {
  const specs = new Map<string, TaskSpec>()
  const starts = ids.map((id) => {
    const row = context.engine.task(id)
    if (row?.state !== 'RECEIVED') return undefined
    specs.set(id, row.spec)
    return begun(context, row)
  })
  const calls = (await Promise.all(starts)).filter(
    (call): call is AttemptCall => call !== undefined && isCurrent(context, call),
  )
  await worker.runBundle?.(calls, (call, outcome) => report(context, call, specs.get(call.id) as TaskSpec, outcome))
}

function report(context: ExecutorContext, call: AttemptCall, spec: TaskSpec, outcome: Outcome): void {
  if (outcome.kind !== 'given-back') context.totals.count(spec, 'started')
  countOutcome(context, spec, outcome)
  context.engine.accept(outcomeEvent(context, call, outcome))
  context.revocations.over(call.id)
}
