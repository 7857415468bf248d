import {
  type AttemptCall,
  type Clock,
  type TimeLimits as Limits,
  limitsOver,
  type Outcome,
  type TaskRow,
  type TaskSpec,
  type TimeLimit,
  type Timer,
  timeLimits,
  umbelError,
  type Worker,
} from '@umbel/core'
import { abortError } from './attempt-control.ts'
import { failing } from './attempt-ending.ts'
import type { TaskDefinition } from './definition.ts'
import { nextTurn } from './system.ts'

/** Longest that an attempt with a hard limit may take on top of it before its handler is called, in milliseconds. */
const PREPARING = 60_000

/** Tasks' time limits, and the watch over attempts that have one. A task that waits has no timer, and one without limits never. */
export class TimeLimits {
  readonly #tasks: ReadonlyMap<string, TaskDefinition>
  readonly #clock: Clock
  /** Limits of tasks for which others were set since. */
  readonly #changed = new Map<string, Limits | undefined>()
  #spec: TaskSpec | undefined
  #limits: Limits | undefined

  constructor(tasks: ReadonlyMap<string, TaskDefinition>, clock: Clock) {
    this.#tasks = tasks
    this.#clock = clock
  }

  /**
   * Set a task's limits from now on, both of them: one that is left out, or `undefined`, takes it off. As in Celery, what runs
   * keeps the limits it started with, what waits starts with these, and those given with a call win.
   * @throws UMBEL_UNKNOWN_TASK, UMBEL_BAD_TIME_LIMIT, UMBEL_BAD_DURATION
   */
  set(task: string, limit: TimeLimit | undefined): void {
    if (!this.#tasks.has(task)) throw umbelError('UMBEL_UNKNOWN_TASK', `No task of this app is called ${task}.`)
    this.#changed.set(task, limit === undefined ? undefined : timeLimits(limit, `timeLimit of ${task}`))
    this.#spec = undefined
  }

  /** The limits that an attempt of a task would start with now. Those of the last spec are at hand: most of what comes in a row is of one. */
  of({ spec }: Pick<TaskRow, 'spec'>): Limits | undefined {
    if (spec !== this.#spec) {
      this.#limits = this.#of(spec)
      this.#spec = spec
    }
    return this.#limits
  }

  #of(spec: TaskSpec): Limits | undefined {
    const isChanged = this.#changed.size > 0 && this.#changed.has(spec.task)
    const own = isChanged ? this.#changed.get(spec.task) : this.#own(spec.task)
    return limitsOver(spec.timeLimit, own)
  }

  /** Watch over an attempt that a worker is to run, where it has limits. */
  watch(call: AttemptCall, worker: Worker): Watch | undefined {
    if (call.timeLimit === undefined) return undefined
    const definition = this.#tasks.get(call.task)
    if (definition === undefined) return undefined
    return new Watch({ call, limits: call.timeLimit, definition, worker, clock: this.#clock })
  }

  #own(task: string): Limits | undefined {
    return this.#tasks.get(task)?.options.timeLimit
  }
}

/** What a watch is made of. */
interface WatchParts {
  readonly call: AttemptCall
  readonly limits: Limits
  readonly definition: TaskDefinition
  readonly worker: Worker
  readonly clock: Clock
}

/** Keeps watch over one attempt, from its start until all of it is over. */
class Watch {
  readonly #parts: WatchParts
  #timer: Timer | undefined
  /** How often its time has begun: in a map with each item. */
  #begun = 0
  #ended = false
  #over = false

  constructor(parts: WatchParts) {
    this.#parts = parts
  }

  /** Run the attempt to its outcome. What it does after that is watched, too. */
  run(ended: (outcome: Outcome) => void): void {
    const { call, limits, definition, worker } = this.#parts
    if (limits.hard !== undefined) this.#hardIn(limits.hard + PREPARING)
    const judged = (outcome: Outcome): void => {
      if (!this.#over || outcome.kind !== 'aborted') return ended(outcome)
      // its thread is gone, and with it whoever could judge this
      ended(failing(abortError('hard-limit', call), { definition, call }).outcome)
    }
    worker.run(call, judged, () => this.#begin())
  }

  /** All of it is over. */
  end(): void {
    this.#ended = true
    this.#timer?.cancel()
  }

  #begin(): void {
    const { call, limits, worker, clock } = this.#parts
    const { soft, hard } = limits
    this.#begun += 1
    this.#timer?.cancel()
    if (this.#ended) return
    if (soft === undefined || soft >= (hard ?? Number.POSITIVE_INFINITY)) return this.#hardIn(hard)
    this.#timer = clock.setTimer(() => {
      worker.abort(call.id, 'soft-limit')
      if (hard !== undefined) this.#hardIn(hard - soft)
    }, soft)
  }

  #hardIn(delay: number | undefined): void {
    if (delay !== undefined) this.#timer = this.#parts.clock.setTimer(() => this.#reached(), delay)
  }

  async #reached(): Promise<void> {
    const { call, worker } = this.#parts
    const begun = this.#begun
    await nextTurn() // where the loop was late, word of its end, or of the next item, may lie here unread
    if (this.#ended || this.#begun !== begun) return
    this.#over = true
    worker.kill(call.id, 'hard-limit')
  }
}
