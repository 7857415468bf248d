import { isParked, type Plan, type Row, type TaskRow } from '@umbel/core'
import type { Engine } from './engine.ts'
import { eachRow, type InspectedTask, inspectedTask } from './inspected-task.ts'
import type { Lane } from './lanes/lane.ts'
import type { Limits } from './limits/limits.ts'
import type { Timers } from './timers.ts'

/** Why something has not started. Moments are in milliseconds since the epoch. */
export type WaitReason =
  /** No slot of its lane is free; or its lane is paused, or was scaled down to no slot for it. */
  | { readonly kind: 'slot' | 'paused' }
  /** Its rate limit (`token`) has no permit for it before `until`; `key` is its bucket, `''` where there is but one. */
  | { readonly kind: 'token'; readonly token: string; readonly key: string; readonly until: number }
  /** Its time has not come: that of its countdown or eta, or of the next attempt. */
  | { readonly kind: 'countdown' | 'eta' | 'retry'; readonly until: number }
  /** Its task is registered no more: it goes on in an app that starts with it. */
  | { readonly kind: 'unregistered' }
  /** Another task has its key, and has not ended. */
  | { readonly kind: 'key'; readonly on: string }
  /** It was replaced, and ends as this does. */
  | { readonly kind: 'dependency'; readonly on: string }

/** A task that waits. */
export interface WaitingTask extends InspectedTask {
  readonly reason: WaitReason
}

/** The tasks of a workflow that have not had their turn: what stands before them has not ended. */
export interface WaitingWorkflow {
  readonly workflow: string
  readonly tasks: number
}

/** A list, cut off where it is long. */
export interface Listing<T> {
  /** How many there are, listed or not. */
  readonly total: number
  readonly tasks: readonly T[]
}

/** Everything that waits. */
export interface Waiting extends Listing<WaitingTask> {
  /** How many tasks have not had their turn, listed or not. */
  readonly dependent: number
  readonly workflows: readonly WaitingWorkflow[]
}

/** What is looked through. */
export interface WaitingParts {
  readonly engine: Engine
  readonly lanes: ReadonlyMap<string, Lane>
  readonly timers: Timers
  readonly limits: Limits
}

/** List what waits, of one lane or of all: first what waits in lanes, in the order in which it will start, then by time. */
export async function listWaiting(parts: WaitingParts, lane: string | undefined, limit: number): Promise<Waiting> {
  const tasks: WaitingTask[] = []
  const list = (row: TaskRow | undefined, reason: WaitReason): void => {
    if (row !== undefined && isOf(row, lane)) tasks.push({ ...inspectedTask(row), reason })
  }
  const { engine, timers, limits } = parts
  const lanes = [...parts.lanes.values()].filter(({ name }) => lane === undefined || name === lane)
  for (const { id, reason } of lanes.flatMap((one) => first(one.waits(), limit))) {
    if (tasks.length >= limit) break
    const token = reason === 'token' ? limits.waitOf(id) : undefined
    list(
      engine.task(id),
      token === undefined ? { kind: reason === 'token' ? 'slot' : reason } : { kind: 'token', ...token },
    )
  }
  for (const { id } of timers) {
    if (tasks.length >= limit) break
    const row = engine.task(id)
    if (row?.due !== undefined && !isParked(row)) list(row, { kind: timeOf(row), until: row.due })
  }
  const { timed, parked, replaced, held, workflows, dependent } = await rest(engine, lane)
  for (const row of parked.slice(0, limit - tasks.length)) list(row, { kind: 'unregistered' })
  for (const row of replaced.slice(0, limit - tasks.length))
    list(row, { kind: 'dependency', on: row.replacedBy ?? row.id })
  for (const row of held.slice(0, limit - tasks.length)) list(row, { kind: 'key', on: holderOf(engine, row) })
  const waiting = lanes.reduce((sum, one) => sum + one.waiting, 0)
  return {
    total: waiting + timed + parked.length + replaced.length + held.length,
    tasks,
    dependent,
    workflows: workflows.slice(0, limit),
  }
}

/** Which of its times a task waits for. */
export function timeOf({ state, spec }: TaskRow): 'countdown' | 'eta' | 'retry' {
  if (state === 'RETRY') return 'retry'
  return spec.countdown === undefined ? 'eta' : 'countdown'
}

/** What waits outside of lanes. */
interface Rest {
  readonly timed: number
  readonly parked: readonly TaskRow[]
  readonly replaced: readonly TaskRow[]
  /** By another task's key. */
  readonly held: readonly TaskRow[]
  readonly workflows: readonly WaitingWorkflow[]
  readonly dependent: number
}

async function rest(engine: Engine, lane: string | undefined): Promise<Rest> {
  let timed = 0
  const parked: TaskRow[] = []
  const replaced: TaskRow[] = []
  const held: TaskRow[] = []
  const plans = new Map<string, Plan>()
  const begun = new Map<string, number>()
  await eachRow(engine, (row: Row) => {
    if (row.kind === 'workflow' && row.state === 'ACTIVE') plans.set(row.id, row.plan)
    if (row.kind !== 'task' || !isOf(row, lane)) return
    if (row.workflow !== undefined) begun.set(row.workflow, (begun.get(row.workflow) ?? 0) + 1)
    if (row.state === 'REPLACED') replaced.push(row)
    else if (isParked(row)) parked.push(row)
    else if (row.follows !== undefined && row.endedAt === undefined) held.push(row)
    else if (row.due !== undefined && row.endedAt === undefined) timed += 1
  })
  const workflows = Array.from(plans, ([workflow, plan]) => ({
    workflow,
    tasks: taskCount(plan, lane) - (begun.get(workflow) ?? 0),
  })).filter(({ tasks }) => tasks > 0)
  return { timed, parked, replaced, held, workflows, dependent: workflows.reduce((sum, { tasks }) => sum + tasks, 0) }
}

/** Id of the task whose key another one waits for. */
function holderOf(engine: Engine, { follows = '' }: TaskRow): string {
  const key = engine.get(follows)
  return key?.kind === 'key' ? key.holder : follows
}

const isOf = ({ spec }: TaskRow, lane: string | undefined): boolean => lane === undefined || spec.lane === lane

function taskCount({ nodes }: Plan, lane: string | undefined): number {
  return nodes.reduce(
    (count, node) => count + Number(node.kind === 'task' && (lane === undefined || node.spec.lane === lane)),
    0,
  )
}

function first<T>(items: Iterable<T>, limit: number): T[] {
  const found: T[] = []
  if (limit > 0)
    for (const item of items) {
      found.push(item)
      if (found.length >= limit) break
    }
  return found
}
