import type { Encoded } from './codec.ts'
import type { ErrorData } from './error-data.ts'
import { maker } from './made-young.ts'
import type { Plan } from './plan.ts'
import type { Progress, Uniqueness } from './rows.ts'

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
  /** Id of the task or workflow that failed and that it is sent in the place of: what stands of the workflow is taken over. */
  readonly redrives?: string
  /** Under which key it is the only one: of one task. */
  readonly unique?: UniqueSend
  readonly at: number
}

const NewSend = maker<
  CanvasSent,
  [id: string, plan: Plan, parent: string | undefined, root: string | undefined, at: number]
>(function (id, plan, parent, root, at) {
  this.type = 'canvas-sent'
  this.id = id
  this.plan = plan
  this.input = undefined
  this.parent = parent
  this.root = root
  this.settles = undefined
  this.at = at
})

/** The fact that a plan was sent, by a task or by nobody. */
export function canvasSent(
  id: string,
  plan: Plan,
  at: number,
  parent?: { readonly id: string; readonly root: string },
  unique?: UniqueSend,
): CanvasSent {
  const sent = new NewSend(id, plan, parent?.id, parent?.root, at)
  return unique === undefined ? sent : { ...sent, unique }
}

/** The key under which a task is the only one; what is sent beside it ends as it does. Times are in milliseconds. */
export interface UniqueSend {
  /** Id of its row: see `uniqueRowId`. */
  readonly id: string
  readonly until: Uniqueness['until']
  /** Wait so long for another one, whose arguments are the ones that count then. */
  readonly debounce?: number
  /** Wait no longer than this, whatever comes. */
  readonly maxWait?: number
  /** How long the last one counts from its sending, though it has ended. */
  readonly throttle?: number
}

/** It became due. */
export interface TaskReceived {
  readonly type: 'task-received'
  readonly id: string
  readonly at: number
}

/** What belongs to one run of a task's handler. */
interface OfRun {
  readonly id: string
  readonly attempt: number
  /** Which start of the task it was, 1 for the first: what was lost or given back is started again under its attempt's number. */
  readonly run: number
  readonly at: number
}

/** A worker is about to run its handler; one that has a key, unless another task has that. */
export interface TaskStarted extends OfRun {
  readonly type: 'task-started'
  readonly key?: TaskKey
}

/** The key of a call, under which its handler comes to one result. */
export interface TaskKey {
  /** Id of its row: see `keyRowId`. */
  readonly id: string
  /** Milliseconds for which the result stands. */
  readonly ttl?: number
}

/** Its handler set one of its own states. */
export interface TaskStateSet extends OfRun {
  readonly type: 'task-state'
  readonly state: string
  readonly meta: Encoded | undefined
}

/** Its handler told how far it has come. */
export interface TaskProgressed extends OfRun {
  readonly type: 'task-progress'
  readonly progress: Progress
}

/** An attempt succeeded. */
export interface TaskSucceeded extends OfRun {
  readonly type: 'task-succeeded'
  readonly result: Encoded
  /** When its handler began, where that was later than it was said to start: it was handed to a thread that was still at something else. */
  readonly began?: number | undefined
  /** What its handler wrote to the user's tables: an encoded list of `[sql, params]`. */
  readonly writes?: Encoded
}

/** An attempt failed for good. */
export interface TaskFailed extends OfRun {
  readonly type: 'task-failed'
  readonly error: ErrorData
  /** As of `TaskSucceeded`. */
  readonly began?: number | undefined
}

/** An attempt failed and a new one is wanted `delay` milliseconds from `at`. */
export interface TaskRetried extends OfRun {
  readonly type: 'task-retried'
  readonly error: ErrorData | undefined
  readonly delay: number
}

/** Its handler ended with `ctx.replace`. */
export interface TaskReplaced extends OfRun {
  readonly type: 'task-replaced'
  readonly plan: Plan
  /** What its handler wrote to the user's tables: an encoded list of `[sql, params]`. */
  readonly writes?: Encoded
}

/** Its handler added a canvas to the header of the chord it is a member of. */
export interface ChordExtended extends OfRun {
  readonly type: 'chord-extended'
  /** Id of what is added. */
  readonly member: string
  readonly plan: Plan
}

/** Its handler ended with `throw new Ignore()`. */
export interface TaskIgnored extends OfRun {
  readonly type: 'task-ignored'
}

/** It was refused for good: by its handler, or because it cannot run here. */
export interface TaskRejected extends OfRun {
  readonly type: 'task-rejected'
  readonly reason: string
}

/** Something that its handler does once has been done: see `ctx.once`. */
export interface EffectRecorded extends OfRun {
  readonly type: 'effect-recorded'
  readonly name: string
  /** What it came to. */
  readonly result: Encoded
}

/** It is not wanted any more, or came too late. */
export interface TaskRevoked {
  readonly type: 'task-revoked'
  readonly id: string
  /** Of a node whose turn has not come: revoke it and leave alone what it waits for. */
  readonly alone?: true
  readonly error: ErrorData
  readonly at: number
}

/** Its thread or process died under it: it goes back to its lane, `K` times at most. */
export interface TaskLost extends OfRun {
  readonly type: 'task-lost'
  readonly error: ErrorData
}

/** Its worker gave it back: it goes back to its lane and the attempt does not count. */
export interface TaskReturned extends OfRun {
  readonly type: 'task-returned'
  /** Whether its handler had begun, and its worker died of something else or its app stopped. Default false. */
  readonly begun?: boolean
}

/** Nothing here can run it, as its task is registered no more: it waits until one can. */
export interface TaskParked extends OfRun {
  readonly type: 'task-parked'
  readonly error: ErrorData
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

/** Nobody wants to know any more of a task that failed for good. */
export interface LetterDiscarded {
  readonly type: 'letter-discarded'
  /** Id of the task. */
  readonly id: string
  readonly at: number
}

/** A run of a machine was started. */
export interface ChartStarted {
  readonly type: 'chart-started'
  readonly id: string
  readonly machine: string
  readonly version: string
  /** Encoded. */
  readonly input: Encoded
  readonly parent: string | undefined
  /** Id of the tree's root; `undefined` when this is it. */
  readonly root: string | undefined
  /** Id of the run that invoked it, or of the task it goes on for. */
  readonly settles: string | undefined
  readonly at: number
}

/** A run was sent an event. */
export interface ChartTold {
  readonly type: 'chart-told'
  readonly id: string
  /** Encoded. */
  readonly event: Encoded
  /** Id under which it is told once. */
  readonly dedupe?: string
  /** Who sent it. */
  readonly by?: string
  /** Whether the sender waits for what the machine emits for it: then it is refused where no transition takes it, and not kept. */
  readonly asks?: true
  readonly at: number
}

/** An event that a run has scheduled is due. */
export interface ChartDue {
  readonly type: 'chart-due'
  readonly id: string
  readonly at: number
}

/** Actions of a run were carried out, up to the one of this number. */
export interface ChartActed {
  readonly type: 'chart-acted'
  readonly id: string
  readonly n: number
  readonly at: number
}

/** The machine of a run is here again. */
export interface ChartResumed {
  readonly type: 'chart-resumed'
  readonly id: string
  readonly at: number
}

/** A fact about one run of a machine. */
export type ChartEvent = ChartStarted | ChartTold | ChartDue | ChartActed | ChartResumed

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
  | TaskParked

/** A fact. `at` is when it happened, in milliseconds since the epoch. */
export type EngineEvent =
  | CanvasSent
  | TaskEvent
  | TaskPrioritised
  | EffectRecorded
  | ChordExtended
  | WorkflowRevoked
  | ChartEvent
  | StreamAdvanced
  | LetterDiscarded

/** Version of the shapes above, stored beside each event. */
export const EVENT_VERSION = 1
