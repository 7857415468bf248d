import { sendErrorCallbacks } from './callbacks.ts'
import { type Encoded, encode, encodeList } from './codec.ts'
import { codedError, dependencyFields } from './coded-error.ts'
import type { Draft, Ends, NodeEnded } from './draft.ts'
import type { CanvasSent, TaskRevoked, WorkflowRevoked } from './event.ts'
import { newTask, type Origin } from './new-task.ts'
import { END, type JoinNode, type PlanNode } from './plan.ts'
import { stepBefore } from './plan-walk.ts'
import { takeOver } from './rerun-life.ts'
import { type AddedMember, type JoinRow, nodeId, type ResultRow, type Skipped, type WorkflowRow } from './rows.ts'
import { endsOf, endUnstarted, revoke, revokeUnbegun, settleFor, turn } from './task-life.ts'
import { startUnique } from './unique-life.ts'
import type { WorkflowFact, WorkflowState } from './workflow-machine.ts'

/** Start what was sent: one task, or a workflow at the entry of its plan. A second issue of the same id changes nothing. */
export function startCanvas(draft: Draft, event: CanvasSent): void {
  if (draft.get(event.id) !== undefined) return
  const { id, plan, parent, settles, redrives, input } = event
  const root = event.root ?? id
  const only = plan.nodes.length === 1 ? plan.nodes[0] : undefined
  if (only?.kind === 'task') {
    if (redrives !== undefined) draft.letter({ type: 'redriven', id: redrives, as: id })
    const row = newTask(draft, only, { id, workflow: undefined, node: END, parent, root, settles, input })
    return event.unique === undefined ? turn(draft, row) : startUnique(draft, row, event.unique)
  }
  const workflow: WorkflowRow = {
    kind: 'workflow',
    id,
    plan,
    parent,
    root,
    settles,
    ...(input !== undefined && { input }),
    state: 'ACTIVE',
    result: undefined,
    error: undefined,
    sentAt: draft.at,
    endedAt: undefined,
  }
  draft.put(workflow)
  if (redrives !== undefined) takeOver(draft, workflow, redrives)
  enter(draft, workflow, plan.entry, input, parent)
}

/** Tell what follows a node how it ended: the next node, a join, or the end of the workflow. */
export function takeNodeEnded(draft: Draft, { id, workflow: whole, node: index, ends }: NodeEnded): void {
  const workflow = draft.workflow(whole)
  if (workflow === undefined) return
  const node = nodeOf(workflow, index)
  const next = node.kind === 'fork' ? node.join : node.next
  if (next === END) return finish(draft, workflow, ends)
  if (nodeOf(workflow, next).kind === 'join') return arrive(draft, workflow, next, ends)
  if (ends.ok) return enter(draft, workflow, next, encodeList([ends.result]), id)
  return skip(draft, workflow, next, ends, id, node.kind === 'join')
}

/** Revoke a whole workflow: what runs is aborted, what waits never starts, and it ends as REVOKED. */
export function takeWorkflowRevoked(draft: Draft, event: WorkflowRevoked): void {
  const workflow = draft.workflow(event.id)
  if (workflow !== undefined) moveWorkflow(draft, { ...workflow, error: event.error }, 'workflow-revoked')
}

/** Revoke a node that is no task or has not begun: whatever is at work in the branch that ends in it, or its first task before its turn; or, alone, the task that has not begun. */
export function takeNodeRevoked(draft: Draft, { id, error, at, alone }: TaskRevoked): void {
  const slash = id.lastIndexOf('/')
  const workflow = draft.workflow(id.slice(0, slash))
  const open = [Number(id.slice(slash + 1))]
  if (workflow === undefined || workflow.endedAt !== undefined) return
  for (const index of open) {
    const node = workflow.plan.nodes[index]
    const own = nodeId(workflow.id, index)
    const before = stepBefore(workflow.plan, index)
    if (node === undefined || node.kind === 'fork') continue
    if (node.kind === 'task' && draft.task(own) !== undefined)
      draft.mail.push({ type: 'task-revoked', id: own, error, at })
    else if (draft.get(own) === undefined && before !== END && !alone) open.push(before)
    else if (node.kind === 'join') for (const member of node.members) open.push(member)
    else revokeUnbegun(draft, newTask(draft, node, originOf(workflow, index, undefined, undefined)), error)
  }
}

const nodeOf = (workflow: WorkflowRow, index: number): PlanNode => workflow.plan.nodes[index] as PlanNode

const originOf = (
  workflow: WorkflowRow,
  node: number,
  input: Encoded | undefined,
  parent: string | undefined,
  id = nodeId(workflow.id, node),
): Origin => ({
  id,
  workflow: workflow.id,
  node,
  parent,
  root: workflow.root,
  settles: undefined,
  input,
})

/** Give a node its input. A fork hands it to every branch (nested no deeper than a canvas may be). */
function enter(
  draft: Draft,
  workflow: WorkflowRow,
  index: number,
  input: Encoded | undefined,
  parent: string | undefined,
): void {
  const node = nodeOf(workflow, index)
  if (node.kind === 'task') {
    const id = nodeId(workflow.id, index)
    if (!endedBefore(draft, workflow, index, id))
      turn(draft, newTask(draft, node, originOf(workflow, index, input, parent, id)))
  } else if (node.kind === 'fork') {
    openJoin(draft, workflow, node.join)
    for (const branch of node.branches) enter(draft, workflow, branch, input, parent)
    if (node.branches.length === 0) complete(draft, workflow, node.join)
  }
}

/** End a node that is never given its input, because what it waited for ended badly. */
function skip(
  draft: Draft,
  workflow: WorkflowRow,
  index: number,
  ends: Ends & { ok: false },
  parent: string | undefined,
  isBody: boolean,
): void {
  const node = nodeOf(workflow, index)
  if (node.kind === 'task') {
    const id = nodeId(workflow.id, index)
    if (endedBefore(draft, workflow, index, id)) return
    endUnstarted(draft, newTask(draft, node, originOf(workflow, index, undefined, parent, id)), ends)
  } else if (node.kind === 'fork') {
    openJoin(draft, workflow, node.join, { revoked: ends.revoked, error: ends.error })
    // as in Celery, the members of a chord's body have the error of the member that failed, not the chord's
    const own = isBody ? { ...ends, error: ends.error.cause ?? ends.error } : ends
    for (const branch of node.branches) skip(draft, workflow, branch, own, parent, isBody)
    if (node.branches.length === 0) complete(draft, workflow, node.join)
  }
}

/** A task that was revoked before its turn: now that this has come, what follows it is told. */
function endedBefore(draft: Draft, workflow: WorkflowRow, index: number, id: string): boolean {
  const row = draft.ofNode(workflow.id, index, id)
  if (row?.kind !== 'task') return false
  draft.mail.push({ type: 'node-ended', id, workflow: workflow.id, node: index, ends: endsOf(row) })
  return true
}

function openJoin(draft: Draft, workflow: WorkflowRow, index: number, skipped?: Skipped): void {
  const join = nodeOf(workflow, index) as JoinNode
  const id = nodeId(workflow.id, index)
  const added = draft.join(id)?.added // of a workflow that this one is sent in the place of
  draft.put({
    kind: 'join',
    id,
    workflow: workflow.id,
    remaining: join.members.length,
    failed: 0,
    ...(skipped && { skipped }),
    ...(added && { added }),
    result: undefined,
    error: undefined,
  })
}

/** Count one member of a join. The last one completes it. */
function arrive(draft: Draft, workflow: WorkflowRow, index: number, ends: Ends): void {
  const row = draft.ofNode(workflow.id, index)
  if (row?.kind !== 'join' || row.remaining === 0) return
  const next = draft.ownJoin(row)
  next.remaining -= 1
  if (!ends.ok) next.failed += 1
  draft.put(next)
  if (next.remaining === 0) complete(draft, workflow, index)
}

/** All members of a join have ended: its outcome is read from their rows, in their order; those added later come behind. */
export function complete(draft: Draft, workflow: WorkflowRow, index: number): void {
  const row = draft.join(nodeId(workflow.id, index)) as JoinRow
  const { members } = nodeOf(workflow, index) as JoinNode
  const failed = row.skipped ?? (row.failed > 0 ? joinError(draft, workflow, members, row.added) : undefined)
  const ends: Ends = failed
    ? { ok: false, ...failed }
    : {
        ok: true,
        result: encodeList(resultsOf(draft, workflow, members, row.added)),
      }
  draft.put({ ...row, result: ends.ok ? ends.result : undefined, error: ends.ok ? undefined : ends.error })
  draft.commands.push({ type: 'settle', id: row.id })
  if (!ends.ok && row.skipped === undefined) tellBody(draft, workflow, index, ends)
  draft.mail.push({ type: 'node-ended', id: row.id, workflow: workflow.id, node: index, ends })
}

/** Call the error callbacks of a chord's body, once, because a member of the header failed. */
function tellBody(draft: Draft, workflow: WorkflowRow, index: number, { revoked, error }: Skipped): void {
  const { body, errors } = nodeOf(workflow, index) as JoinNode
  if (revoked || body === undefined || errors === undefined) return
  const node = nodeOf(workflow, body)
  const id = nodeId(workflow.id, body)
  const { root } = workflow
  const parent = nodeId(workflow.id, index)
  const task = node.kind === 'task' ? node.spec.task : ''
  sendErrorCallbacks(draft, errors, { id, task, attempt: 0, root, parent, error })
}

function resultsOf(
  draft: Draft,
  workflow: WorkflowRow,
  members: readonly number[],
  added: readonly AddedMember[] = [],
): readonly Encoded[] {
  const results = members.map((member) => resultOf(draft.ofNode(workflow.id, member) as ResultRow | undefined))
  return added.length === 0 ? results : [...results, ...added.map(resultOf)]
}

const resultOf = (row: ResultRow | AddedMember | undefined): Encoded => row?.result ?? encode(undefined)

function joinError(
  draft: Draft,
  workflow: WorkflowRow,
  members: readonly number[],
  added: readonly AddedMember[] = [],
): Skipped {
  if (workflow.state === 'CANCELLING' && workflow.error !== undefined) return { revoked: true, error: workflow.error }
  for (const { id, error: cause } of [
    ...members.map((member) => {
      const id = nodeId(workflow.id, member)
      return { id, error: draft.awaited(id)?.error }
    }),
    ...added,
  ]) {
    if (cause !== undefined) {
      const message = `Dependency ${id} raised ${cause.name}: ${cause.message}`
      return {
        revoked: false,
        error: { ...codedError('UMBEL_CHORD_FAILED', message), fields: dependencyFields(id), cause },
      }
    }
  }
  return { revoked: false, error: codedError('UMBEL_CHORD_FAILED', 'A member failed.') }
}

function finish(draft: Draft, workflow: WorkflowRow, ends: Ends): void {
  if (ends.ok) return moveWorkflow(draft, { ...workflow, result: ends.result }, 'workflow-succeeded')
  const error = workflow.state === 'CANCELLING' ? workflow.error : ends.error
  moveWorkflow(draft, { ...workflow, error }, ends.revoked ? 'workflow-dropped' : 'workflow-failed')
}

/** Move a workflow by the table of its machine. */
function moveWorkflow(draft: Draft, row: WorkflowRow, fact: WorkflowFact): void {
  const move = draft.machines.workflow.get(row.state)?.get(fact)
  if (move === undefined) return
  const ended = move.actions.includes('settle')
  const next: WorkflowRow = { ...row, state: move.state as WorkflowState, endedAt: ended ? draft.at : undefined }
  draft.put(next)
  for (const action of move.actions) {
    if (action === 'revokeNodes') revokeNodes(draft, next)
    else settle(draft, next)
  }
}

/** Revoke every node that has begun and not ended; those after them end as they are told. */
function revokeNodes(draft: Draft, workflow: WorkflowRow): void {
  const error = workflow.error ?? codedError('UMBEL_REVOKED', `Workflow ${workflow.id} was revoked.`)
  workflow.plan.nodes.forEach((node, index) => {
    const id = nodeId(workflow.id, index)
    if (node.kind === 'task' && draft.get(id) !== undefined)
      draft.mail.push({ type: 'task-revoked', id, error, at: draft.at })
    for (const member of draft.join(id)?.added ?? []) revoke(draft, member.id, error)
  })
}

function settle(draft: Draft, row: WorkflowRow): void {
  draft.commands.push({ type: 'settle', id: row.id })
  if (row.settles === undefined) return
  const error = row.error ?? codedError('UMBEL_REVOKED', `Workflow ${row.id} was revoked.`)
  const ends: Ends =
    row.state === 'SUCCESS'
      ? { ok: true, result: row.result ?? encode(undefined) }
      : { ok: false, revoked: row.state === 'REVOKED', error }
  settleFor(draft, row.settles, row.id, ends)
}
