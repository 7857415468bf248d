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
import { runAttempt } from '../attempt.ts'
import type { AttemptEnvironment } from '../attempt-context.ts'
import { AttemptControl, abortError } from '../attempt-control.ts'
import { currentAttempt } from '../current-attempt.ts'
import type { TaskDefinition } from '../definition.ts'
import { Resources } from '../resources.ts'
import type { AnyResult } from '../sender.ts'
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

interface Running {
  readonly call: AttemptCall
  readonly control: AttemptControl
  readonly ended: (outcome: Outcome) => void
  /** Called once what it does after its outcome was stored is over. */
  over: (() => void) | undefined
}

class InlineWorker implements Worker {
  readonly #environment: AttemptEnvironment
  readonly #tasks: ReadonlyMap<string, TaskDefinition>
  readonly #onStray: ((error: ErrorData) => void) | undefined
  readonly #running = new Map<string, Running>()
  readonly #loop: LoopWatch | undefined

  constructor({ tasks, reports, clock, maxBytes, takesWrites, ids, handleOf, onStray, loop }: InlineOptions) {
    const underWay = (): AttemptCall[] => Array.from(this.#running.values(), ({ call }) => call)
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
    const running: Running = { call, control, ended, over: undefined }
    this.#running.set(call.id, running)
    this.#loop?.enter()
    runAttempt(definition, call, this.#environment, control, (outcome) => {
      const gone = this.#running.get(call.id) !== running // killed: its outcome was given up
      if (control.rest === undefined) this.#leave(call.id, running)
      if (!gone) ended(outcome)
    })
  }

  finish(id: string): Promise<void> {
    const running = this.#running.get(id)
    if (running?.control.rest === undefined) return Promise.resolve()
    return new Promise((resolve) => {
      running.over = resolve
      running.control.rest?.().then(() => this.#leave(id, running))
    })
  }

  abort(id: string, reason: AbortReason): void {
    this.#running.get(id)?.control.abort(reason)
  }

  kill(id: string, reason: AbortReason): void {
    const running = this.#running.get(id)
    if (running === undefined) return
    running.control.abort(reason)
    running.control.ended = true
    this.#leave(id, running)
    running.ended({ kind: 'aborted', error: toErrorData(abortError(reason, running.call)) })
  }

  async start(): Promise<void> {}

  async widen(): Promise<void> {}

  underWay(): UnderWay[] {
    return Array.from(this.#running.keys(), (id) => ({ id, thread: undefined }))
  }

  async ping(): Promise<Pong[]> {
    return []
  }

  threadsSeen(): undefined {}

  async stop(): Promise<void> {
    this.#loop?.stop()
    await this.#environment.resources.tearDown((error) => this.#onStray?.(toErrorData(error)))
  }

  #leave(id: string, running: Running): void {
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
