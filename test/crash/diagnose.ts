import {
  isReady,
  isResultRow,
  type JoinRow,
  type KeyRow,
  nodeId,
  type Row,
  TASK_STATES,
  type TaskRow,
  type WorkflowRow,
} from '@umbel/core'
import { ofRun, ofSettled } from './diagnose-runs.ts'

/** What is wrong with rows as they stand in a store: each finding begins with the number of the invariant that does not hold. */
export function diagnose(all: Iterable<Row>): string[] {
  const rows = new Map<string, Row>()
  const found: string[] = []
  for (const row of all) {
    if (rows.has(row.id)) found.push(`I1 ${row.id} is there twice`)
    rows.set(row.id, row)
  }
  for (const row of rows.values()) {
    if (row.kind === 'task') found.push(...ofTask(row, rows))
    if (row.kind === 'join') found.push(...ofJoin(row, rows))
    if (row.kind === 'key') found.push(...ofKey(row, rows))
    if (row.kind === 'workflow') found.push(...ofWorkflow(row, rows))
    if (row.kind === 'chart') found.push(...ofRun(row, rows))
    found.push(...ofSettled(row, rows))
  }
  return found
}

type Rows = ReadonlyMap<string, Row>

const NOT_RUNNING: ReadonlySet<string> = new Set(['PENDING', 'RECEIVED', 'RETRY', 'REPLACED'])

function* ofTask(row: TaskRow, rows: Rows): Generator<string> {
  const { id, state, endedAt, attempt, runs, losses } = row
  if (!(TASK_STATES as readonly string[]).includes(state) && !row.spec.states.includes(state))
    yield `I1 task ${id} is in no state of its own: ${state}`
  if (isReady(state) !== (endedAt !== undefined)) yield `I2 task ${id} is ${state} and ended at ${String(endedAt)}`
  if (state === 'SUCCESS' && row.result === undefined) yield `I2 task ${id} has succeeded without a result`
  if (attempt > runs || losses > 3 || attempt < 0)
    yield `I3 task ${id} has ${attempt} attempts, ${runs} runs, ${losses} losses`
  if (!isReady(state) && !NOT_RUNNING.has(state) && row.startedAt === undefined)
    yield `I4 task ${id} runs and never started`
  if (state === 'PENDING' && row.follows !== undefined) yield* ofFollower(row, rows)
  else if ((state === 'PENDING' || state === 'RETRY') && row.due === undefined)
    yield `I7 task ${id} is ${state}, due at no time`
  if (state === 'REPLACED') {
    const by = rows.get(row.replacedBy ?? '')
    if (by === undefined || hasEnded(by))
      yield `I7 task ${id} waits for ${String(row.replacedBy)}, which is over or nowhere`
  }
  const whole = rows.get(row.workflow ?? '')
  if (whole?.kind === 'workflow' && whole.endedAt !== undefined && !isReady(state))
    yield `I9 task ${id} is ${state}, and its workflow is over`
  if (row.workflow !== undefined && whole === undefined) yield `I7 task ${id} is of a workflow that is nowhere`
}

/** What waits for a key waits for a task that has it and has not ended. */
function* ofFollower({ id, follows = '' }: TaskRow, rows: Rows): Generator<string> {
  const key = rows.get(follows)
  const first = rows.get(key?.kind === 'key' && key.state === 'held' ? key.holder : follows)
  if (first?.kind !== 'task' || hasEnded(first) || first.id === id)
    yield `I7 task ${id} waits for ${follows}, which nobody has`
}

function* ofKey({ id, state, holder }: KeyRow, rows: Rows): Generator<string> {
  const row = rows.get(holder)
  if (state === 'free') yield `I7 key ${id} is free, and was kept`
  if (state === 'held' && (row?.kind !== 'task' || hasEnded(row) || !row.keys?.includes(id)))
    yield `I7 key ${id} is held by ${holder}, which is over or nowhere or knows nothing of it`
}

function* ofJoin(row: JoinRow, rows: Rows): Generator<string> {
  const whole = rows.get(row.workflow)
  if (whole?.kind !== 'workflow') return yield `I7 join ${row.id} is of a workflow that is nowhere`
  const node = whole.plan.nodes[Number(row.id.slice(row.workflow.length + 1))]
  if (node?.kind !== 'join') return yield `I5 join ${row.id} is none in its plan`
  const members = node.members.map((member) => rows.get(nodeId(row.workflow, member)))
  const added = row.added ?? []
  const open =
    members.filter((member) => member === undefined || !hasEnded(member)).length +
    added.filter(({ result, error }) => result === undefined && error === undefined).length
  const failed = [...members, ...added].filter((member) => member !== undefined && hasFailed(member)).length
  if (row.remaining !== open) yield `I5 join ${row.id} awaits ${row.remaining} members, of which ${open} have not ended`
  if (row.failed !== failed && open === 0) yield `I5 join ${row.id} counts ${row.failed} that failed, of ${failed}`
  if (row.remaining === 0 && (row.result === undefined) === (row.error === undefined))
    yield `I5 join ${row.id} is complete with both or neither of a result and an error`
  const next = rows.get(nodeId(row.workflow, node.next))
  if (row.remaining > 0 && next !== undefined && !hasEnded(next))
    yield `I6 join ${row.id} is open, and what follows it has begun`
}

function* ofWorkflow(row: WorkflowRow, rows: Rows): Generator<string> {
  const ended = row.state !== 'ACTIVE' && row.state !== 'CANCELLING'
  if (ended !== (row.endedAt !== undefined))
    yield `I2 workflow ${row.id} is ${row.state} and ended at ${String(row.endedAt)}`
  const exit = rows.get(nodeId(row.id, row.plan.exit))
  if (row.state === 'SUCCESS' && exit !== undefined && isResultRow(exit) && text(exit.result) !== text(row.result))
    yield `I5 workflow ${row.id} has another result than its last node`
  if (ended) return
  const alive = row.plan.nodes.some((_, index) => {
    const node = rows.get(nodeId(row.id, index))
    if (node?.kind === 'join')
      return (node.added ?? []).some(({ result, error }) => result === undefined && error === undefined)
    return node?.kind === 'task' && !hasEnded(node)
  })
  if (!alive) yield `I7 workflow ${row.id} is ${row.state}, and nothing of it can go on`
}

const text = (value: unknown): string => JSON.stringify(value) ?? ''

function hasEnded(row: Row): boolean {
  if (row.kind === 'join') return row.remaining === 0
  return row.kind !== 'stream' && row.endedAt !== undefined
}

const hasFailed = (row: Row | { readonly error: unknown }): boolean =>
  'kind' in row
    ? row.kind === 'task'
      ? isReady(row.state) && row.state !== 'SUCCESS'
      : 'error' in row && row.error !== undefined
    : row.error !== undefined
