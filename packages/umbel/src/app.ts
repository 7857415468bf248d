import { type Canvas, type Clock, milliseconds, UmbelError, umbelError } from '@umbel/core'
import type { AnyStateMachine, OutputFrom } from 'xstate'
import type { AnySignature, HandleOf, ResultOf } from './any-signature.ts'
import { type AppOptions, appSettings } from './app-options.ts'
import { assemble, type Parts } from './assemble.ts'
import type { AsyncResult } from './async-result.ts'
import { Control } from './control.ts'
import { DeadLetters } from './dead-letters.ts'
import { type Health, type HealthOptions, healthOf } from './health.ts'
import { Inspect } from './inspect.ts'
import { type LiveApp, liveApps } from './live-apps.ts'
import type { MapStreamOptions } from './map-stream.ts'
import { checkNames } from './option-checks.ts'
import type { Sent } from './producer.ts'
import { Redrives } from './redrives.ts'
import { Run } from './run.ts'
import type { Call } from './sender.ts'
import type { StopOptions } from './shutdown.ts'
import type { ListenOptions, SignalName, Signals } from './signals.ts'
import { canvasOf } from './signature.ts'
import { type ItemsOf, Streams, type StreamsApp, type TakesItems } from './streams.ts'
import { onProcessIdle, systemClock } from './system.ts'
import { asWorkflow, type Workflow, type WorkflowOptions } from './workflow.ts'
import { WorkflowRuns } from './workflow-runs.ts'

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
  readonly control: Control
  /** Tells what it does, and why something waits. */
  readonly inspect: Inspect
  /** The tasks that failed for good. */
  readonly deadLetters: DeadLetters
  readonly #parts: Parts
  readonly #redrives: Redrives
  readonly #streams: Streams
  #opened: Promise<void> | undefined
  #started: Promise<void> | undefined
  #stopped: Promise<void> | undefined
  /** Why it takes nothing in any more. */
  #refusal: Error | undefined
  /** What kept it from starting. */
  #failure: Error | undefined
  #closed = false
  /** Why it ended by itself. */
  #lost: Error | undefined
  #forgetIdle = (): void => {}
  /** Wait for the store no longer. */
  #giveUp = (): void => {}

  constructor(options: AppOptions) {
    const settings = appSettings(options)
    this.name = settings.name
    this.#parts = assemble(settings)
    this.#streams = new Streams(this.#parts)
    this.clock = this.#parts.clock
    this.inspect = new Inspect(this.#parts)
    this.control = new Control({
      ...this.#parts,
      check: () => {
        if (this.#closed) throw this.#refusal
      },
      opened: () => this.#openStore(),
      stop: (how) => this.stop(how),
    })
    this.#redrives = new Redrives(this.#parts)
    this.deadLetters = new DeadLetters({
      ...this.#parts,
      errors: settings.errors,
      maxBytes: settings.maxBytes,
      redrives: this.#redrives,
      opened: () => this.#ready(),
      started: () => this.start(),
    })
    this.#parts.engine.whenLost((error) => this.#lose(error))
    liveApps.add(this)
  }

  /**
   * Open the store, go on with what it holds unfinished, and start the threads. Idempotent. Rejects with UMBEL_APP_STOPPED, with
   * UMBEL_STORE_FAILED, or with the error of the store itself.
   */
  start(): Promise<void> {
    if (this.#stopped !== undefined) return Promise.reject(this.#refusal)
    this.#started ??= this.#start()
    return this.#started
  }

  /**
   * End: take nothing more in, let what waits and runs end until the deadline, abort the rest, run teardowns, end the threads.
   * Tasks that have not ended stay in the store as they are. Called again it does not end again, but takes the nearer deadline.
   */
  stop(options: StopOptions = {}): Promise<void> {
    checkNames('stop', options, ['deadline'])
    const deadline = milliseconds(options.deadline ?? '30s', 'deadline')
    this.#refusal = this.#lost ?? this.#hasStopped()
    this.#streams.stop(this.#refusal)
    if (this.#stopped === undefined) this.#stopped = this.#stop(deadline)
    else this.#parts.shutdown.hurry(deadline)
    return this.#stopped
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
    await this.#ready()
    return this.#parts.source.find(id)
  }

  /**
   * Run a machine: `app.workflow(order).start({ id, input })`. Registers it, as `createApp({ workflows })` does, which a store with
   * runs of it needs before the app starts.
   * @throws UMBEL_BAD_MACHINE with the path to what could not be stored and go on after a restart; UMBEL_DUPLICATE_WORKFLOW, UMBEL_BAD_OPTION
   */
  workflow<M extends AnyStateMachine>(machine: M | Workflow<M>, options?: WorkflowOptions): WorkflowRuns<M> {
    const given = asWorkflow(machine, options)
    const { registry, runs, results, source } = this.#parts
    if (registry.register(given)) runs.resume(given)
    return new WorkflowRuns(given, {
      runs,
      open: () => void this.#open(),
      ready: () => this.#ready(),
      handle: (id) =>
        new Run<M>(results.cell(id), runs, source.handle(id, undefined, -1) as AsyncResult<OutputFrom<M>>),
    })
  }

  /** Whether it registered a task of this name. */
  has(task: string): boolean {
    return this.#parts.tasks.has(task)
  }

  /** Send a signature through this app and return at once. @throws what is wrong with the call; UMBEL_LANE_FULL; UMBEL_APP_STOPPED. */
  delay<S extends AnySignature>(what: S, call?: Call): HandleOf<S>
  delay(what: Canvas | AnySignature, call?: Call): AsyncResult<unknown>
  delay(what: Canvas | AnySignature, call: Call = NO_CALL): AsyncResult<unknown> {
    return this.#handle(this.#open().delay(canvasOf(what), call))
  }

  /** Send a signature through this app, waiting while a lane's backlog is full. */
  send<S extends AnySignature>(what: S, call?: Call): Promise<HandleOf<S>>
  send(what: Canvas | AnySignature, call?: Call): Promise<AsyncResult<unknown>>
  async send(what: Canvas | AnySignature, call: Call = NO_CALL): Promise<AsyncResult<unknown>> {
    return this.#handle(await this.#open().send(canvasOf(what), call))
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
    const way: StreamsApp = {
      ready: async () => {
        this.#open()
        await this.#openStore()
      },
      send: async (canvas, call) => this.#open().send(canvas, call),
      handle: (sent) => this.#handle(sent),
    }
    return this.#streams.make(way, canvasOf(task), items, options)
  }

  /** Judge how it is: the store, the lanes and their threads. Answers at any time, also once it has stopped. @throws UMBEL_BAD_DURATION, UMBEL_BAD_OPTION */
  async health(options: HealthOptions = {}): Promise<Health> {
    return healthOf({ ...this.#parts, trouble: this.#trouble() }, options)
  }

  /**
   * Run a workflow that failed again, by its id or that of a handle of it or a step, from what failed: as a new one under `<id>.d1`, in which the results of all that succeeded stand,
   * and what failed or was skipped behind it runs. Once, however often it is asked for.
   * @throws UMBEL_CANNOT_RERUN, UMBEL_UNKNOWN_RESULT, UMBEL_APP_STOPPED
   */
  async rerun(id: string): Promise<AsyncResult<unknown>> {
    await this.#ready()
    await this.start()
    return this.#parts.source.find(await this.#redrives.rerun(id))
  }

  /** Resolve once what is stored can be read. */
  async #ready(): Promise<void> {
    if (this.#refusal !== undefined) throw this.#refusal
    await this.#openStore()
  }

  #trouble(): string | undefined {
    if (this.#stopped !== undefined) return `The app ${this.name} ${this.#closed ? 'has stopped' : 'is stopping'}.`
    return (this.#refusal ?? this.#failure)?.message
  }

  #open(): Parts['producer'] {
    if (this.#refusal !== undefined) throw this.#refusal
    if (this.#started === undefined) this.start().catch(this.#parts.failed)
    return this.#parts.producer
  }

  #handle({ id, plan }: Sent): AsyncResult<unknown> {
    return plan.nodes.length === 1
      ? this.#parts.source.handle(id, undefined, -1)
      : this.#parts.source.handle(id, plan, plan.exit)
  }

  #notOpened(cause: unknown): Error {
    if (cause instanceof UmbelError) return cause
    return umbelError('UMBEL_STORE_FAILED', `The store of the app ${this.name} could not be opened.`, { cause })
  }

  /** Another process owns the store by now: end, as nothing that happens here counts any more. */
  #lose(error: Error): void {
    this.#lost = error
    this.stop({ deadline: 0 }).catch(this.#parts.failed)
  }

  #hasStopped(): Error {
    return umbelError('UMBEL_APP_STOPPED', `The app ${this.name} has stopped.`)
  }

  async #start(): Promise<void> {
    const { lanes, signals, clock, recovery, engine, hold } = this.#parts
    // an idle script ends by itself: then threads are ended and teardowns run
    this.#forgetIdle = onProcessIdle(() => this.stop().catch(this.#parts.failed))
    await this.#openStore()
    recovery.resume()
    hold.set(engine.active > 0)
    try {
      await Promise.all([...lanes.values()].map((lane) => lane.start()))
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error))
      throw error
    }
    if (signals.wants('worker-ready')) signals.emit('worker-ready', { at: clock.now() })
  }

  #openStore(): Promise<void> {
    if (this.#opened === undefined) {
      if (this.#refusal !== undefined) return Promise.reject(this.#refusal)
      const { store, engine, recovery } = this.#parts
      const givenUp = new Promise<never>((_, reject) => {
        this.#giveUp = reject
      })
      this.#opened = Promise.race([store.open().then(() => recovery.load()), givenUp]).catch((cause) => {
        this.#refusal ??= this.#notOpened(cause)
        throw this.#refusal
      })
      engine.opening(this.#opened)
    }
    return this.#opened
  }

  async #stop(deadline: number): Promise<void> {
    const { store, lanes, limits, signals, clock, timers, results, shutdown, hold, engine } = this.#parts
    liveApps.delete(this)
    this.#forgetIdle()
    if (signals.wants('worker-shutdown')) signals.emit('worker-shutdown', { at: clock.now(), deadline })
    try {
      const late = systemClock.setTimer(() => this.#giveUp(), deadline)
      await Promise.allSettled([this.#opened, this.#started])
      late.cancel()
      await shutdown.drain(deadline)
      await shutdown.abort()
      engine.giveUp()
      timers.stop()
      await limits.stop()
      await Promise.all([...lanes.values()].map((lane) => lane.stop()))
      await engine.rested()
      await store.close()
    } finally {
      this.#closed = true
      results.refuseAll(this.#lost ?? this.#hasStopped())
      hold.release()
    }
  }
}

const NO_CALL: Call = { args: [], kwargs: {}, options: {} }
