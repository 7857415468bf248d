import { decode, encode } from '../codec.ts'
import type { Draft } from '../draft.ts'
import { toErrorData } from '../error-data.ts'
import type { ChartRow } from '../rows.ts'
import { snapshotOf, tagsOf } from './transition.ts'

/**
 * A run as the versions that are registered have it: one of a version that is gone goes over to its successor, where there is one.
 * Where that cannot be, it stays as it is and waits for its own version; why is logged. What it invoked and scheduled stays.
 */
export function present(draft: Draft, id: string): ChartRow | undefined {
  const row = draft.chart(id)
  const { charts } = draft.machines
  if (row === undefined || row.endedAt !== undefined || row.closing !== undefined) return row
  if (charts.find(row.machine, row.version) !== undefined) return row
  const successor = charts.successor(row.machine, row.version)
  if (successor === undefined) return row
  try {
    const { value, context } = successor.migrate({ value: row.value, context: decode(row.context, charts.errors) })
    const text = encode(context, { maxBytes: charts.maxBytes, path: 'context' })
    const moved = { ...row, version: successor.version, value, context: text }
    const snapshot = snapshotOf(successor.chart.machine, moved, charts.errors) // throws for states that are not there
    const { deepest: state = 'STARTED', all: states } = tagsOf(snapshot)
    return { ...moved, value: snapshot.value, state, states }
  } catch (error) {
    const { name, message } = toErrorData(error)
    const label = `could not be migrated from version ${row.version} to ${successor.version}`
    draft.commands.push({ type: 'log', id, label, value: encode(`${name}: ${message}`) })
    return row
  }
}
