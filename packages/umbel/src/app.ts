import { type Canvas, type Clock, milliseconds } from '@umbel/core'
import type { AnyStateMachine } from 'xstate'
import type { AnySignature, HandleOf, ResultOf } from './any-signature.ts'
import { type AppOptions, appSettings } from './app-options.ts'
import type { AppParts } from './app-parts.ts'
import { partsOf } from './assemble-app.ts'
import type { AsyncResult } from './async-result.ts'
import type { Control } from './control.ts'
import type { DeadLetters } from './dead-letters.ts'
import type { Health, HealthOptions } from './health.ts'
import type { Inspect } from './inspect.ts'
import { Life } from './life.ts'
import { type LiveApp, liveApps } from './live-apps.ts'
import type { MapStreamOptions } from './map-stream.ts'
import type { Offered, Offers } from './offers.ts'
import { checkNames } from './option-checks.ts'
import type { Call } from './sender.ts'
import type { StopOptions } from './shutdown.ts'
import type { ListenOptions, SignalName, Signals } from './signals.ts'
import { canvasOf } from './signature.ts'
import type { ItemsOf, TakesItems } from './streams.ts'
import {
  asWorkflow,
  isLocal,
  isWorkflowTask,
  type LocalOptions,
  localWorkflow,
  namedWorkflow,
  type Workflow,
  type WorkflowOptions,
} from './workflows/workflow.ts'
import type { WorkflowRuns } from './workflows/workflow-runs.ts'

/**
 * Create an app: it takes what its tasks send, runs it on its lanes, and keeps the results.
 * It lives, and counts for bare `.delay()`, until `stop()`; it starts with the first send, unless started before.
 * @throws UMBEL_BAD_OPTION, UMBEL_BAD_LANE, UMBEL_BAD_ROUTE, UMBEL_NOT_A_TASK, UMBEL_DUPLICATE_TASK
 */
export function createApp(options: AppOptions = {}): App {
  return new App(options)
}

/** An app: tasks, lanes and a store, in this process. Made by `createApp`. */
export class App implements LiveApp {
  readonly name: string
  /** The source of time it runs by. */
  readonly clock: Clock
  /** Changes how it works while it does. */
  readonly control: Offered<Control>
  /** Tells what it does, and why something waits. */
  readonly inspect: Offered<Inspect>
  /** The tasks that failed for good. */
  readonly deadLetters: Offered<DeadLetters>
  readonly #parts: AppParts
  readonly #offers: Offers
  readonly #life: Life

  constructor(options: AppOptions) {
    const settings = appSettings(options)
    this.name = settings.name
    const parts = partsOf(settings)
    this.#parts = parts
    this.clock = parts.clock
    this.#life = new Life({ ...parts, name: this.name, idle: () => this.stop().catch(parts.failed) })
    this.#offers = parts.offers(this.#life, (how) => this.stop(how))
    this.control = this.#offers.control
    this.inspect = this.#offers.inspect
    this.deadLetters = this.#offers.deadLetters
    parts.whenLost((error) => {
      this.#life.lose(error)
      this.stop({ deadline: 0 }).catch(parts.failed)
    })
    liveApps.add(this)
  }

  /**
   * Open the store, go on with what it holds unfinished, and start the threads. Idempotent. Rejects with UMBEL_APP_STOPPED, with
   * UMBEL_STORE_FAILED, or with the error of the store itself.
   */
  start(): Promise<void> {
    return this.#life.start()
  }

  /**
   * End: take nothing more in, let what waits and runs end until the deadline, abort the rest, run teardowns, end the threads.
   * Tasks that have not ended stay in the store as they are. Called again it does not end again, but takes the nearer deadline.
   */
  stop(options: StopOptions = {}): Promise<void> {
    checkNames('stop', options, ['deadline'])
    const deadline = milliseconds(options.deadline ?? '30s', 'deadline')
    liveApps.delete(this)
    const { why, stopped } = this.#life.stop(deadline)
    this.#offers.stop(why)
    return stopped
  }

  /** The same as `stop()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  /** Listen to a signal. Returns how to stop that. A listener that throws harms nobody. */
  on<Name extends SignalName>(
    name: Name,
    listener: (event: Signals[Name]) => unknown,
    options?: ListenOptions,
  ): () => void {
    return this.#parts.signals.on(name, listener, options)
  }

  /**
   * Find a task or workflow by its id; give the task to have the handle typed by it.
   * @throws UMBEL_UNKNOWN_RESULT when nothing is known under the id, or retention has dropped it; UMBEL_APP_STOPPED.
   */
  result(id: string): Promise<AsyncResult<unknown>>
  result<S extends AnySignature>(id: string, of: S): Promise<HandleOf<S>>
  async result(id: string): Promise<unknown> {
    await this.#life.ready()
    return this.#parts.source.find(id)
  }

  /**
   * Run a machine as live actors of XState in this process, where what it needs cannot be stored: promises, callbacks, functions in
   * context. Such runs end with the app, and nothing of them is kept.
   * @throws UMBEL_NOT_LOCAL for what only a stored run can have; UMBEL_BAD_MACHINE, UMBEL_BAD_OPTION; UMBEL_NOT_OWNER in a sender
   */
  workflow<M extends AnyStateMachine>(machine: M, options: LocalOptions): WorkflowRuns<M>
  /**
   * Run a machine: `app.workflow(order).start({ id, input })`. Registers it, as `createApp({ workflows })` does, which a store with
   * runs of it needs before the app starts.
   * @throws UMBEL_BAD_MACHINE with the path to what could not be stored and go on after a restart; UMBEL_DUPLICATE_WORKFLOW, UMBEL_BAD_OPTION
   */
  workflow<M extends AnyStateMachine>(machine: M | Workflow<M>, options?: WorkflowOptions<NoInfer<M>>): WorkflowRuns<M>
  workflow<M extends AnyStateMachine>(
    machine: M | Workflow<M>,
    options?: WorkflowOptions<NoInfer<M>> | LocalOptions,
  ): WorkflowRuns<M> {
    if (isLocal(options)) return this.#offers.local(localWorkflow(machine as M, options))
    return this.#offers.workflow(asWorkflow(machine, options))
  }

  /** Whether it registered a task of this name. */
  has(task: string): boolean {
    if (!isWorkflowTask(task)) return this.#parts.tasks.has(task)
    const { name, version } = namedWorkflow(task)
    return this.#parts.registry.find(name, version) !== undefined
  }

  /** Send a signature through this app and return at once. @throws what is wrong with the call; UMBEL_LANE_FULL; UMBEL_APP_STOPPED. */
  delay<S extends AnySignature>(what: S, call?: Call): HandleOf<S>
  delay(what: Canvas | AnySignature, call?: Call): AsyncResult<unknown>
  delay(what: Canvas | AnySignature, call: Call = NO_CALL): AsyncResult<unknown> {
    this.#life.wake()
    const { producer, source } = this.#parts
    return source.handleOf(producer.delay(canvasOf(what), call))
  }

  /** Send a signature through this app, waiting while a lane's backlog is full. */
  send<S extends AnySignature>(what: S, call?: Call): Promise<HandleOf<S>>
  send(what: Canvas | AnySignature, call?: Call): Promise<AsyncResult<unknown>>
  async send(what: Canvas | AnySignature, call: Call = NO_CALL): Promise<AsyncResult<unknown>> {
    this.#life.wake()
    const { producer, source } = this.#parts
    return source.handleOf(await producer.send(canvasOf(what), call))
  }

  /**
   * Run a task, or a signature that misses one argument, for each item of an iterable too long to be data: gives the results in
   * the order of the items, pulling items only as the results are taken, and keeps nothing of what was delivered.
   * An item that fails throws its error at its place, as does an iterable that throws; then, and when the consumer breaks off,
   * the iterable's `return()` is called and what is under way is revoked.
   * @throws UMBEL_BAD_OPTION, UMBEL_BAD_CANVAS at once; while it is read UMBEL_STREAM_OPEN, UMBEL_ABORTED, UMBEL_APP_STOPPED
   */
  mapStream<S extends AnySignature>(
    task: TakesItems<S> & S,
    items: ItemsOf<S>,
    options?: MapStreamOptions,
  ): AsyncGenerator<ResultOf<S>, undefined, undefined>
  mapStream(task: AnySignature, items: unknown, options: MapStreamOptions = {}): AsyncGenerator<unknown> {
    return this.#offers.mapStream(canvasOf(task), items, options)
  }

  /** Judge how it is: the store, the lanes and their threads. Answers at any time, also once it has stopped. @throws UMBEL_BAD_DURATION, UMBEL_BAD_OPTION */
  async health(options: HealthOptions = {}): Promise<Health> {
    return this.#offers.health(options)
  }

  /**
   * Run a workflow that failed again, by its id or that of a handle of it or a step, from what failed: as a new one under `<id>.d1`, in which the results of all that succeeded stand,
   * and what failed or was skipped behind it runs. Once, however often it is asked for.
   * @throws UMBEL_CANNOT_RERUN, UMBEL_UNKNOWN_RESULT, UMBEL_APP_STOPPED
   */
  async rerun(id: string): Promise<AsyncResult<unknown>> {
    return this.#parts.source.find(await this.#offers.rerun(id))
  }
}

const NO_CALL: Call = { args: [], kwargs: {}, options: {} }
