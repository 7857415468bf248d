import { codedError } from '../coded-error.ts'
import type { Draft } from '../draft.ts'
import { type ErrorData, toErrorData } from '../error-data.ts'
import type { ChartChild, ChartRow } from '../rows.ts'
import type { Chart, ChildStart } from './charts.ts'
import type { ChartEffect } from './effects.ts'

/** Start what a run invokes or spawns; what cannot be started ends at once, as failed. Returns the row that knows of it. */
export function startChild(
  draft: Draft,
  row: ChartRow,
  chart: Chart,
  effect: Extract<ChartEffect, { kind: 'start' }>,
): ChartRow {
  const begun = row.begun + 1
  const id = `${row.id}/${effect.child}.${begun}`
  const { start, error } = startOf(chart, effect)
  const several = start !== undefined && (start.kind === 'chart' || start.plan.nodes.length > 1)
  const child: ChartChild = {
    id,
    kind: several ? 'workflow' : 'task',
    src: effect.src,
    ...(effect.watched && { watched: true as const }),
  }
  if (start === undefined)
    draft.mail.push({ type: 'child-ended', id: row.id, child: id, ends: { ok: false, revoked: false, error } })
  else send(draft, row, id, start)
  return { ...row, begun, children: { ...row.children, [effect.child]: child } }
}

function startOf(
  chart: Chart,
  { src, input }: Extract<ChartEffect, { kind: 'start' }>,
): { start: ChildStart; error?: undefined } | { start?: undefined; error: ErrorData } {
  try {
    return { start: chart.start(src, input) }
  } catch (error) {
    return { error: toErrorData(error) }
  }
}

function send(draft: Draft, row: ChartRow, id: string, start: ChildStart): void {
  const whence = { id, parent: row.id, root: row.root, settles: row.id, at: draft.at }
  if (start.kind === 'canvas') draft.mail.push({ type: 'canvas-sent', ...whence, plan: start.plan, input: undefined })
  else {
    const { machine, version, input } = start
    draft.mail.push({ type: 'chart-started', ...whence, machine, version, input })
  }
}

/** Forget a child; one that has not ended is revoked: the state that invoked it was left. */
export function stopChild(draft: Draft, row: ChartRow, key: string): ChartRow {
  const { [key]: child, ...children } = row.children
  if (child === undefined) return row
  revokeChild(draft, row, child)
  return { ...row, children }
}

/** Revoke what a run still waits for. */
export function stopChildren(draft: Draft, row: ChartRow): void {
  for (const child of Object.values(row.children)) revokeChild(draft, row, child)
}

function revokeChild(draft: Draft, row: ChartRow, { id, kind, ended }: ChartChild): void {
  if (ended === true) return
  const error = codedError(
    'UMBEL_REVOKED',
    `${id} was revoked as run ${row.id} of ${row.machine} left the state that invoked it.`,
  )
  draft.mail.push({ type: `${kind}-revoked`, id, error, at: draft.at })
}

/** What the machine calls a child that it still waits for; `undefined` for one that it has stopped since. */
export function keyOfChild(row: ChartRow, id: string): string | undefined {
  return Object.keys(row.children).find((key) => row.children[key]?.id === id && row.children[key]?.ended !== true)
}
