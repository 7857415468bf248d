import type { EngineEvent } from './event.ts'
import { nodeId, type RowReader } from './rows.ts'

const NONE: readonly string[] = []

/**
 * Tell which rows `advance` has to see for a batch of facts, beside those at hand, as what has ended or sleeps may be in the store alone.
 * One that is nowhere is named, too. Most facts need none.
 */
export function neededRows(rows: RowReader, events: readonly EngineEvent[]): readonly string[] {
  let needed: Set<string> | undefined
  for (const event of events) {
    for (const id of neededFor(event)) {
      if (rows.get(id) !== undefined) continue
      needed ??= new Set()
      needed.add(id)
    }
  }
  return needed === undefined ? NONE : [...needed]
}

function neededFor(event: EngineEvent): readonly string[] {
  switch (event.type) {
    case 'canvas-sent': {
      const { redrives, plan, unique } = event
      // a key that somebody has is at hand; one of the past counts only for a throttle
      if (unique?.throttle !== undefined) return [unique.id]
      // what stands of the workflow that it is sent in the place of: one task takes nothing over
      if (redrives === undefined || plan.nodes.length === 1) return NONE
      return plan.nodes.map((_, index) => nodeId(redrives, index))
    }
    case 'task-started':
      return event.key === undefined ? NONE : [event.key.id]
    case 'chart-started':
    case 'chart-told':
    case 'chart-due':
    case 'chart-acted':
    case 'chart-resumed':
    case 'workflow-revoked':
      return [event.id]
    default:
      return NONE
  }
}
