import { type Encoded, encode } from '../codec.ts'
import { codedError } from '../coded-error.ts'
import type { Draft, Ends } from '../draft.ts'
import { toErrorData } from '../error-data.ts'
import { umbelError } from '../errors.ts'
import type { ChartChild, ChartRow } from '../rows.ts'
import type { Chart, ChildStart } from './charts.ts'
import type { Done } from './compensation.ts'
import type { ChartEffect } from './effects.ts'

/** Compensations that wait in one run for it to end. */
const MOST_DONE = 1_000

/** Start what a run invokes or spawns; what cannot be started ends at once, as failed. Returns the row that knows of it. */
export function startChild(
  draft: Draft,
  row: ChartRow,
  chart: Chart,
  effect: Extract<ChartEffect, { kind: 'start' }>,
): ChartRow {
  const begun = row.begun + 1
  const id = `${row.id}/${effect.child}.${begun}`
  const { src, watched } = effect
  let input: Encoded | undefined
  const kind = launch(draft, row, id, () => {
    const start = chart.start(src, effect.input)
    if (chart.compensation(src) !== undefined) input = compensatedInput(draft, row, effect)
    return start
  })
  const child: ChartChild = {
    id,
    kind,
    src,
    ...(watched && { watched: true as const }),
    ...(input !== undefined && { input }),
  }
  return { ...row, begun, children: { ...row.children, [effect.child]: child } }
}

/** What something that can be taken back is given. @throws UMBEL_TOO_MANY_COMPENSATIONS, UMBEL_CANNOT_TRAVEL and its like */
function compensatedInput(
  draft: Draft,
  row: ChartRow,
  { src, input }: Extract<ChartEffect, { kind: 'start' }>,
): Encoded {
  const pending = Object.values(row.children).filter((child) => child.input !== undefined && child.ended !== true)
  if ((row.done?.length ?? 0) + pending.length >= MOST_DONE)
    throw umbelError(
      'UMBEL_TOO_MANY_COMPENSATIONS',
      `Run ${row.id} of ${row.machine} has done ${MOST_DONE} things that it would take back, and starts no ${src}.`,
    )
  return encode(input, { maxBytes: draft.machines.charts.maxBytes, path: 'input' })
}

/** Start a task, a canvas or a run for a run, under an id; what cannot be started ends at once, as failed. */
export function launch(draft: Draft, row: ChartRow, id: string, startOf: () => ChildStart): ChartChild['kind'] {
  try {
    const start = startOf()
    send(draft, row, id, start)
    return start.kind === 'chart' || start.plan.nodes.length > 1 ? 'workflow' : 'task'
  } catch (error) {
    const ends = { ok: false, revoked: false, error: toErrorData(error) } as const
    draft.mail.push({ type: 'child-ended', id: row.id, child: id, ends })
    return 'task'
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

/** Forget a child; one that has not ended is revoked: the state that invoked it was left. What it has done its run takes over. */
export function stopChild(draft: Draft, row: ChartRow, key: string): ChartRow {
  const { [key]: child, ...children } = row.children
  if (child === undefined) return row
  const left = withDone(row, doneSoFar(draft, child))
  revokeChild(draft, row, child)
  return { ...left, children }
}

/** Revoke what a run still waits for, and take over what that has done. */
export function stopChildren(draft: Draft, row: ChartRow): ChartRow {
  const done = Object.values(row.children).flatMap((child) => doneSoFar(draft, child))
  for (const child of Object.values(row.children)) revokeChild(draft, row, child)
  return withDone(row, done)
}

function revokeChild(draft: Draft, row: ChartRow, { id, kind, ended }: ChartChild): void {
  // what takes back what it has done is not kept from it
  if (ended === true || draft.chart(id)?.compensating !== undefined) return
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

/** A run one of whose children has ended: what that did is kept, where it can be taken back. */
export function withEnded(draft: Draft, row: ChartRow, key: string, child: ChartChild, ends: Ends): ChartRow {
  const { id, src, input } = child
  const done: readonly Done[] =
    input !== undefined && ends.ok ? [{ id, src, input, output: ends.result }] : doneSoFar(draft, child)
  return { ...withDone(row, done), children: { ...row.children, [key]: { ...child, ended: true } } }
}

/** What a run that was invoked, and those that it has invoked in turn, did that can be taken back, and do not take back themselves. */
function doneSoFar(draft: Draft, { id, ended }: ChartChild): readonly Done[] {
  const row = ended === true ? undefined : draft.chart(id)
  if (row === undefined || row.compensating !== undefined) return []
  const { machine, version, done = [], children } = row
  const own = done.map((one) => (one.by === undefined ? { ...one, by: { machine, version } } : one))
  return [...own, ...Object.values(children).flatMap((child) => doneSoFar(draft, child))]
}

const withDone = (row: ChartRow, more: readonly Done[]): ChartRow =>
  more.length === 0 ? row : { ...row, done: [...(row.done ?? []), ...more] }
