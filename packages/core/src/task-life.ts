import { sendCallbacks } from './callbacks.ts'
import { decode, encode } from './codec.ts'
import { codedError } from './coded-error.ts'
import { letterOf, withPast } from './dead-letter.ts'
import type { Draft, Draftable, Ends } from './draft.ts'
import type { ErrorData } from './error-data.ts'
import type { TaskEvent, TaskReplaced, TaskStarted } from './event.ts'
import { claimKey, leaveKeys, withKey } from './key-claim.ts'
import type { Plan } from './plan.ts'
import { currentRun, runOf, type TaskRow } from './rows.ts'
import { isReady } from './states.ts'
import type { TaskAction, TaskFact } from './task-machine.ts'
import type { Move } from './transition-table.ts'

/** Workers that may die under one task before it is given up: it is never started a fourth time. */
const MAX_LOSSES = 3

/** It is a new task's turn: to its lane at once, or once it is due. `row` was made for this call, which completes it. */
export function turn(draft: Draft, row: Draftable<TaskRow>): void {
  const { countdown, eta } = row.spec
  const due = countdown !== undefined ? draft.at + countdown : eta
  if (due === undefined || due <= draft.at) return receive(draft, row)
  row.due = due
  moveTask(draft, row, 'task-scheduled')
}

/** Hand a task that is due to its lane; as in Celery, not one that has expired by then. `row` was made for this call, which completes it. */
export function receive(draft: Draft, row: Draftable<TaskRow>): void {
  if (row.keys !== undefined) leaveKeys(draft, row, 'received')
  const expired = isExpired(row, draft.at)
  if (expired) row.error = expiredError(row)
  moveTask(draft, row, expired ? 'task-revoked' : 'task-received')
}

/** Whether a task waits for its task to be registered again. */
export const isParked = ({ state, error }: TaskRow): boolean => state === 'PENDING' && error !== undefined

/** Whether it is too late to start a task. */
export const isExpired = ({ expires }: TaskRow, at: number): boolean => expires !== undefined && at >= expires

/** What a task that came too late ends with. */
export const expiredError = ({ id, spec }: TaskRow): ErrorData =>
  codedError('UMBEL_EXPIRED', `Task ${id} (${spec.task}) expired before it could start.`)

/** End a task that never had its turn, as what it waited for ended. Its callbacks are not sent. */
export function endUnstarted(draft: Draft, row: TaskRow, ends: Ends & { ok: false }): void {
  moveTask(draft, { ...row, error: ends.error }, ends.revoked ? 'task-revoked' : 'task-failed', { silent: true })
}

/** End a task before its turn has come. What follows it is told once it comes. */
export function revokeUnbegun(draft: Draft, row: TaskRow, error: ErrorData): void {
  const move = draft.machines.taskMove(row.spec.states, row.state, 'task-revoked')
  if (move === undefined) return
  draft.put({ ...row, error, state: move.state, endedAt: draft.at })
  draft.commands.push({ type: 'settle', id: row.id })
}

/** Take in a fact about a task. One that comes too late, again, or from a run given up, changes nothing. */
export function takeTaskEvent(draft: Draft, event: TaskEvent): void {
  const row = draft.task(event.id)
  if (row === undefined || isReady(row.state)) return
  if ('run' in event && event.run !== runOf(row)) return
  switch (event.type) {
    case 'task-received':
      // come again once it was due, it would send a task that runs back to its lane
      if (row.due === undefined) return
      // it was put off since its timer went
      if (row.keys !== undefined && event.at < row.due) return
      return receive(draft, { ...row, due: undefined })
    case 'task-started':
      return takeStarted(draft, row, event)
    case 'task-state':
      moveTask(draft, { ...row, meta: event.meta }, `task-state.${event.state}`)
      return show(draft, row)
    case 'task-progress':
      draft.put({ ...row, progress: event.progress })
      return show(draft, row)
    case 'task-succeeded':
      return moveTask(
        draft,
        { ...row, result: event.result, startedAt: event.began ?? row.startedAt },
        'task-succeeded',
      )
    case 'task-failed':
      return moveTask(draft, { ...row, error: event.error, startedAt: event.began ?? row.startedAt }, 'task-failed')
    case 'task-retried':
      return moveTask(
        draft,
        {
          ...row,
          past: withPast(row, event.error, event.at),
          error: event.error,
          due: event.at + event.delay,
          startedAt: undefined,
        },
        'task-retried',
      )
    case 'task-replaced':
      return moveTask(draft, { ...row, replacedBy: replacementId(event) }, 'task-replaced', { plan: event.plan })
    case 'task-ignored':
      return moveTask(
        draft,
        { ...row, error: codedError('UMBEL_IGNORED', `The handler of ${row.spec.task} threw Ignore.`) },
        'task-ignored',
      )
    case 'task-rejected':
      return moveTask(draft, { ...row, error: codedError('UMBEL_REJECTED', event.reason) }, 'task-rejected')
    case 'task-revoked':
      return moveTask(draft, { ...row, error: event.error }, 'task-revoked')
    case 'task-lost':
      if (row.spec.acks === 'early' || row.losses + 1 >= MAX_LOSSES)
        return moveTask(draft, { ...row, losses: row.losses + 1, error: lossOf(row, event.error) }, 'task-failed')
      return moveTask(
        draft,
        {
          ...row,
          past: withPast(row, event.error, event.at),
          losses: row.losses + 1,
          attempt: row.attempt - 1,
          error: event.error,
          startedAt: undefined,
        },
        'task-received',
      )
    case 'task-parked':
      // due at once for whoever goes on with it next
      return moveTask(draft, { ...row, error: event.error, due: event.at }, 'task-parked')
    case 'task-returned':
      return moveTask(draft, { ...row, attempt: row.attempt - 1, startedAt: undefined }, 'task-received', {
        again: true,
      })
  }
}

/** What a task fails with whose worker died, once it is not started again. */
function lossOf({ spec }: TaskRow, error: ErrorData): ErrorData {
  if (spec.acks !== 'early') return error
  return { ...error, message: `${error.message} It was acknowledged as it started, and is not started again.` }
}

/** Let a task start; where it has a key, only if that is its own. */
function takeStarted(draft: Draft, row: TaskRow, { attempt, run, at, key }: TaskStarted): void {
  const move = moveOf(draft, row, 'task-started')
  if (move === undefined) return
  let keys = row.keys
  if (key !== undefined) {
    const claim = claimKey(draft, row, key)
    switch (claim.kind) {
      case 'has':
        keys = withKey(row, key.id)
        break
      case 'waits':
        return moveTask(draft, { ...row, follows: key.id, error: undefined }, 'task-held')
      case 'stands':
        return moveTask(draft, { ...row, result: claim.result, error: undefined }, 'task-answered')
      case 'differs':
        return moveTask(draft, { ...row, error: claim.error }, 'task-failed')
    }
  }
  if (row.keys !== undefined) leaveKeys(draft, row, 'started')
  const next = draft.own(row)
  next.attempt = attempt
  next.runs = run
  next.startedAt = at
  // what an earlier attempt showed, or failed with, is over
  if (next.meta !== undefined) next.meta = undefined
  if (next.progress !== undefined) next.progress = undefined
  next.error = undefined
  if (keys !== undefined) next.keys = keys
  goOn(draft, next, move, NOTHING_MORE)
}

/** Let observers see how a task stands now, and the run that waits for it. */
function show(draft: Draft, before: TaskRow): void {
  draft.show(before)
  if (before.settles !== undefined && draft.chart(before.settles) !== undefined)
    draft.mail.push({ type: 'child-showed', id: before.settles, child: before.id })
}

/**
 * Move a task by the table of its machine. `next` is a copy of its row with what the fact brings, made for this call, which completes it;
 * it is dropped where the machine has no such move.
 */
export function moveTask(draft: Draft, next: Draftable<TaskRow>, fact: TaskFact, more: More = NOTHING_MORE): void {
  const move = moveOf(draft, next, fact)
  if (move !== undefined) goOn(draft, next, move, more)
}

/** Where a fact leads a task by the table of its machine. */
const moveOf = (draft: Draft, { spec, state }: TaskRow, fact: TaskFact): Move<TaskAction> | undefined =>
  draft.machines.taskMove(spec.states, state, fact)

function goOn(draft: Draft, next: Draftable<TaskRow>, move: Move<TaskAction>, more: More): void {
  next.state = move.state
  next.endedAt = isReady(move.state) ? draft.at : undefined
  draft.put(next)
  const letter = more.silent === true ? undefined : letterOf(next)
  if (letter !== undefined) draft.letter({ type: 'add', letter })
  for (const action of move.actions) act(draft, next, action, more)
}

/** What an action needs beside the row. */
interface More {
  /** Send no callbacks. */
  readonly silent?: boolean
  /** What goes on in the task's place. */
  readonly plan?: Plan
  readonly again?: true
}

const NOTHING_MORE: More = {}

function act(draft: Draft, row: TaskRow, action: TaskAction, more: More): void {
  switch (action) {
    case 'run':
      if (row.spec.workflow !== undefined) return beginRun(draft, row)
      draft.commands.push({ type: 'run-task', id: row.id, again: more.again })
      return
    case 'arm':
      draft.commands.push({ type: 'start-timer', id: row.id, at: row.due ?? draft.at })
      return
    case 'disarm':
      draft.commands.push({ type: 'cancel-timer', id: row.id })
      return
    case 'withdraw':
      draft.commands.push({ type: 'withdraw-task', id: row.id })
      return
    case 'abort':
      draft.commands.push({ type: 'abort-task', id: row.id })
      return
    case 'spawn':
      spawn(draft, row, more.plan)
      return
    case 'revokeReplacement':
      if (row.replacedBy !== undefined && row.error !== undefined) revoke(draft, row.replacedBy, row.error)
      return
    case 'settle':
      settle(draft, row, more.silent !== true)
  }
}

/** Id of what goes on in the place of a task. */
export const replacementId = ({ id, attempt }: Pick<TaskReplaced, 'id' | 'attempt'>): string => `${id}.r${attempt}`

/** What stands for a run of a machine is replaced by it as its turn comes. */
function beginRun(draft: Draft, row: TaskRow): void {
  const begun = { ...row, attempt: row.attempt + 1, runs: row.runs + 1, startedAt: draft.at, error: undefined }
  moveTask(draft, begun, 'task-started')
  const started = draft.task(row.id)
  if (started !== undefined) moveTask(draft, { ...started, replacedBy: replacementId(started) }, 'task-replaced')
}

/** Start what goes on in the place of a task, under the id that its row names. */
function spawn(draft: Draft, row: TaskRow, plan: Plan | undefined): void {
  const { replacedBy: id, root } = row
  if (id === undefined) return
  const whence = { id, parent: row.id, root, settles: row.id, at: draft.at }
  const { workflow } = row.spec
  if (workflow !== undefined) {
    const [given] = decode(row.args, draft.machines.charts.errors) as readonly unknown[]
    const { maxBytes } = draft.machines.charts
    const input = encode(given, { maxBytes, path: 'input' })
    draft.mail.push({ type: 'chart-started', ...whence, machine: workflow.name, version: workflow.version, input })
  } else if (plan !== undefined) draft.mail.push({ type: 'canvas-sent', ...whence, plan, input: undefined })
}

/** Revoke whatever stands under an id: a task, a workflow or a run. */
export function revoke(draft: Draft, id: string, error: ErrorData): void {
  const type = (draft.workflow(id) ?? draft.chart(id)) === undefined ? 'task-revoked' : 'workflow-revoked'
  draft.mail.push({ type, id, error, at: draft.at })
}

function settle(draft: Draft, row: TaskRow, announce: boolean): void {
  draft.commands.push({ type: 'settle', id: row.id })
  if (row.keys !== undefined) draft.mail.push({ type: 'holder-ended', id: row.id })
  if (announce) sendCallbacks(draft, row)
  if (row.workflow === undefined && row.settles === undefined) return
  const ends = endsOf(row)
  const { id, workflow, node } = row
  if (workflow !== undefined) draft.mail.push({ type: 'node-ended', id, workflow, node, ends })
  if (row.settles !== undefined) settleFor(draft, row.settles, row.id, ends)
}

/** How a task that has ended goes on: with a result, or with what is wrong. */
export function endsOf(row: TaskRow): Ends {
  if (row.state === 'SUCCESS') return { ok: true, result: row.result ?? encode(undefined) }
  const error = row.error ?? codedError('UMBEL_REVOKED', `Task ${row.id} ended as ${row.state}.`)
  return { ok: false, revoked: row.state === 'REVOKED', error }
}

/** Hand on to a task how what replaced it has ended, to a chord how what was added to it has, to a run how what it invoked has. */
export function settleFor(draft: Draft, id: string, by: string, ends: Ends): void {
  if (draft.join(id) !== undefined) draft.mail.push({ type: 'member-ended', join: id, member: by, ends })
  if (draft.chart(id) !== undefined) draft.mail.push({ type: 'child-ended', id, child: by, ends })
  const row = draft.task(id)
  if (row === undefined) return
  const { at } = draft
  const run = { id, ...currentRun(row), at }
  if (ends.ok) draft.mail.push({ type: 'task-succeeded', ...run, result: ends.result })
  else if (ends.revoked) draft.mail.push({ type: 'task-revoked', id, error: ends.error, at })
  else draft.mail.push({ type: 'task-failed', ...run, error: ends.error })
}
