import type { StateValue } from 'xstate'
import type { Compensating, Done } from './chart/compensation.ts'
import type { Past } from './chart/past.ts'
import type { Encoded } from './codec.ts'
import type { ErrorData } from './error-data.ts'
import type { Plan, TaskSpec } from './plan.ts'
import type { TaskState } from './states.ts'
import type { WorkflowState } from './workflow-machine.ts'

/** The truth about one task. A new row replaces the old one; rows are never changed in place. What few tasks have is left out of those that have not: there is one row for each that waits. */
export interface TaskRow {
  readonly kind: 'task'
  /** Time-ordered id, or `workflow/node` for a node of a workflow. */
  readonly id: string
  /** What to run and how; shared with the plan it comes from. */
  readonly spec: TaskSpec
  /** Encoded list of the arguments, what came from before included. */
  readonly args: Encoded
  /** Encoded record of the keyword arguments. */
  readonly kwargs: Encoded | undefined
  /** Workflow it is a node of. */
  readonly workflow: string | undefined
  /** Its node in the workflow's plan; -1 outside of one. */
  readonly node: number
  /** Id of what sent it or came before it. */
  readonly parent: string | undefined
  /** Id of the first task or workflow of the tree it belongs to. */
  readonly root: string
  /** Id of the task it goes on for, after `ctx.replace`. */
  readonly settles?: string | undefined
  /** Id of what goes on for it, after `ctx.replace`. */
  readonly replacedBy?: string | undefined
  /** Ids of the rows of the keys that it has, or had until it ended; of none where there is no such. */
  readonly keys?: readonly string[] | undefined
  /** Id of the row of the key that it waits for, as another task has it; or of the task that it ends like, as that was sent under its key before. */
  readonly follows?: string | undefined
  readonly state: TaskState
  /** What `ctx.setState` gave beside the name of the state. */
  readonly meta?: Encoded | undefined
  /** What `ctx.progress` told last. */
  readonly progress?: Progress | undefined
  /** Attempts started so far that count. */
  readonly attempt: number
  /** Starts so far, those that were lost or given back included. */
  readonly runs: number
  /** Workers that died under it so far. */
  readonly losses: number
  /** Attempts that came to nothing, the last of them, oldest first; of none where there was none. */
  readonly past?: readonly PastAttempt[]
  /** Moment at which it becomes due (countdown, eta, delay of a retry), in milliseconds since the epoch. */
  readonly due?: number | undefined
  /** Moment after which it is revoked instead of started, in milliseconds since the epoch. */
  readonly expires: number | undefined
  readonly result: Encoded | undefined
  readonly error: ErrorData | undefined
  /** Moments in milliseconds since the epoch. */
  readonly sentAt: number
  /** When the attempt started that runs or was the last to run; of none while it waits for one. */
  readonly startedAt: number | undefined
  readonly endedAt: number | undefined
}

/** The run that facts about a task must belong to: the one under way, else the one that comes next. */
export function currentRun({ attempt, runs, startedAt }: TaskRow): { readonly attempt: number; readonly run: number } {
  return startedAt === undefined ? { attempt: attempt + 1, run: runs + 1 } : { attempt, run: runs }
}

/** The number of that run. */
export const runOf = ({ runs, startedAt }: TaskRow): number => (startedAt === undefined ? runs + 1 : runs)

/** An attempt that came to nothing. Moments are in milliseconds since the epoch. */
export interface PastAttempt {
  readonly attempt: number
  /** `undefined` where its handler never started. */
  readonly startedAt: number | undefined
  readonly endedAt: number
  /** What was wrong, in short; `undefined` where a retry gave no reason. */
  readonly error: Pick<ErrorData, 'name' | 'message' | 'code'> | undefined
}

/** How far a handler says it has come. */
export interface Progress {
  readonly done: number
  readonly total: number
}

/** The truth about one join of a workflow: how many members are still awaited. */
export interface JoinRow {
  readonly kind: 'join'
  /** `workflow/node`. */
  readonly id: string
  readonly workflow: string
  readonly remaining: number
  readonly failed: number
  /** How what stands before it ended, where its members never get their turn: it ends the same way. */
  readonly skipped?: Skipped
  /** Members that were added while it waited, behind those of the plan. */
  readonly added?: readonly AddedMember[]
  /** Encoded list of the members' results in their order, once all have succeeded. */
  readonly result: Encoded | undefined
  readonly error: ErrorData | undefined
}

/** A member that `ctx.addToChord` added, and how it ended. */
export interface AddedMember {
  readonly id: string
  readonly result: Encoded | undefined
  readonly error: ErrorData | undefined
}

/** An end without a result that is handed on. */
export interface Skipped {
  readonly revoked: boolean
  readonly error: ErrorData
}

/** The truth about one workflow that is a canvas. */
export interface WorkflowRow {
  readonly kind: 'workflow'
  readonly id: string
  /** The compiled canvas; it keeps the one it started with. */
  readonly plan: Plan
  readonly parent: string | undefined
  readonly root: string
  readonly settles: string | undefined
  /** Encoded list that was put in front of the first arguments, where there was one. */
  readonly input?: Encoded
  readonly state: WorkflowState
  readonly result: Encoded | undefined
  readonly error: ErrorData | undefined
  readonly sentAt: number
  readonly endedAt: number | undefined
}

/** The truth about one run of a machine that the user drew. */
export interface ChartRow {
  readonly kind: 'chart'
  readonly id: string
  /** Name of the machine, and the version that it started with. */
  readonly machine: string
  readonly version: string
  /** The states that are active, as XState writes them. */
  readonly value: StateValue
  /** Encoded record. */
  readonly context: Encoded
  /** What its history states remember: ids of states. */
  readonly memory?: Readonly<Record<string, readonly string[]>>
  /** The tag of the deepest active state that has one, STARTED where none has; once it has ended, how. */
  readonly state: TaskState
  /** The tags of all active states. */
  readonly states: readonly string[]
  /** The last states it showed, oldest first, and what people told it. */
  readonly past: Past
  /** What it has invoked or spawned, by the id that the machine knows it by. */
  readonly children: Readonly<Record<string, ChartChild>>
  /** Children it started and actions it asked for so far. */
  readonly begun: number
  /** Events that are to come, in the order they were scheduled. */
  readonly timers: readonly ChartTimer[]
  /** Events that it was told and that no transition took, oldest first: they are offered again after each step. */
  readonly kept: readonly KeptEvent[]
  /** Ids of what it was told last under one, with what it emitted for that. */
  readonly heard: readonly Heard[]
  /** Actions of the user's that are stored with the step that asked for them, and still to be run. */
  readonly actions: readonly ChartAction[]
  /** How it ends once these are run, and what it has done is taken back where it fails. */
  readonly closing?: 'SUCCESS' | 'FAILURE' | 'REVOKED'
  /** What it has done that can be taken back, in the order in which that succeeded. */
  readonly done?: readonly Done[]
  /** Of one that has failed and takes that back. */
  readonly compensating?: Compensating
  readonly parent: string | undefined
  readonly root: string
  /** Id of the run that invoked it, or of the task it goes on for. */
  readonly settles: string | undefined
  readonly result: Encoded | undefined
  readonly error: ErrorData | undefined
  readonly sentAt: number
  readonly endedAt: number | undefined
}

/** A task, a canvas or another run that a run waits for. */
export interface ChartChild {
  /** Id of the task or workflow. */
  readonly id: string
  readonly kind: 'task' | 'workflow'
  /** What the machine calls it in `actors`. */
  readonly src: string
  /** Whether the machine wants to hear of its progress. */
  readonly watched?: true
  /** Whether it has ended: what it comes to is told. */
  readonly ended?: true
  /** What it was given, encoded, where it can be taken back. */
  readonly input?: Encoded
}

/** An event that comes to a run once it is due. */
export interface ChartTimer {
  /** By which the machine may cancel it. */
  readonly send: string | undefined
  /** Moment in milliseconds since the epoch. */
  readonly due: number
  readonly event: Encoded
  /** Child it goes to; the run itself where there is none. */
  readonly to?: string
  /** Id of that child: one that is invoked later under the same name is another. */
  readonly child?: string
}

/** An event that waits for a state that takes it. */
export interface KeptEvent {
  readonly event: Encoded
  readonly by?: string
  /** Whether it tells of the run's own children, and came while its machine was not registered. */
  readonly own?: true
}

/** Something a run was told under an id, so that it is told once. */
export interface Heard {
  readonly id: string
  /** What the machine emitted for it first, encoded. */
  readonly answer?: Encoded
}

/** An action of the user's that has to be run. */
export interface ChartAction {
  /** Which of what the run began it is. */
  readonly n: number
  /** Name in `setup({ actions })`. */
  readonly action: string
  readonly params: Encoded | undefined
  readonly event: Encoded
  readonly context: Encoded
}

/** How far a stream has come: many items of one iterable, each a task of its own. It never ends: the same id goes on behind its cursor. */
export interface StreamRow {
  readonly kind: 'stream'
  /** See `streamRowId`. */
  readonly id: string
  /** Items whose results were delivered. */
  readonly cursor: number
  /** Moment in milliseconds since the epoch of the first item that was delivered. */
  readonly startedAt: number
  /** The same of the last one. */
  readonly at: number
}

/** The truth about one key of a task: which call of it has the key, and what came of that. */
export interface KeyRow {
  readonly kind: 'key'
  /** See `keyRowId`. */
  readonly id: string
  /** `held` by a task that has not ended, `kept` with what it came to; one that is `free` counts for nothing, and stores drop it. */
  readonly state: 'held' | 'kept' | 'free'
  /** Id of the task that has it, or had it last. */
  readonly holder: string
  /** What that was given. */
  readonly args: Encoded
  readonly kwargs: Encoded | undefined
  /** Of a key under which there is one task at a time. */
  readonly unique?: Uniqueness | undefined
  /** Version of the task that this is for, where that is not 1. */
  readonly version: number | undefined
  /** Milliseconds for which a result stands; of none as long as the store keeps it. */
  readonly ttl: number | undefined
  readonly result: Encoded | undefined
  /** What was wrong with the last one, where it still counts and has no result. */
  readonly error?: ErrorData | undefined
  /** Moments in milliseconds since the epoch. */
  readonly heldAt: number
  readonly endedAt: number | undefined
}

/** How long a task is the one of its key. */
export interface Uniqueness {
  /** Until it has its turn (and no longer waits for its time), until an attempt starts, or until it has ended. */
  readonly until: 'received' | 'started' | 'ended'
  /** Milliseconds from its sending for which it counts, longer or shorter. */
  readonly throttle?: number
}

/** A row of something that ends and can be waited for. */
export type ResultRow = TaskRow | JoinRow | WorkflowRow | ChartRow

/** One row of the store. */
export type Row = ResultRow | StreamRow | KeyRow

/** Whether a row is of something that ends and can be waited for. */
export const isResultRow = (row: Row): row is ResultRow => row.kind !== 'stream' && row.kind !== 'key'

/** Where a row is at hand. */
export interface Seat {
  /** The row as it stands. */
  row: Row | undefined
  /** The row that is to take its place: of the `Draft` that is being worked on, and of none between two. */
  next: Row | undefined
  /** Where the store has the row, as it notes for itself. */
  place?: number | undefined
}

/** Read access to the rows as they stand. */
export interface RowReader {
  get(id: string): Row | undefined
  /**
   * Where the row of an id is at hand, or will be: looked for once, where a reader has that, a row need not be looked for again to be replaced.
   * `known`: one that was found before, for another fact, which is given again where it is still that of the id.
   */
  seat?(id: string, known?: Seat): Seat | undefined
  /** Make a seat for an id that has none: where a reader has all rows in seats, it is there until the step is stored or `unmake` is told. */
  make?(id: string): Seat
  /** A seat that was made is not needed: what it was made for comes to nothing. */
  unmake?(id: string, seat: Seat): void
  /** The seat of a node of a workflow, where it has one: of a reader that has all rows in seats, found without its id. */
  node?(workflow: string, node: number): Seat | undefined
  /** Ids of the tasks that follow something (see `TaskRow.follows`), the oldest first; nothing, where there can be none. */
  following?(id: string): Iterable<string>
}

/** Id of what a row is listed under as a child. A workflow stands for the nodes it begins with; joins, streams and keys are nobody's children. */
export function parentOf(row: Row): string | undefined {
  if (row.kind === 'join' || row.kind === 'stream' || row.kind === 'key') return undefined
  if (row.kind !== 'task' || row.workflow === undefined || row.parent === undefined) return row.parent
  const { workflow, parent } = row
  return parent[workflow.length] === '/' && parent.startsWith(workflow) ? parent : undefined
}

/** Id of a node's row. Put together at once: V8 would keep a template in its pieces until it is first looked for, which costs more than all else about it. */
export const nodeId = (workflow: string, node: number): string => [workflow, node].join('/')

/** Id of the row of a key under which there is one task at a time. */
export const uniqueRowId = (task: string, key: string): string => `/unique/${task}/${key}`

/** Whether an id is that of a row of a key. */
export const isKeyRowId = (id: string): boolean => id.startsWith('/key/') || id.startsWith('/unique/')

/** Id of the row of a task's key: it begins as no id of a task may. */
export const keyRowId = (task: string, key: string): string => `/key/${task}/${key}`

/** Id of the row of the stream that a caller named: it begins as no id of a task may. */
export const streamRowId = (name: string): string => `/stream/${name}`
