import {
  type CanvasSent,
  type Command,
  decode,
  type EngineEvent,
  type ErrorClasses,
  entryTasks,
  fromErrorData,
  nodeId,
  type Row,
  type TaskRow,
} from '@umbel/core'
import type { AttemptSignal, SignalBus, TaskSignal } from './signals.ts'

/** What signals are made from. */
export interface AnnounceContext {
  readonly signals: SignalBus
  readonly errors: ErrorClasses
  row(id: string): Row | undefined
}

/** Tell the observers of a stored event that changed something. No event object is made for a signal nobody listens to. */
export function announceEvent(context: AnnounceContext, event: EngineEvent): void {
  const { signals } = context
  if (event.type === 'canvas-sent') return announceSent(signals, 'after-task-publish', event)
  const row = context.row(event.id)
  if (row?.kind !== 'task') return
  switch (event.type) {
    case 'task-started':
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
      return postrun(context, row, event.at)
    }
    case 'task-replaced':
      if (signals.wants('task-replaced'))
        signals.emit('task-replaced', { ...attempt(row, event.at), by: row.replacedBy ?? '' })
      return postrun(context, row, event.at)
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

/** Tell the observers of each task that is sent: of a canvas, those it begins with. */
export function announceSent(
  signals: SignalBus,
  name: 'before-task-publish' | 'after-task-publish',
  { id, plan, at }: Pick<CanvasSent, 'id' | 'plan' | 'at'>,
): void {
  if (!signals.wants(name)) return
  for (const { index, spec } of entryTasks(plan)) {
    signals.emit(name, { id: plan.nodes.length === 1 ? id : nodeId(id, index), task: spec.task, lane: spec.lane, at })
  }
}

/** Tell the observers what a command is about: a task that is due, or something that has ended. */
export function announceCommand(context: AnnounceContext, command: Command, now: number): void {
  const { signals } = context
  const row = context.row(command.id)
  if (row === undefined) return
  if (command.type === 'run-task') {
    if (row.kind === 'task' && signals.wants('task-received')) signals.emit('task-received', about(row, now))
  } else if (command.type === 'settle') {
    if (row.kind === 'task') announceEnd(context, row, row.endedAt ?? row.sentAt)
    else if (row.kind === 'workflow' && signals.wants('workflow-ended')) {
      signals.emit('workflow-ended', { id: row.id, state: row.state, at: row.endedAt ?? row.sentAt })
    }
  }
}

function announceEnd(context: AnnounceContext, row: TaskRow, at: number): void {
  const { signals, errors } = context
  const error = (): Error => fromErrorData(row.error ?? { name: 'Error', message: '' }, errors)
  switch (row.state) {
    case 'SUCCESS': {
      if (!signals.wants('task-success')) break
      const result = row.result === undefined ? undefined : decode(row.result, errors)
      signals.emit('task-success', { ...attempt(row, at), result, runtime: at - (row.startedAt ?? at) })
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
        })
      break
    case 'REJECTED':
      if (signals.wants('task-rejected'))
        signals.emit('task-rejected', { ...about(row, at), reason: row.error?.message ?? '' })
      break
    default:
      if (signals.wants('task-ignored')) signals.emit('task-ignored', attempt(row, at))
  }
  // the attempt that was replaced is over since then
  if (row.startedAt !== undefined && row.replacedBy === undefined) postrun(context, row, at)
}

function postrun({ signals }: AnnounceContext, row: TaskRow, at: number): void {
  if (signals.wants('task-postrun')) signals.emit('task-postrun', { ...attempt(row, at), state: row.state })
}

const about = (row: TaskRow, at: number): TaskSignal => ({ id: row.id, task: row.spec.task, lane: row.spec.lane, at })
const attempt = (row: TaskRow, at: number): AttemptSignal => ({
  id: row.id,
  task: row.spec.task,
  lane: row.spec.lane,
  at,
  attempt: row.attempt,
})
