import { nextDue } from './chart/timers.ts'
import { codedError } from './coded-error.ts'
import type { RunActions, RunTask, StartTimer } from './command.ts'
import type { ChartResumed, TaskLost } from './event.ts'
import { type ChartRow, currentRun, type Row, type TaskRow } from './rows.ts'
import { isReady } from './states.ts'

/** The command that a row waits for, whose first issue may have gone down with its process. Carrying it out again harms nothing. */
export function pendingCommand(row: Row): RunTask | StartTimer | undefined {
  if (row.kind === 'chart') return dueOfChart(row)
  if (row.kind !== 'task') return undefined
  if (row.state === 'RECEIVED') return { type: 'run-task', id: row.id }
  const waits = row.state === 'PENDING' || row.state === 'RETRY'
  return waits && row.due !== undefined ? { type: 'start-timer', id: row.id, at: row.due } : undefined
}

function dueOfChart(row: ChartRow): StartTimer | undefined {
  const at = nextDue(row)
  return at === undefined ? undefined : { type: 'start-timer', id: row.id, at }
}

/** The command to run the actions that a run's steps have asked for, where some may not have been. */
export const pendingActions = (row: Row): RunActions | undefined =>
  row.kind === 'chart' && row.actions.length > 0 ? { type: 'run-actions', id: row.id } : undefined

/** Whether a run waits for nothing but an event from outside or its time: until then nobody needs to see its row. */
export const isIdleRun = (row: ChartRow): boolean =>
  row.endedAt === undefined &&
  row.settles === undefined &&
  row.actions.length === 0 &&
  Object.values(row.children).every(({ ended }) => ended === true) &&
  !waitsForMachine(row)

/** Whether a run can go on as soon as its machine is registered. */
const waitsForMachine = ({ kept, compensating }: ChartRow): boolean =>
  compensating?.step === 'held' || kept.some(({ own }) => own)

/** The fact that a run can go on whose machine was not registered as its turn came. */
export const resumedRun = (row: Row, at: number): ChartResumed | undefined =>
  row.kind === 'chart' && waitsForMachine(row) ? { type: 'chart-resumed', id: row.id, at } : undefined

/** The fact that the attempt a row tells of went down with its process: as with a thread, a task is at fault for three at most. */
export function attemptLost(row: Row, at: number): TaskLost | undefined {
  if (row.kind !== 'task' || !isRunning(row)) return undefined
  const error = codedError('UMBEL_WORKER_LOST', `The process ended while task ${row.id} (${row.spec.task}) ran.`)
  return { type: 'task-lost', id: row.id, ...currentRun(row), error, at }
}

const WAITING: ReadonlySet<string> = new Set(['PENDING', 'RECEIVED', 'RETRY', 'REPLACED'])

/** STARTED, or one of the task's own states. */
const isRunning = ({ state }: TaskRow): boolean => !WAITING.has(state) && !isReady(state)
