import {
  type AbortReason,
  type AttemptCall,
  type AttemptReports,
  type Clock,
  type ErrorData,
  type Outcome,
  type Pong,
  toErrorData,
  type UnderWay,
  umbelError,
  type Worker,
} from '@umbel/core'
import { type AttemptOwner, runAttempt } from '../attempt.ts'
import type { AttemptEnvironment } from '../attempt-context.ts'
import { AttemptControl, abortError } from '../attempt-control.ts'
import { currentAttempt } from '../current-attempt.ts'
import type { TaskDefinition } from '../definition.ts'
import { Resources } from '../resources.ts'
import type { AnyResult } from '../sender.ts'
import { SteadyMap } from '../steady-map.ts'
import { LoopWatch, type LoopWatchParts } from './loop-watch.ts'

/** What handlers on the main loop are run with. */
export interface InlineOptions {
  /** Tasks the app registered, by name: two apps may have closures of one name. */
  readonly tasks: ReadonlyMap<string, TaskDefinition>
  /** Called outside of the handler's async context. */
  readonly reports: AttemptReports
  readonly clock: Clock
  /** Longest encoded value, in characters and bytes. */
  readonly maxBytes: number
  /** Whether handlers can write to the store. Default false. */
  readonly takesWrites?: boolean
  /** Makes the ids of what handlers send. */
  readonly ids: () => string
  /** Makes the handle of what was sent under an id. */
  readonly handleOf: (id: string) => AnyResult
  /** Told what a teardown threw. */
  readonly onStray?: (error: ErrorData) => void
  /** How handlers that keep the loop from turning are found, and who is told. Default: they are not. */
  readonly loop?: Omit<LoopWatchParts, 'underWay'>
}

/** Run handlers on the main loop. They cannot be ended from outside: `kill` aborts their signal and gives their outcome up. */
export function inlineWorker(options: InlineOptions): Worker {
  return new InlineWorker(options)
}

/** An attempt under way. */
class Running implements AttemptOwner {
  readonly call: AttemptCall
  readonly control: AttemptControl
  readonly #tell: (outcome: Outcome) => void
  readonly #leave: (running: Running) => void
  /** Whether it is over, or was given up. */
  left = false
  /** Called once what it does after its outcome was stored is over. */
  over: (() => void) | undefined

  constructor(
    call: AttemptCall,
    control: AttemptControl,
    tell: (outcome: Outcome) => void,
    leave: (running: Running) => void,
  ) {
    this.call = call
    this.control = control
    this.#tell = tell
    this.#leave = leave
  }

  ended(outcome: Outcome): void {
    const gone = this.left // killed: its outcome was given up
    if (this.control.rest === undefined) this.#leave(this)
    if (!gone) this.#tell(outcome)
  }

  /** Give it up: it has ended for all others. What it came to may be told, and only what its task does afterwards be given up. */
  kill(reason: AbortReason): void {
    const { told } = this.control
    this.control.abort(reason)
    this.control.ended = true
    this.#leave(this)
    if (told) return
    this.#tell({ kind: 'aborted', error: toErrorData(abortError(reason, this.call)) })
  }
}

class InlineWorker implements Worker {
  readonly #environment: AttemptEnvironment
  readonly #tasks: ReadonlyMap<string, TaskDefinition>
  readonly #onStray: ((error: ErrorData) => void) | undefined
  /** Those whose handlers have promised something. Most have not: they end within the call. */
  readonly #running = new SteadyMap<Running>()
  /** The one whose handler is being called. */
  #calling: Running | undefined
  readonly #leave = (running: Running): void => this.#left(running)
  readonly #loop: LoopWatch | undefined

  constructor({ tasks, reports, clock, maxBytes, takesWrites, ids, handleOf, onStray, loop }: InlineOptions) {
    const underWay = (): AttemptCall[] => this.#all().map(({ call }) => call)
    this.#loop = loop === undefined ? undefined : new LoopWatch({ ...loop, underWay })
    this.#environment = {
      reports: outside(reports),
      clock,
      resources: new Resources(clock),
      maxBytes,
      takesWrites,
      ids,
      handleOf,
      loop: this.#loop,
    }
    this.#tasks = tasks
    this.#onStray = onStray
  }

  run(call: AttemptCall, ended: (outcome: Outcome) => void, timed?: () => void): void {
    const definition = this.#tasks.get(call.task)
    if (definition === undefined) {
      const error = umbelError('UMBEL_UNKNOWN_TASK', `No task is registered as ${call.task}.`)
      return ended({ kind: 'failed', error: toErrorData(error) })
    }
    const control = new AttemptControl(call, timed === undefined ? undefined : { timed })
    const running = new Running(call, control, ended, this.#leave)
    this.#loop?.enter()
    this.#calling = running
    runAttempt(definition, call, this.#environment, control, running)
    this.#calling = undefined
    if (!running.left) this.#running.set(call.id, running)
  }

  finish(id: string): Promise<void> {
    const running = this.#of(id)
    if (running?.control.rest === undefined) return Promise.resolve()
    return new Promise((resolve) => {
      running.over = resolve
      running.control.rest?.().then(() => this.#left(running))
    })
  }

  abort(id: string, reason: AbortReason): void {
    this.#of(id)?.control.abort(reason)
  }

  kill(id: string, reason: AbortReason): void {
    this.#of(id)?.kill(reason)
  }

  async start(): Promise<void> {}

  async widen(): Promise<void> {}

  underWay(): UnderWay[] {
    return this.#all().map(({ call }) => ({ id: call.id, thread: undefined }))
  }

  async ping(): Promise<Pong[]> {
    return []
  }

  threadsSeen(): undefined {}

  async stop(): Promise<void> {
    this.#loop?.stop()
    await this.#environment.resources.tearDown((error) => this.#onStray?.(toErrorData(error)))
  }

  #of(id: string): Running | undefined {
    return this.#calling?.call.id === id ? this.#calling : this.#running.get(id)
  }

  #all(): Running[] {
    const all = [...this.#running.values()]
    return this.#calling === undefined ? all : [...all, this.#calling]
  }

  #left(running: Running): void {
    const { id } = running.call
    running.left = true
    if (this.#running.get(id) === running) this.#running.delete(id)
    this.#loop?.leave(running.call)
    running.over?.()
  }
}

/** What is done about a report is no part of the handler: it must not look as if the handler did it. */
function outside(reports: AttemptReports): AttemptReports {
  return {
    state: (...told) => currentAttempt.exit(() => reports.state(...told)),
    progress: (...told) => currentAttempt.exit(() => reports.progress(...told)),
    begun: (...told) => currentAttempt.exit(() => reports.begun(...told)),
    send: (...told) => currentAttempt.exit(() => reports.send(...told)),
    recall: (...asked) => currentAttempt.exit(() => reports.recall(...asked)),
    record: (...asked) => currentAttempt.exit(() => reports.record(...asked)),
    log: (...told) => currentAttempt.exit(() => reports.log(...told)),
  }
}
