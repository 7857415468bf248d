import {
  type ChartRow,
  type Command,
  currentRun,
  decode,
  type EngineEvent,
  type ErrorClasses,
  eachEntryTask,
  fromErrorData,
  NO_HEADERS,
  nodeId,
  type Plan,
  type Row,
  replacementId,
  type TaskRow,
  type TaskSpec,
  type WorkflowRow,
} from '@umbel/core'
import type { Finishing } from './finishing.ts'
import type { AttemptSignal, SignalBus, Signals, TaskSignal } from './signals.ts'

/** What signals are made from. */
export interface AnnounceContext {
  readonly signals: SignalBus
  readonly errors: ErrorClasses
  readonly finishing: Finishing
  /** Tasks of which it was told that they start, and whose thread has given them back unbegun: of the same attempt it is not told again. */
  readonly givenBack: Set<string>
  now(): number
  row(id: string): Row | undefined
}

/**
 * Tell the observers of the facts of a batch, before or after they hear what has ended in it. What starts comes after: a slot that
 * one task has left and the next one has taken within the batch is not seen with both.
 */
export function announceFacts(
  context: AnnounceContext,
  facts: readonly EngineEvent[],
  when: 'before ends' | 'after ends',
): void {
  for (const event of facts) if (startsHere(context, event) === (when === 'after ends')) announceEvent(context, event)
}

/** Whether a fact is of a start, of a task that has not ended since. */
function startsHere(context: AnnounceContext, event: EngineEvent): boolean {
  if (event.type !== 'task-started') return false
  const row = context.row(event.id)
  return row?.kind === 'task' && row.endedAt === undefined
}

/** Whether a fact is that a thread has given a task back which it had not begun. */
const isUnbegun = (fact: EngineEvent): boolean => fact.type === 'task-returned' && fact.begun !== true

/** No event object is made for a signal nobody listens to. */
function announceEvent(context: AnnounceContext, event: EngineEvent): void {
  const { signals } = context
  announceSent(context, 'after-task-publish', event)
  const row = context.row(event.id)
  if (row?.kind !== 'task') return
  switch (event.type) {
    case 'task-started':
      // one that has no run under its key: it waits, or has ended
      if (row.runs < event.run || context.givenBack.delete(event.id)) return
      if (signals.wants('task-prerun')) signals.emit('task-prerun', { ...about(row, event.at), attempt: event.attempt })
      return
    case 'task-state':
      if (!signals.wants('task-state')) return
      signals.emit('task-state', {
        ...attempt(row, event.at),
        state: event.state,
        meta: event.meta === undefined ? undefined : decode(event.meta, context.errors),
      })
      return
    case 'task-progress':
      if (signals.wants('task-progress'))
        signals.emit('task-progress', { ...attempt(row, event.at), ...event.progress })
      return
    case 'task-retried': {
      const error = event.error === undefined ? undefined : fromErrorData(event.error, context.errors)
      if (signals.wants('task-retry'))
        signals.emit('task-retry', { ...attempt(row, event.at), error, due: event.at + event.delay })
      return postrun(context, row)
    }
    case 'task-replaced':
      if (signals.wants('task-replaced'))
        signals.emit('task-replaced', { ...attempt(row, event.at), by: row.replacedBy ?? '' })
      return postrun(context, row)
    case 'task-returned':
      if (isUnbegun(event) && signals.wants('task-prerun')) context.givenBack.add(event.id)
      return
    case 'task-lost':
      if (signals.wants('task-lost'))
        signals.emit('task-lost', {
          ...about(row, event.at),
          attempt: event.attempt,
          error: fromErrorData(event.error, context.errors),
        })
      return
    default:
      return
  }
}

/** What is needed to tell of what is sent. */
type Sending = Pick<AnnounceContext, 'signals' | 'row'>

/** Tell the observers of each task that a fact sends: of a canvas, those it begins with; of a retry, the task again. */
export function announceSent(
  context: Sending,
  name: 'before-task-publish' | 'after-task-publish',
  event: EngineEvent,
): void {
  // apart, as a function whose variables another one captures makes an object of them as it is entered
  if (context.signals.wants(name)) tellSent(context, name, event)
}

function tellSent(
  { signals, row: rowOf }: Sending,
  name: 'before-task-publish' | 'after-task-publish',
  event: EngineEvent,
): void {
  const tell = (id: string, plan: Plan): void => {
    eachEntryTask(plan, (spec, index) => {
      const own = plan.nodes.length === 1 ? id : nodeId(id, index)
      signals.emit(name, { id: own, ...aboutSpec(spec), at: event.at, attempt: 1 })
    })
  }
  switch (event.type) {
    case 'canvas-sent':
      // of a workflow that is run again nobody can say what is left of its first tasks
      if (event.redrives !== undefined && event.plan.nodes.length > 1) return
      return tell(event.id, event.plan)
    case 'task-replaced':
      return tell(replacementId(event), event.plan)
    case 'chord-extended':
      return tell(event.member, event.plan)
    case 'task-retried': {
      const row = rowOf(event.id)
      if (row?.kind === 'task') signals.emit(name, { ...about(row, event.at), attempt: event.attempt + 1 })
      return
    }
    default:
      return
  }
}

const silent = (): void => {}

/** Tell the observers of a run that shows another state. */
export function announceMoved(
  { signals }: Pick<AnnounceContext, 'signals'>,
  { id, machine, state, states, past }: ChartRow,
): void {
  if (!signals.wants('workflow-state')) return
  signals.emit('workflow-state', { id, workflow: machine, state, states, at: past.at })
}

/** Make what tells the observers of each command of a step: of a task that was taken in, or of something that has ended. */
export function commandAnnouncer(context: AnnounceContext, facts: readonly EngineEvent[]): (command: Command) => void {
  if (context.signals.quiet) return silent
  const told = new Set<string>()
  if (context.signals.wants('task-received'))
    for (const fact of facts) if (fact.type === 'task-received' || isUnbegun(fact)) told.add(fact.id)
  return (command) => {
    const row = context.row(command.id)
    if (row === undefined) return
    if (command.type === 'start-timer') received(context, row, command.at)
    // one that had to wait for its time, or comes back from a thread, was taken in before
    else if (command.type === 'run-task' && !told.has(row.id)) received(context, row, undefined)
    else if (command.type === 'settle') settled(context, row)
  }
}

function received({ signals, now }: AnnounceContext, row: Row, due: number | undefined): void {
  if (row.kind !== 'task' || !signals.wants('task-received')) return
  signals.emit('task-received', { ...about(row, now()), attempt: currentRun(row).attempt, due })
}

function settled(context: AnnounceContext, row: Row): void {
  if (row.kind === 'task') return announceEnd(context, row, row.endedAt ?? row.sentAt)
  if (row.kind === 'workflow' || row.kind === 'chart') announceWorkflowEnd(context, row)
}

/** Tell the observers of a workflow or a run that has ended. */
export function announceWorkflowEnd(
  { signals }: Pick<AnnounceContext, 'signals'>,
  { id, state, endedAt, sentAt }: WorkflowRow | ChartRow,
): void {
  if (signals.wants('workflow-ended')) signals.emit('workflow-ended', { id, state, at: endedAt ?? sentAt })
}

function announceEnd(context: AnnounceContext, row: TaskRow, at: number): void {
  const { signals, errors } = context
  const error = (): Error => fromErrorData(row.error ?? { name: 'Error', message: '' }, errors)
  switch (row.state) {
    case 'SUCCESS': {
      if (!signals.wants('task-success')) break
      signals.emit('task-success', success(row, at, errors))
      break
    }
    case 'FAILURE':
      if (signals.wants('task-failure')) signals.emit('task-failure', { ...attempt(row, at), error: error() })
      break
    case 'REVOKED':
      if (signals.wants('task-revoked'))
        signals.emit('task-revoked', {
          ...about(row, at),
          error: error(),
          expired: row.error?.code === 'UMBEL_EXPIRED',
          terminated: row.startedAt !== undefined && row.replacedBy === undefined,
        })
      break
    case 'REJECTED':
      if (signals.wants('task-rejected'))
        signals.emit('task-rejected', { ...about(row, at), reason: row.error?.message ?? '' })
      break
    default:
      if (signals.wants('task-ignored')) signals.emit('task-ignored', attempt(row, at))
  }
  if (context.givenBack.delete(row.id)) postrun(context, row, currentRun(row).attempt)
  // the attempt that was replaced is over since then
  else if (row.startedAt !== undefined && row.replacedBy === undefined) postrun(context, row)
}

function success(row: TaskRow, at: number, errors: ErrorClasses): Signals['task-success'] {
  const { result } = row
  const runtime = at - (row.startedAt ?? at)
  if (typeof result !== 'object')
    return { ...attempt(row, at), result: result === undefined ? undefined : decode(result, errors), runtime }
  // bytes are copied once a listener asks for them: one that only counts what has ended should not pay for that
  let read: { readonly value: unknown } | undefined
  return {
    ...attempt(row, at),
    get result() {
      read ??= { value: decode(result, errors) }
      return read.value
    },
    runtime,
  }
}

function postrun({ signals, finishing, now }: AnnounceContext, row: TaskRow, number = row.attempt): void {
  if (!signals.wants('task-postrun')) return
  finishing.onceOver(row.id, () =>
    signals.emit('task-postrun', { ...about(row, now()), attempt: number, state: row.state }),
  )
}

const aboutSpec = ({ task, lane, headers = NO_HEADERS }: TaskSpec): Omit<TaskSignal, 'id' | 'at'> => ({
  task,
  lane,
  headers,
})
const about = ({ id, spec }: TaskRow, at: number): TaskSignal => ({ id, ...aboutSpec(spec), at })
const attempt = ({ id, spec, attempt }: TaskRow, at: number): AttemptSignal => ({ id, ...aboutSpec(spec), at, attempt })
