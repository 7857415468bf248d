import { type Charts, type Duration, milliseconds, type Progress, type Store, type TaskState } from '@umbel/core'
import type { TaskDefinition } from './definition.ts'
import type { Engine } from './engine.ts'
import { eachRow, type InspectedTask, inspectedTask } from './inspected-task.ts'
import { knownLane } from './known-names.ts'
import { type Lane, laneOf } from './lanes/lane.ts'
import type { Backlog } from './lanes/lane-options.ts'
import type { LimitStatus, Limits } from './limits/limits.ts'
import { checkNames, whole } from './option-checks.ts'
import type { Timers } from './timers.ts'
import type { RunTotals, TaskTotals, Totals } from './totals.ts'
import { type Listing, listWaiting, timeOf, type Waiting } from './waiting-list.ts'
import type { IdleRuns } from './workflows/idle-runs.ts'
import { type LocalList, listRuns, type RunListing } from './workflows/runs-list.ts'

/** A task whose handler runs. */
export interface ActiveTask extends InspectedTask {
  /** 1 for the first. */
  readonly attempt: number
  /** Moment in milliseconds since the epoch. */
  readonly startedAt: number
  /** Whether it runs on the main loop. */
  readonly inline: boolean
  /** Number of the thread that runs it; `undefined` on the main loop, and while it is on its way to a thread. */
  readonly thread: number | undefined
  readonly state: TaskState
  readonly progress: Progress | undefined
}

/** A task that waits for its time. */
export interface ScheduledTask extends InspectedTask {
  /** Moment in milliseconds since the epoch. */
  readonly due: number
  readonly why: 'countdown' | 'eta' | 'retry'
}

/** A task that the app has registered, and the options it has where a call and the routes say nothing. */
export interface RegisteredTask {
  readonly name: string
  readonly options: {
    /** `undefined` stands for `default`. */
    readonly lane: string | undefined
    readonly priority: number | undefined
    readonly inline: boolean
    readonly states: readonly string[]
    /** Most retries; 0 without a policy. */
    readonly retries: number
    readonly expires: Duration | undefined
    readonly ignoreResult: boolean
  }
}

/** A lane as it stands. */
export interface LaneStatus {
  readonly name: string
  /** Slots for threads. */
  readonly threads: number
  /** Slots on the main loop. */
  readonly inline: number
  /** Threads that are up. */
  readonly live: number
  readonly nice: number
  /** Milliseconds; `undefined` for strict priority. */
  readonly aging: number | undefined
  readonly backlog: Required<Backlog>
  readonly paused: boolean
  /** Tasks that wait in it. */
  readonly waiting: number
  /** Tasks that have a slot. */
  readonly running: number
  /** What senders have sent that stays in the inbox until it has space for that: see `backlog`. */
  readonly inbox: number
}

/** The inbox of senders, as it is looked at. */
export interface InboxSeen {
  heldFor(lane: Lane): number
}

/** What a thread answered to a ping. */
export interface Ping {
  readonly lane: string
  readonly thread: number
  /** Milliseconds there and back; `undefined` where no answer came in time: its handler keeps the loop from turning. */
  readonly ms: number | undefined
}

/** What is inspected. */
export interface InspectParts {
  readonly engine: Engine
  readonly lanes: ReadonlyMap<string, Lane>
  readonly timers: Timers
  readonly limits: Limits
  readonly tasks: ReadonlyMap<string, TaskDefinition>
  readonly intake: InboxSeen
  readonly totals: Totals
  readonly idle: IdleRuns
  readonly store: Store
  /** The machines that are known here. */
  readonly registry: Charts
  readonly locals: LocalList
}

/** How much is listed where nothing is said. */
const LIMIT = 100

/** Tells what an app does and why something waits. Changes nothing; all answers are plain data. */
export class Inspect {
  readonly #parts: InspectParts

  /** Made by `createApp`. */
  constructor(parts: InspectParts) {
    this.#parts = parts
  }

  /** The tasks whose handlers run. */
  async active(): Promise<ActiveTask[]> {
    const { lanes, engine } = this.#parts
    return [...lanes.values()].flatMap((lane) =>
      lane.underWay().flatMap(({ id, thread }) => {
        const row = engine.task(id)
        if (row?.startedAt === undefined || row.endedAt !== undefined || laneOf(lanes, row.spec.lane) !== lane)
          return []
        const { attempt, startedAt, state, progress, spec } = row
        return [{ ...inspectedTask(row), attempt, startedAt, inline: spec.inline, thread, state, progress }]
      }),
    )
  }

  /** The tasks that have a slot and whose start is being stored. */
  async reserved(): Promise<InspectedTask[]> {
    const { lanes, engine } = this.#parts
    if (![...lanes.values()].some(({ running }) => running > 0)) return []
    const found: InspectedTask[] = []
    await eachRow(engine, (row) => {
      if (row.kind === 'task' && row.state === 'RECEIVED' && !laneOf(lanes, row.spec.lane).has(row))
        found.push(inspectedTask(row))
    })
    return found
  }

  /** The tasks that wait for their time, the next one first. `limit` is how many are listed, 100 unless given. @throws UMBEL_BAD_OPTION */
  async scheduled(options: { readonly limit?: number } = {}): Promise<Listing<ScheduledTask>> {
    checkNames('scheduled', options, ['limit'])
    const limit = limitOf(options.limit)
    const { timers, engine } = this.#parts
    const tasks: ScheduledTask[] = []
    for (const { id, at } of timers) {
      if (tasks.length >= limit) break
      const row = engine.task(id)
      if (row !== undefined) tasks.push({ ...inspectedTask(row), due: at, why: timeOf(row) })
    }
    return { total: timers.size, tasks }
  }

  /**
   * Everything that has been sent and does not run, with the reason: tasks that wait for a slot or their time, one by one, and how
   * many tasks of each workflow have not had their turn. `limit` is how many of either are listed, 100 unless given.
   * @throws UMBEL_UNKNOWN_LANE, UMBEL_BAD_OPTION
   */
  async waiting(options: { readonly lane?: string; readonly limit?: number } = {}): Promise<Waiting> {
    checkNames('waiting', options, ['lane', 'limit'])
    if (options.lane !== undefined) knownLane(this.#parts.lanes, options.lane)
    return listWaiting(this.#parts, options.lane, limitOf(options.limit))
  }

  /** The tasks that the app has registered. */
  async registered(): Promise<RegisteredTask[]> {
    return Array.from(this.#parts.tasks.values(), ({ name, module, options }) => {
      const { lane, priority, inline, states, retry, expires, ignoreResult } = options
      const onLoop = inline || module === undefined
      return {
        name,
        options: { lane, priority, inline: onLoop, states, retries: retry?.max ?? 0, expires, ignoreResult },
      }
    })
  }

  /**
   * The runs of machines that have not ended, the oldest first: how each stands, what it waits for and what can happen next.
   * `workflow` is the id of a machine, `limit` how many are listed, 100 unless given. @throws UMBEL_BAD_OPTION
   */
  async runs(options: { readonly workflow?: string; readonly limit?: number } = {}): Promise<RunListing> {
    checkNames('runs', options, ['workflow', 'limit'])
    return listRuns(this.#parts, options.workflow, limitOf(options.limit))
  }

  /** What became of tasks since the app was made, by lane and by task, and of runs, by their machine. */
  async stats(): Promise<{
    readonly lanes: Readonly<Record<string, TaskTotals>>
    readonly tasks: Readonly<Record<string, TaskTotals>>
    readonly workflows: Readonly<Record<string, RunTotals>>
  }> {
    const { lanes, tasks, totals } = this.#parts
    return {
      lanes: Object.fromEntries(Array.from(lanes.keys(), (name) => [name, totals.ofLane(name)])),
      tasks: Object.fromEntries(Array.from(tasks.keys(), (name) => [name, totals.ofTask(name)])),
      workflows: totals.ofRuns(),
    }
  }

  /** The lanes as they stand. */
  async lanes(): Promise<LaneStatus[]> {
    return Array.from(this.#parts.lanes.values(), (lane) => laneStatus(lane, this.#parts.intake))
  }

  /** The rate limits as they stand: those of the app, and those of tasks that have one of their own. */
  async limits(): Promise<readonly LimitStatus[]> {
    return this.#parts.limits.list()
  }

  /**
   * Ask each thread of each lane for an answer. One that gives none within `timeout`, a second unless given, runs a handler that
   * does not let its loop turn; a thread that is still being started is not asked.
   * @throws UMBEL_BAD_DURATION, UMBEL_BAD_OPTION
   */
  async ping(options: { readonly timeout?: Duration } = {}): Promise<Ping[]> {
    checkNames('ping', options, ['timeout'])
    const timeout = milliseconds(options.timeout ?? '1s', 'timeout')
    const pings = Array.from(this.#parts.lanes.values(), async (lane) =>
      (await lane.ping(timeout)).map((pong) => ({ lane: lane.name, ...pong })),
    )
    return (await Promise.all(pings)).flat()
  }
}

const limitOf = (limit = LIMIT): number => whole(limit, 'limit', 0, Number.MAX_SAFE_INTEGER)

/** How a lane stands. */
export function laneStatus(lane: Lane, intake: InboxSeen): LaneStatus {
  const { name, options, width, threadsSeen, paused, waiting, running } = lane
  const { nice, aging, backlog } = options
  return {
    name,
    ...width,
    live: threadsSeen.live,
    nice,
    aging,
    backlog,
    paused,
    waiting,
    running,
    inbox: intake.heldFor(lane),
  }
}
