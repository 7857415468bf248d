import type { Encoded } from './codec.ts'
import type { ErrorData } from './error-data.ts'
import type { Plan } from './plan.ts'
import type { Progress } from './rows.ts'

/** Something was sent: one task where the plan has one node, else a workflow. */
export interface CanvasSent {
  readonly type: 'canvas-sent'
  /** Id of what starts. */
  readonly id: string
  readonly plan: Plan
  /** Encoded list put in front of the first arguments; `undefined` puts nothing. */
  readonly input: Encoded | undefined
  readonly parent: string | undefined
  /** Id of the tree's root; `undefined` when this is it. */
  readonly root: string | undefined
  /** Id of the task it goes on for, after `ctx.replace`. */
  readonly settles: string | undefined
  readonly at: number
}

/** It became due. */
export interface TaskReceived {
  readonly type: 'task-received'
  readonly id: string
  readonly at: number
}

/** A worker is about to run its handler. */
export interface TaskStarted {
  readonly type: 'task-started'
  readonly id: string
  readonly attempt: number
  readonly at: number
}

/** Its handler set one of its own states. */
export interface TaskStateSet {
  readonly type: 'task-state'
  readonly id: string
  readonly attempt: number
  readonly state: string
  readonly meta: Encoded | undefined
  readonly at: number
}

/** Its handler told how far it has come. */
export interface TaskProgressed {
  readonly type: 'task-progress'
  readonly id: string
  readonly attempt: number
  readonly progress: Progress
  readonly at: number
}

/** An attempt succeeded. */
export interface TaskSucceeded {
  readonly type: 'task-succeeded'
  readonly id: string
  readonly attempt: number
  readonly result: Encoded
  readonly at: number
}

/** An attempt failed for good. */
export interface TaskFailed {
  readonly type: 'task-failed'
  readonly id: string
  readonly attempt: number
  readonly error: ErrorData
  readonly at: number
}

/** An attempt failed and a new one is wanted `delay` milliseconds from `at`. */
export interface TaskRetried {
  readonly type: 'task-retried'
  readonly id: string
  readonly attempt: number
  readonly error: ErrorData | undefined
  readonly delay: number
  readonly at: number
}

/** Its handler ended with `ctx.replace`. */
export interface TaskReplaced {
  readonly type: 'task-replaced'
  readonly id: string
  readonly attempt: number
  readonly plan: Plan
  readonly at: number
}

/** Its handler added a canvas to the header of the chord it is a member of. */
export interface ChordExtended {
  readonly type: 'chord-extended'
  readonly id: string
  readonly attempt: number
  /** Id of what is added. */
  readonly member: string
  readonly plan: Plan
  readonly at: number
}

/** Its handler ended with `throw new Ignore()`. */
export interface TaskIgnored {
  readonly type: 'task-ignored'
  readonly id: string
  readonly attempt: number
  readonly at: number
}

/** It was refused for good: by its handler, or because it cannot run here. */
export interface TaskRejected {
  readonly type: 'task-rejected'
  readonly id: string
  readonly attempt: number
  readonly reason: string
  readonly at: number
}

/** It is not wanted any more, or came too late. */
export interface TaskRevoked {
  readonly type: 'task-revoked'
  readonly id: string
  readonly error: ErrorData
  readonly at: number
}

/** Its worker died under it: it goes back to its lane, `K` times at most. */
export interface TaskLost {
  readonly type: 'task-lost'
  readonly id: string
  readonly attempt: number
  readonly error: ErrorData
  readonly at: number
}

/** It was taken by a worker but never started: it goes back to its lane and the attempt does not count. */
export interface TaskReturned {
  readonly type: 'task-returned'
  readonly id: string
  readonly attempt: number
  readonly at: number
}

/** A whole workflow is not wanted any more. */
export interface WorkflowRevoked {
  readonly type: 'workflow-revoked'
  readonly id: string
  readonly error: ErrorData
  readonly at: number
}

/** A task, or all of a workflow, was given another priority. It changes what has not started. */
export interface TaskPrioritised {
  readonly type: 'task-prioritised'
  /** Id of a task, of a node whose turn has not come, or of a workflow. */
  readonly id: string
  /** 0 to 9. */
  readonly priority: number
  readonly at: number
}

/** The consumer of a stream has taken so many items' results. */
export interface StreamAdvanced {
  readonly type: 'stream-advanced'
  /** Id of its row: see `streamRowId`. */
  readonly id: string
  /** Items delivered so far, those of earlier streams under the id included. */
  readonly cursor: number
  readonly at: number
}

/** A fact about one task that exists. */
export type TaskEvent =
  | TaskReceived
  | TaskStarted
  | TaskStateSet
  | TaskProgressed
  | TaskSucceeded
  | TaskFailed
  | TaskRetried
  | TaskReplaced
  | TaskIgnored
  | TaskRejected
  | TaskRevoked
  | TaskLost
  | TaskReturned

/** A fact. `at` is when it happened, in milliseconds since the epoch. */
export type EngineEvent = CanvasSent | TaskEvent | TaskPrioritised | ChordExtended | WorkflowRevoked | StreamAdvanced

/** Version of the shapes above, stored beside each event. */
export const EVENT_VERSION = 1
