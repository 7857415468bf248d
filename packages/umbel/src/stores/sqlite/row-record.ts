import {
  type ChartRow,
  END,
  type JoinRow,
  type KeyRow,
  NO_PAST,
  type Past,
  type PastState,
  type Plan,
  parentOf,
  pastWith,
  type Row,
  type StreamRow,
  type TaskRow,
  type TaskSpec,
  type WorkflowRow,
} from '@umbel/core'
import { type Packed, pack, unpack } from './pack.ts'
import { type FixedTask, taskBody } from './task-body.ts'

/** A row of the table of rows: keys have one of their own. */
export type TableRow = Exclude<Row, KeyRow>

/** A row as the table has it. What may be asked for has a column; the rest stands in `fixed`, which is written once, and `body`. */
export interface RowRecord {
  readonly n: number
  readonly id: string
  readonly kind: TableRow['kind']
  readonly state: string | null
  readonly task: string | null
  readonly workflow: string | null
  readonly parent: string | null
  readonly sent_at: number | null
  readonly ended_at: number | null
  /** Rows that are dropped with it: of a task outside of workflows and of a run 1, of a workflow its nodes and itself, else 0. */
  readonly size: number
  /** Number of a spec that several rows share. */
  readonly spec: number | null
  /** Number of the plan that it has, or is a node of. */
  readonly plan: number | null
  /** What never changes; `null` where there is nothing, or it is in the table `large`. */
  readonly fixed: Packed | null
  readonly body: Packed
}

/** What rows share with others. */
export interface Shared {
  /** Number of the plan of a workflow, and the plan. */
  planOf(workflow: string): { readonly n: number; readonly plan: Plan } | undefined
  plan(n: number): Plan | undefined
  specNumber(spec: TaskSpec): number | undefined
  spec(n: number): TaskSpec | undefined
}

/** Whether what is fixed about a row is still what it was. */
export function isSameFixed(before: TableRow, row: TableRow): boolean {
  if (before.kind === 'task' && row.kind === 'task')
    return (
      before.spec === row.spec &&
      before.args === row.args &&
      before.kwargs === row.kwargs &&
      before.parent === row.parent &&
      before.root === row.root &&
      before.settles === row.settles &&
      before.expires === row.expires &&
      before.workflow === row.workflow &&
      before.sentAt === row.sentAt
    )
  if (before.kind === 'chart' && row.kind === 'chart')
    return (
      before.machine === row.machine &&
      before.version === row.version &&
      before.parent === row.parent &&
      before.root === row.root &&
      before.settles === row.settles &&
      before.sentAt === row.sentAt
    )
  if (before.kind === 'workflow' && row.kind === 'workflow')
    return (
      before.plan === row.plan &&
      before.parent === row.parent &&
      before.root === row.root &&
      before.settles === row.settles &&
      before.sentAt === row.sentAt
    )
  return before.kind === row.kind
}

/** Fields that have a column or stand in `fixed`, of all but tasks. */
const ELSEWHERE: { readonly [Kind in Exclude<TableRow['kind'], 'task'>]: ReadonlySet<string> } = {
  workflow: new Set('kind id plan parent root settles sentAt state endedAt'.split(' ')),
  chart: new Set('kind id machine version parent root settles sentAt state endedAt'.split(' ')),
  join: new Set(['kind', 'id', 'workflow']),
  stream: new Set(['kind', 'id']),
}

/** What changes about a row: its state, its end, and all fields that are not fixed, whatever they are. */
export function changing(row: TableRow): Pick<RowRecord, 'state' | 'ended_at' | 'body'> {
  if (row.kind === 'task') return { state: row.state, ended_at: row.endedAt ?? null, body: taskBody(row) }
  const elsewhere = ELSEWHERE[row.kind]
  const rest: Record<string, unknown> = {}
  for (const key in row) {
    const value = (row as unknown as Record<string, unknown>)[key]
    if (value !== undefined && !elsewhere.has(key)) rest[key] = value
  }
  const body = pack(rest)
  if (row.kind === 'join' || row.kind === 'stream') return { state: null, ended_at: null, body }
  return { state: row.state, ended_at: row.endedAt ?? null, body }
}

const NOTHING = {
  task: null,
  workflow: null,
  parent: null,
  sent_at: null,
  size: 0,
  spec: null,
  plan: null,
  fixed: null,
}

/** A new row as a record, without what changes. `plan` is the number of a workflow's plan. */
export function fixedRecord(
  row: TableRow,
  shared: Shared,
  plan: number | null,
): Omit<RowRecord, 'n' | 'state' | 'ended_at' | 'body'> {
  const { id, kind } = row
  switch (kind) {
    case 'task':
      return fixedTask(row, shared)
    case 'workflow': {
      const { parent, root, settles, sentAt } = row
      const fixed = { parent, root: root === id ? undefined : root, settles }
      const size = row.plan.nodes.length + 1
      return {
        ...NOTHING,
        id,
        kind,
        parent: parentOf(row) ?? null,
        sent_at: sentAt,
        size,
        plan,
        fixed: packFixed(fixed),
      }
    }
    case 'chart': {
      const { machine, version, parent, root, settles, sentAt } = row
      const fixed = { version, parent, root: root === id ? undefined : root, settles }
      const own = { task: machine, parent: parentOf(row) ?? null, sent_at: sentAt, size: 1 }
      return { ...NOTHING, id, kind, ...own, fixed: packFixed(fixed) }
    }
    case 'join':
      return { ...NOTHING, id, kind, workflow: row.workflow }
    case 'stream':
      return { ...NOTHING, id, kind }
  }
}

function fixedTask(row: TaskRow, shared: Shared): Omit<RowRecord, 'n' | 'state' | 'ended_at' | 'body'> {
  const { id, kind, spec, args, kwargs, workflow, node, parent, root, settles, expires, sentAt } = row
  const listed = parentOf(row)
  const own = workflow === undefined ? undefined : shared.planOf(workflow)
  const planned = own?.plan.nodes[node]
  const of = planned?.kind === 'task' ? planned : undefined
  const specNumber = of?.spec === spec ? undefined : shared.specNumber(spec)
  const isPlain = specNumber !== undefined && parent === listed && hasArgsOnly(row)
  const fixed = isPlain
    ? `{"args":${JSON.stringify(args)}}`
    : packFixed({
        spec: of?.spec === spec || specNumber !== undefined ? undefined : spec,
        args: of?.args === args ? undefined : args,
        kwargs: of?.kwargs === kwargs ? undefined : (kwargs ?? null),
        node: node === END ? undefined : node,
        parent: parent === listed ? undefined : parent,
        root: root === (workflow ?? id) ? undefined : root,
        settles,
        expires,
      })
  return {
    id,
    kind,
    task: spec.task,
    workflow: workflow ?? null,
    parent: listed ?? null,
    sent_at: sentAt,
    size: workflow === undefined ? 1 : 0,
    spec: specNumber ?? null,
    plan: own?.n ?? null,
    fixed,
  }
}

/** Whether a task outside of workflows has nothing fixed but text for arguments: its JSON is put together then, at a third of the time. */
const hasArgsOnly = ({ id, args, kwargs, workflow, node, root, settles, expires }: TaskRow): boolean =>
  workflow === undefined &&
  typeof args === 'string' &&
  kwargs === undefined &&
  node === END &&
  root === id &&
  settles === undefined &&
  expires === undefined

function packFixed(fixed: object): Packed | null {
  const packed = pack(fixed)
  return packed === '{}' ? null : packed
}

/** Make the row of a record again. @throws where it is damaged */
export function readRow(record: RowRecord, shared: Shared): TableRow {
  const { id, kind } = record
  const body = unpack(record.body) as object
  switch (kind) {
    case 'task':
      return readTask(record, body, shared)
    case 'workflow': {
      const fixed = fixedOf(record) as { parent?: string; root?: string; settles?: string }
      const plan = record.plan === null ? undefined : shared.plan(record.plan)
      if (plan === undefined) throw new RangeError(`workflow ${id} has no plan`)
      return {
        kind,
        id,
        plan,
        parent: fixed.parent,
        root: fixed.root ?? id,
        settles: fixed.settles,
        state: record.state as WorkflowRow['state'],
        result: undefined,
        error: undefined,
        sentAt: record.sent_at as number,
        endedAt: record.ended_at ?? undefined,
        ...body,
      }
    }
    case 'chart': {
      const fixed = fixedOf(record) as { version: string; parent?: string; root?: string; settles?: string }
      return {
        kind,
        id,
        machine: record.task as string,
        version: fixed.version,
        parent: fixed.parent,
        root: fixed.root ?? id,
        settles: fixed.settles,
        state: record.state as string,
        result: undefined,
        error: undefined,
        sentAt: record.sent_at as number,
        endedAt: record.ended_at ?? undefined,
        ...readRun(body),
      }
    }
    case 'join':
      return { kind, id, workflow: record.workflow, result: undefined, error: undefined, ...body } as JoinRow
    case 'stream':
      return { kind, id, ...body } as StreamRow
    default:
      throw new RangeError(`row ${id} is of no kind: ${String(kind satisfies never)}`)
  }
}

/** What of a run changes and has no column. */
type ChangingChart = Pick<
  ChartRow,
  'value' | 'context' | 'states' | 'past' | 'children' | 'begun' | 'timers' | 'kept' | 'heard' | 'actions'
>

/** Files of a version before the sixth have the history of a run as a list. */
function readRun(body: object): ChangingChart {
  const run = body as Omit<ChangingChart, 'past'> & { readonly past: Past | readonly PastState[] }
  return { ...run, past: 'steps' in run.past ? run.past : run.past.reduce(pastWith, NO_PAST) }
}

function readTask(record: RowRecord, body: object, shared: Shared): TaskRow {
  const { id } = record
  const fixed = fixedOf(record) as FixedTask
  const node = fixed.node ?? END
  const planned = record.plan === null ? undefined : shared.plan(record.plan)?.nodes[node]
  const of = planned?.kind === 'task' ? planned : undefined
  const spec = fixed.spec ?? (record.spec === null ? of?.spec : shared.spec(record.spec))
  const args = fixed.args ?? of?.args
  if (spec === undefined || args === undefined) throw new RangeError(`task ${id} has no spec or no arguments`)
  const workflow = record.workflow ?? undefined
  return {
    kind: 'task',
    id,
    spec,
    args,
    kwargs: fixed.kwargs === undefined ? of?.kwargs : (fixed.kwargs ?? undefined),
    workflow,
    node,
    parent: fixed.parent ?? record.parent ?? undefined,
    root: fixed.root ?? workflow ?? id,
    state: record.state as string,
    expires: fixed.expires,
    result: undefined,
    error: undefined,
    sentAt: record.sent_at as number,
    startedAt: undefined,
    endedAt: record.ended_at ?? undefined,
    losses: 0,
    runs: (body as Pick<TaskRow, 'attempt'>).attempt,
    ...(fixed.settles !== undefined && { settles: fixed.settles }),
    ...(body as Pick<TaskRow, 'attempt'>),
  }
}

const fixedOf = ({ fixed }: RowRecord): unknown => (fixed === null ? {} : unpack(fixed))
