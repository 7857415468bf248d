/** The states of a task: Celery's, and REPLACED. */
export const TASK_STATES = [
  /** Sent, not yet due: waits for its time or for the steps before it. */
  'PENDING',
  /** Due: waits in its lane for a free slot. */
  'RECEIVED',
  /** A worker runs its handler (or one of the task's own states, while it does). */
  'STARTED',
  /** Its handler ended with `ctx.replace`: waits for what goes on in its place. Ours; Celery shows STARTED. */
  'REPLACED',
  /** Failed, and waits for its next attempt. */
  'RETRY',
  'SUCCESS',
  'FAILURE',
  'REVOKED',
  'REJECTED',
  'IGNORED',
] as const

/** One of the states every task can be in. */
export type CommonState = (typeof TASK_STATES)[number]

/** A state of a task: a common one or, between STARTED and the end, one of the task's own. */
export type TaskState = CommonState | (string & {})

/** States that never change again. */
export const READY_STATES: ReadonlySet<string> = new Set(['SUCCESS', 'FAILURE', 'REVOKED', 'REJECTED', 'IGNORED'])

/** Tell whether a task in this state has ended. By name, as it is asked some ten times about each task: a look into a set costs five times as much. */
export const isReady = (state: TaskState): boolean =>
  state === 'SUCCESS' || state === 'FAILURE' || state === 'REVOKED' || state === 'REJECTED' || state === 'IGNORED'
