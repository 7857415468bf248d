/** Hand a task to its lane. */
export interface RunTask {
  readonly type: 'run-task'
  readonly id: string
}

/** Call back with `task-received` at a moment in milliseconds since the epoch. */
export interface StartTimer {
  readonly type: 'start-timer'
  readonly id: string
  readonly at: number
}

/** Forget that call. */
export interface CancelTimer {
  readonly type: 'cancel-timer'
  readonly id: string
}

/** Take a waiting task out of its lane. */
export interface WithdrawTask {
  readonly type: 'withdraw-task'
  readonly id: string
}

/** Move a waiting task in its lane to the priority its row has now. */
export interface ReprioritiseTask {
  readonly type: 'reprioritise-task'
  readonly id: string
}

/** Abort the handler of a running task. */
export interface AbortTask {
  readonly type: 'abort-task'
  readonly id: string
}

/** Tell those who wait for a task or a workflow that it has ended. */
export interface Settle {
  readonly type: 'settle'
  readonly id: string
}

/** What the engine has to do, as data. Carried out by `perform` once rows and events are stored; each may be carried out twice. */
export type Command = RunTask | StartTimer | CancelTimer | WithdrawTask | ReprioritiseTask | AbortTask | Settle
