import { type Clock, type Duration, milliseconds, type TaskRow } from '@umbel/core'
import type { Engine } from './engine.ts'
import { type InboxSeen, type LaneStatus, laneStatus } from './inspect.ts'
import type { Lane } from './lanes/lane.ts'
import { checkNames } from './option-checks.ts'

/** How an app is. */
export interface Health {
  /** `unhealthy` where something cannot run or be stored, `degraded` where it runs and somebody should look. */
  readonly status: 'healthy' | 'degraded' | 'unhealthy'
  /** Why it is not healthy, the worst first. */
  readonly reasons: readonly string[]
  readonly lanes: readonly LaneStatus[]
  /** Threads that are up, of all lanes. */
  readonly threads: number
  /** Tasks that have a slot. */
  readonly activeTasks: number
}

/** What counts as healthy. */
export interface HealthOptions {
  /** How long the first task of a lane may have waited. Default `5m`. */
  readonly maxWait?: Duration
}

/** What is judged. */
export interface HealthParts {
  readonly engine: Engine
  readonly lanes: ReadonlyMap<string, Lane>
  readonly clock: Clock
  readonly intake: InboxSeen
  /** What keeps the app as a whole from running: it could not start, it stops. */
  readonly trouble: string | undefined
}

/** Part of a backlog from which a lane counts as nearly full. */
const NEARLY_FULL = 0.9

/** Threads of a lane that may be lost in a minute. */
const MAX_LOST = 3

/** Judge how an app is: each rule looks at one thing and says what is wrong with it. @throws UMBEL_BAD_DURATION, UMBEL_BAD_OPTION */
export function healthOf(parts: HealthParts, options: HealthOptions = {}): Health {
  checkNames('health', options, ['maxWait'])
  const maxWait = milliseconds(options.maxWait ?? '5m', 'maxWait')
  const lanes = [...parts.lanes.values()]
  const unhealthy = [...says(parts.trouble), ...says(storeTrouble(parts.engine)), ...lanes.flatMap(deadLane)]
  const degraded = lanes.flatMap((lane) => [
    ...says(heldLane(lane)),
    ...says(fullLane(lane)),
    ...says(dyingThreads(lane)),
    ...says(longWait(lane, parts, maxWait)),
  ])
  const statuses = lanes.map((lane) => laneStatus(lane, parts.intake))
  return {
    status: unhealthy.length > 0 ? 'unhealthy' : degraded.length > 0 ? 'degraded' : 'healthy',
    reasons: [...unhealthy, ...degraded],
    lanes: statuses,
    threads: statuses.reduce((sum, { live }) => sum + live, 0),
    activeTasks: statuses.reduce((sum, { running }) => sum + running, 0),
  }
}

const tasks = (count: number): string => (count === 1 ? '1 task waits' : `${count} tasks wait`)

const says = (reason: string | undefined): string[] => (reason === undefined ? [] : [reason])

function storeTrouble({ refusal }: Engine): string | undefined {
  if (refusal === undefined) return undefined
  return `The store did not take what it was given last: ${refusal instanceof Error ? refusal.message : String(refusal)}`
}

function deadLane({ name, width, paused, threadsSeen, waitingForThreads }: Lane): string[] {
  if (paused || width.threads === 0 || waitingForThreads === 0 || threadsSeen.live > 0) return []
  return [`The lane ${name} has no thread, and ${tasks(waitingForThreads)} for one.`]
}

function heldLane({ name, held, paused }: Lane): string | undefined {
  if (held === 0) return undefined
  return `The lane ${name} ${paused ? 'is paused' : 'has no slots'}, and ${tasks(held)} in it.`
}

function fullLane({ name, waiting, options }: Lane): string | undefined {
  const { size } = options.backlog
  if (waiting < size * NEARLY_FULL) return undefined
  return `The lane ${name} is nearly full: ${tasks(waiting)}, of ${size} that may.`
}

function dyingThreads({ name, threadsSeen }: Lane): string | undefined {
  if (threadsSeen.lost <= MAX_LOST) return undefined
  return `The lane ${name} has lost ${threadsSeen.lost} threads within a minute.`
}

/** Of each priority the first is looked at, where it waits for its first attempt: of a later one it is not known since when. */
function longWait(lane: Lane, { engine, clock }: HealthParts, maxWait: number): string | undefined {
  if (lane.paused) return undefined
  const waits = lane.heads().map((id) => waitOf(engine.task(id), clock.now()))
  const longest = Math.max(0, ...waits)
  if (longest <= maxWait) return undefined
  return `In the lane ${lane.name} a task has waited for ${Math.round(longest / 1_000)} s.`
}

function waitOf(row: TaskRow | undefined, now: number): number {
  if (row === undefined || row.attempt > 0) return 0
  const { sentAt, spec } = row
  return now - Math.max(sentAt + (spec.countdown ?? 0), spec.eta ?? 0)
}
