import {
  badHeaders,
  type Clock,
  checkedHeaders,
  type ErrorData,
  priorityOf,
  type RateLimit,
  type TaskHeaders,
  type TimeLimit,
  umbelError,
} from '@umbel/core'
import type { Engine } from './engine.ts'
import type { Intake } from './intake.ts'
import { knownLane, knownTask, knownTasks, shown } from './known-names.ts'
import type { Lane } from './lanes/lane.ts'
import { inlineCount, threadCount } from './lanes/lane-options.ts'
import { changeRate } from './limits/change-rate.ts'
import type { Limits } from './limits/limits.ts'
import { checkedPriority, checkNames } from './option-checks.ts'
import { type AppResultSource, nothingUnder } from './result-source.ts'
import { revokeMatching } from './revoke-matching.ts'
import type { AnyResult } from './sender.ts'
import type { StopOptions } from './shutdown.ts'
import type { TimeLimits } from './time-limits.ts'

/** What is controlled. */
export interface ControlParts {
  readonly engine: Engine
  readonly lanes: ReadonlyMap<string, Lane>
  readonly tasks: ReadonlyMap<string, unknown>
  readonly limits: Limits
  readonly timeLimits: TimeLimits
  readonly source: AppResultSource
  readonly clock: Clock
  readonly intake: Pick<Intake, 'takeInHeld'>
  /** Throw once the app has stopped. */
  readonly check: () => void
  /** Resolve once the store is open; rejects when it cannot be. */
  readonly opened: () => Promise<void>
  readonly stop: (options?: StopOptions) => Promise<void>
}

/** Changes how an app works while it does. Every call is safe at any time and twice. All reject with UMBEL_APP_STOPPED once it has stopped. */
export class Control {
  readonly #parts: ControlParts

  /** Made by `createApp`. */
  constructor(parts: ControlParts) {
    this.#parts = parts
  }

  /**
   * Give a task that has not started another priority, 0 to 9: it goes behind those that have it already and keeps its age. Given
   * a workflow (or its handle), all its tasks that have not started. Later attempts keep it.
   * Resolves with whether it counts: not for what runs or has ended.
   * @throws UMBEL_UNKNOWN_RESULT, UMBEL_BAD_PRIORITY
   */
  async priority(what: string | AnyResult, priority: number): Promise<boolean> {
    const id = idIn(what)
    if (typeof id !== 'string') throw nothingUnder(id)
    checkedPriority(priority, shown(id))
    const { engine, source, clock, check, opened } = this.#parts
    check()
    await opened()
    await source.arrived(id)
    await engine.accepted({ type: 'task-prioritised', id, priority, at: clock.now() })
    const row = engine.get(id)
    if (row === undefined) await source.find(id)
    if (row?.kind === 'task') return row.startedAt === undefined && row.endedAt === undefined
    return row?.kind === 'workflow' ? row.endedAt === undefined : priorityOf(engine, id) === priority
  }

  /**
   * Set the rate of a limit of the app, or of a task; `null` lifts it. Tasks that wait already feel it at once.
   * @throws UMBEL_UNKNOWN_LIMIT, UMBEL_BAD_RATE
   */
  async rateLimit(name: string, rate: RateLimit | null): Promise<void> {
    this.#parts.check()
    changeRate(this.#parts, name, rate)
  }

  /**
   * Set the time limits of a task, both of them; `null` lifts them. What runs keeps those it started with, what waits starts with
   * these, and those given with a call win.
   * @throws UMBEL_UNKNOWN_TASK, UMBEL_BAD_TIME_LIMIT, UMBEL_BAD_DURATION
   */
  async timeLimit(task: string, limit: TimeLimit | null): Promise<void> {
    const { tasks, timeLimits, check } = this.#parts
    check()
    knownTask(tasks, task)
    timeLimits.set(task, limit ?? undefined)
  }

  /**
   * Ask that a task or workflow, by id or handle, never starts, or stops: the same as `revoke()` of its handle. Given headers, all
   * that were sent so far, have not ended and have every one of them with the same value. Idempotent. Resolves with how many were asked to end; a
   * workflow that is asked as a whole is one.
   * @throws UMBEL_BAD_OPTION
   */
  async revoke(what: string | AnyResult | { readonly headers: TaskHeaders }): Promise<number> {
    const { check, opened, source } = this.#parts
    check()
    const id = idIn(what)
    if (id === undefined) return this.#revokeMatching(what as { readonly headers: TaskHeaders })
    if (typeof id !== 'string') throw umbelError('UMBEL_BAD_OPTION', `revoke was given ${shown(id)} for an id.`)
    await opened()
    await source.arrived(id)
    const open = source.isOpen(id)
    await source.revoke(id)
    return open ? 1 : 0
  }

  /** Start no more tasks of a lane; what runs goes on, what is sent waits. @throws UMBEL_UNKNOWN_LANE */
  async pause(lane: string): Promise<void> {
    this.#lane(lane).pause()
  }

  /** Go on with a lane that was paused. @throws UMBEL_UNKNOWN_LANE */
  async resume(lane: string): Promise<void> {
    this.#lane(lane).resume()
  }

  /**
   * Give a lane other numbers of slots; resolves once they can be used. Fewer take effect as tasks end; threads that are not
   * needed stay, warm and idle. With none, tasks wait until there are some again.
   * @throws UMBEL_UNKNOWN_LANE, UMBEL_BAD_OPTION; what keeps a thread from starting
   */
  async scale(lane: string, width: { readonly threads?: number; readonly inline?: number }): Promise<void> {
    const found = this.#lane(lane)
    checkNames('scale', width, ['threads', 'inline'])
    const { threads, inline } = width
    await found.scale({
      ...(threads !== undefined && { threads: threadCount(threads, 'threads') }),
      ...(inline !== undefined && { inline: inlineCount(inline, 'inline') }),
    })
  }

  /**
   * Revoke every task that waits in a lane, or every task of a name (or glob) that waits in any. Those that run or wait for their
   * time are left alone. Resolves with how many it were.
   * @throws UMBEL_UNKNOWN_LANE, UMBEL_UNKNOWN_TASK, UMBEL_BAD_OPTION
   */
  async purge(what: string | { readonly task: string }): Promise<number> {
    const { engine, clock, intake } = this.#parts
    const purge = this.#purging(what)
    // what was just sent, and what waits in the inbox, is on its way to its lane
    await Promise.all([intake.takeInHeld(), engine.drained()])
    const ids = purge()
    const at = clock.now()
    for (const id of ids) engine.accept({ type: 'task-revoked', id, error: PURGED, at })
    await engine.drained()
    return ids.length
  }

  /** The same as `app.stop`. @throws UMBEL_BAD_DURATION */
  async shutdown(options?: StopOptions): Promise<void> {
    await this.#parts.stop(options)
  }

  async #revokeMatching(what: { readonly headers: TaskHeaders }): Promise<number> {
    checkNames('revoke', what, ['headers'])
    const headers = checkedHeaders(what.headers, badHeaders)
    if (Object.keys(headers).length === 0)
      throw umbelError('UMBEL_BAD_OPTION', 'revoke was given no header to go by: it would end everything.')
    await this.#parts.opened()
    return revokeMatching(this.#parts, headers)
  }

  #lane(name: string): Lane {
    this.#parts.check()
    return knownLane(this.#parts.lanes, name)
  }

  /** What takes the waiting tasks out and gives their ids. */
  #purging(what: string | { readonly task: string }): () => string[] {
    const { engine, lanes, tasks, check } = this.#parts
    if (typeof what === 'string') {
      const lane = this.#lane(what)
      return () => lane.purge(() => true)
    }
    checkNames('purge', what, ['task'])
    check()
    const fits = knownTasks(tasks, what.task)
    return () => [...lanes.values()].flatMap((lane) => lane.purge((id) => fits(engine.task(id)?.spec.task ?? '')))
  }
}

/** One for all: of a million purged tasks nobody wants a million stacks. */
const PURGED: ErrorData = {
  name: 'UmbelError',
  code: 'UMBEL_REVOKED',
  message: umbelError('UMBEL_REVOKED', 'The task was purged from its lane.').message,
}

/** The id that somebody gave, as it is or in a handle. */
const idIn = (what: unknown): unknown =>
  typeof what === 'string' ? what : (what as { readonly id?: unknown } | null | undefined)?.id
