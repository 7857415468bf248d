import { READY_STATES, type TaskRow, type TaskSpec } from '@umbel/core'

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

type Counts = { -readonly [Count in keyof TaskTotals]: number }

const ENDS: Readonly<Record<string, keyof TaskTotals>> = {
  SUCCESS: 'succeeded',
  FAILURE: 'failed',
  REVOKED: 'revoked',
  REJECTED: 'rejected',
  IGNORED: 'ignored',
}

/** Counts what becomes of tasks, by lane and name. An attempt costs two additions: the counts of the last spec are at hand. */
export class Totals {
  readonly #lanes = new Map<string, Map<string, Counts>>()
  #spec: TaskSpec | undefined
  #counts = none()

  /** Count something about a task. */
  count(spec: TaskSpec, what: keyof TaskTotals): void {
    if (spec !== this.#spec) {
      this.#counts = this.#of(spec)
      this.#spec = spec
    }
    this.#counts[what] += 1
  }

  /** Count how a task has ended. */
  ended({ spec, state }: TaskRow): void {
    const end = READY_STATES.has(state) ? ENDS[state] : undefined
    if (end !== undefined) this.count(spec, end)
  }

  /** The totals of a lane. */
  ofLane(lane: string): TaskTotals {
    return sum([...(this.#lanes.get(lane)?.values() ?? [])])
  }

  /** The totals of a task, on whatever lanes it ran. */
  ofTask(task: string): TaskTotals {
    return sum([...this.#lanes.values()].flatMap((tasks) => tasks.get(task) ?? []))
  }

  #of({ lane, task }: TaskSpec): Counts {
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
