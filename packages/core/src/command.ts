import type { Encoded } from './codec.ts'

/** Hand a task to its lane. */
export interface RunTask {
  readonly type: 'run-task'
  readonly id: string
  /** Whether it had been handed out and came back unbegun: then it waits before those of its priority, not behind them. */
  readonly again?: true | undefined
}

/** Call back with `task-received` (of a run with `chart-due`) at a moment in milliseconds since the epoch. */
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

/** Run the actions of the user's that a run has to have carried out. */
export interface RunActions {
  readonly type: 'run-actions'
  readonly id: string
}

/** Tell those who listen to a run what its machine emits. */
export interface Emit {
  readonly type: 'emit'
  readonly id: string
  /** Encoded. */
  readonly event: Encoded
}

/** Show what a machine logs. */
export interface LogLine {
  readonly type: 'log'
  readonly id: string
  readonly label: string | undefined
  /** Encoded. */
  readonly value: Encoded
}

/** What the engine has to do, as data. Carried out by `perform` once rows and events are stored; each may be carried out twice. */
export type Command =
  | RunTask
  | StartTimer
  | CancelTimer
  | WithdrawTask
  | ReprioritiseTask
  | AbortTask
  | Settle
  | RunActions
  | Emit
  | LogLine
