import { type ChartRow, isReady, type TaskRow, type TaskSpec } from '@umbel/core'

/** What became of tasks since the app was made. */
export interface TaskTotals {
  /** Attempts that began. */
  readonly started: number
  /** Attempts that failed and were followed by another, or will be. */
  readonly retried: number
  /** Attempts whose worker died or was ended under them. */
  readonly lost: number
  /** Tasks that ended as SUCCESS. */
  readonly succeeded: number
  /** Tasks that ended as FAILURE, those included that never started because of what stood before them. */
  readonly failed: number
  readonly revoked: number
  readonly rejected: number
  readonly ignored: number
}

/** By what tasks are counted. */
export type Counted = Pick<TaskSpec, 'lane' | 'task'>

type Writable<T> = { -readonly [Count in keyof T]: number }
type Counts = Writable<TaskTotals>

const ENDS: Readonly<Record<string, keyof TaskTotals>> = {
  SUCCESS: 'succeeded',
  FAILURE: 'failed',
  REVOKED: 'revoked',
  REJECTED: 'rejected',
  IGNORED: 'ignored',
}

/** What became of runs of machines since the app was made. */
export interface RunTotals {
  readonly started: number
  readonly succeeded: number
  readonly failed: number
  readonly revoked: number
}

/** Counts what becomes of tasks, by lane and name, and of runs. An attempt costs two additions: the counts of the last task are at hand. */
export class Totals {
  readonly #lanes = new Map<string, Map<string, Counts>>()
  readonly #runs = new Map<string, Writable<RunTotals>>()
  #lane: string | undefined
  #task: string | undefined
  #counts = none()

  /** Count something about a task. */
  count({ lane, task }: Counted, what: keyof TaskTotals): void {
    if (task !== this.#task || lane !== this.#lane) {
      this.#counts = this.#of(lane, task)
      this.#lane = lane
      this.#task = task
    }
    // by name and not by `[what]`, which costs as much as a look into a map
    const counts = this.#counts
    switch (what) {
      case 'started':
        counts.started += 1
        return
      case 'succeeded':
        counts.succeeded += 1
        return
      default:
        counts[what] += 1
    }
  }

  /** Count how a task has ended. */
  ended({ spec, state }: TaskRow): void {
    const end = state === 'SUCCESS' ? 'succeeded' : isReady(state) ? ENDS[state] : undefined
    if (end !== undefined) this.count(spec, end)
  }

  /** Count a run that was started. */
  runStarted({ machine }: ChartRow): void {
    this.#run(machine).started += 1
  }

  /** Count how a run has ended. */
  runEnded({ machine, state }: ChartRow): void {
    const end = ENDS[state]
    if (end === 'succeeded' || end === 'failed' || end === 'revoked') this.#run(machine)[end] += 1
  }

  /** The totals of the runs of each machine, by its id. */
  ofRuns(): Readonly<Record<string, RunTotals>> {
    return Object.fromEntries(Array.from(this.#runs, ([name, counts]) => [name, { ...counts }]))
  }

  #run(machine: string): Writable<RunTotals> {
    const counts = this.#runs.get(machine) ?? { started: 0, succeeded: 0, failed: 0, revoked: 0 }
    this.#runs.set(machine, counts)
    return counts
  }

  /** The totals of a lane. */
  ofLane(lane: string): TaskTotals {
    return sum([...(this.#lanes.get(lane)?.values() ?? [])])
  }

  /** The totals of a task, on whatever lanes it ran. */
  ofTask(task: string): TaskTotals {
    return sum([...this.#lanes.values()].flatMap((tasks) => tasks.get(task) ?? []))
  }

  #of(lane: string, task: string): Counts {
    let tasks = this.#lanes.get(lane)
    if (tasks === undefined) {
      tasks = new Map()
      this.#lanes.set(lane, tasks)
    }
    let counts = tasks.get(task)
    if (counts === undefined) {
      counts = none()
      tasks.set(task, counts)
    }
    return counts
  }
}

const none = (): Counts => ({
  started: 0,
  retried: 0,
  lost: 0,
  succeeded: 0,
  failed: 0,
  revoked: 0,
  rejected: 0,
  ignored: 0,
})

function sum(all: readonly TaskTotals[]): TaskTotals {
  const total = none()
  for (const counts of all) for (const name of Object.keys(total) as (keyof Counts)[]) total[name] += counts[name]
  return total
}
