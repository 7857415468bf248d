import type { Encoded } from './codec.ts'
import type { TaskHeaders } from './headers.ts'
import { listOf, maker } from './made-young.ts'
import type { TimeLimits } from './time-limit.ts'

/** No next node: the end of the workflow. */
export const END = -1

/** What is fixed about a task before it runs, its values apart: the signature's options with the task's, routes and defaults. */
export interface TaskSpec {
  readonly task: string
  /** How the handler is called: once, or once for each item of the list that is its only argument. */
  readonly via: 'call' | 'map' | 'starmap'
  /** Whether it takes nothing from before. */
  readonly immutable: boolean
  readonly lane: string
  /** Whether it runs on the main loop instead of a thread. */
  readonly inline: boolean
  /** 0 to 9, 9 first. */
  readonly priority: number
  /** The task's own states, which its machine is made for. */
  readonly states: readonly string[]
  /** Milliseconds to wait once it is its turn. */
  readonly countdown: number | undefined
  /** Moment before which it does not start, in milliseconds since the epoch. */
  readonly eta: number | undefined
  /** How long after it was its turn it may still start. */
  readonly expires: Expiry | undefined
  /** How long each attempt may take, where the call says so. */
  readonly timeLimit?: TimeLimits
  /** What the task has written on it; one object for all members of a canvas that were given the same. */
  readonly headers?: TaskHeaders
  readonly ignoreResult: boolean
  /** Of what is no task but a run of a machine: which. It never comes to a lane: it is replaced by the run as its turn comes. */
  readonly workflow?: WorkflowName
  /** Whether an attempt is over with as it starts: one that is cut off is not made up for. Else it is acknowledged with its outcome. */
  readonly acks?: 'early'
  /** Version of the task that its arguments are for, where that is not 1. */
  readonly version?: number
  readonly link: readonly Plan[]
  readonly linkError: readonly ErrorCallback[]
}

/** A machine of the user's, by its id and version. */
export interface WorkflowName {
  readonly name: string
  readonly version: string
}

/** Milliseconds after it was a task's turn, or a moment in milliseconds since the epoch. */
export type Expiry = { readonly after: number } | { readonly at: number }

/** A canvas sent when a task has failed: given the failed task's id, or (request, error, traceback). */
export interface ErrorCallback {
  readonly plan: Plan
  /** 1: the failed task's id. More: the first so many of (request, error, stack). */
  readonly takes: 1 | 2 | 3
}

/** A task with what it was given; its result goes to `next`. */
export interface TaskNode {
  readonly kind: 'task'
  /** Shared by all calls of a task that were given no options of their own, and by those that were given nothing but the same headers. */
  readonly spec: TaskSpec
  /** Encoded list. What comes from before is put in front, unless immutable. */
  readonly args: Encoded
  /** Encoded record. */
  readonly kwargs: Encoded | undefined
  /** Index of the node that is given the result, or END. */
  readonly next: number
}

/** Hands what comes in to every branch. */
export interface ForkNode {
  readonly kind: 'fork'
  /** Index of the first node of each branch. */
  readonly branches: readonly number[]
  /** Index of the join in which the branches end. */
  readonly join: number
}

/** Waits for all members; the list of their results goes to `next`. */
export interface JoinNode {
  readonly kind: 'join'
  /** Index of the last node of each branch, in order. */
  readonly members: readonly number[]
  readonly next: number
  /** Where it is a chord's: the last node of the body, which is given the list. */
  readonly body?: number
  /** Error callbacks of that body as a whole, called once when a member fails. */
  readonly errors?: readonly ErrorCallback[]
}

/** One node of a plan. */
export type PlanNode = TaskNode | ForkNode | JoinNode

/** A canvas compiled to a flat list: no recursion when it runs. The node `exit` leads to END. */
export interface Plan {
  readonly nodes: readonly PlanNode[]
  readonly entry: number
  readonly exit: number
  /** What stands before the whole as its handle tells, where that is not the node before `exit`: the header of a chord, or END. */
  readonly before?: number
  /** Written on all of its tasks, where there are any. */
  readonly headers?: TaskHeaders
}

/** The plan of one task. */
export const planOfOne = (spec: TaskSpec, args: Encoded, kwargs: Encoded | undefined): Plan =>
  new PlanOfOne(new NodeOfOne(spec, args, kwargs))

const PlanOfOne = maker<Plan, [only: TaskNode]>(function (only) {
  this.nodes = listOf(only)
  this.entry = 0
  this.exit = 0
})

const NodeOfOne = maker<TaskNode, [spec: TaskSpec, args: Encoded, kwargs: Encoded | undefined]>(
  function (spec, args, kwargs) {
    this.kind = 'task'
    this.spec = spec
    this.args = args
    this.kwargs = kwargs
    this.next = END
  },
)
