import { type Duration, didYouMean, globMatcher, type Progress, type TaskHeaders, umbelError } from '@umbel/core'
import { EventEmitter } from 'eventemitter3'
import type { Suspect } from './lanes/loop-watch.ts'
import { checkNames } from './option-checks.ts'

/** What every signal about a task tells. */
export interface TaskSignal {
  readonly id: string
  /** Registered name. */
  readonly task: string
  readonly lane: string
  /** What is written on it: see `Signature.stamp`. */
  readonly headers: TaskHeaders
  /** Moment, in milliseconds since the epoch. */
  readonly at: number
}

/** A signal about one attempt. */
export interface AttemptSignal extends TaskSignal {
  /** 1 for the first. */
  readonly attempt: number
}

/** Signals and what each tells: see docs/signals.md. Celery's names in kebab-case, and some of our own. */
export interface Signals {
  /** Somebody sends it, or its handler asked for another attempt: it is about to be stored. */
  readonly 'before-task-publish': AttemptSignal
  /** It is stored. */
  readonly 'after-task-publish': AttemptSignal
  /** It was taken in: it waits in its lane, or until `due`, in milliseconds since the epoch, and then in its lane. */
  readonly 'task-received': AttemptSignal & { readonly due: number | undefined }
  /** A worker is about to run its handler. */
  readonly 'task-prerun': AttemptSignal
  /** The attempt is over; `state` is what the task is in now. */
  readonly 'task-postrun': AttemptSignal & { readonly state: string }
  /** Its handler set one of its own states. */
  readonly 'task-state': AttemptSignal & { readonly state: string; readonly meta: unknown }
  /** Its handler told how far it has come. */
  readonly 'task-progress': AttemptSignal & Progress
  /** Its handler logged something, or a hook of it failed. */
  readonly 'task-log': AttemptSignal & { readonly level: string; readonly message: string; readonly fields: unknown }
  /** `runtime`: milliseconds since the attempt started. */
  readonly 'task-success': AttemptSignal & { readonly result: unknown; readonly runtime: number }
  /** It has failed for good. */
  readonly 'task-failure': AttemptSignal & { readonly error: Error }
  /** A new attempt follows at `due`, in milliseconds since the epoch. */
  readonly 'task-retry': AttemptSignal & { readonly error: Error | undefined; readonly due: number }
  /** Its handler ended with `ctx.replace`; `by`: id of what goes on in its place. */
  readonly 'task-replaced': AttemptSignal & { readonly by: string }
  /** It is not wanted any more, or came too late (`expired`); `terminated`: its handler was running and is aborted. */
  readonly 'task-revoked': TaskSignal & {
    readonly error: Error
    readonly expired: boolean
    readonly terminated: boolean
  }
  /** Its handler threw `Reject`. */
  readonly 'task-rejected': TaskSignal & { readonly reason: string }
  /** Its handler threw `Ignore`. */
  readonly 'task-ignored': AttemptSignal
  /** A worker died under it; it goes back to its lane. */
  readonly 'task-lost': AttemptSignal & { readonly error: Error }
  /** A canvas of more than one task, or a run of a machine, has ended. */
  readonly 'workflow-ended': { readonly id: string; readonly state: string; readonly at: number }
  /** A run shows another state: the tag of its deepest active state; `states` are the tags of all of them. */
  readonly 'workflow-state': {
    readonly id: string
    /** Id of its machine. */
    readonly workflow: string
    readonly state: string
    readonly states: readonly string[]
    readonly at: number
  }
  /** A machine logged something with XState's `log`. */
  readonly 'workflow-log': {
    readonly id: string
    readonly label: string | undefined
    readonly value: unknown
    readonly at: number
  }
  /** A send was not taken in; `accepted` rejects with the same error. */
  readonly 'send-failed': { readonly id: string; readonly error: unknown; readonly at: number }
  /** Something failed that is no task's fault: a stray callback in a thread, a store that did not answer. */
  readonly 'internal-error': { readonly error: unknown; readonly at: number }
  /**
   * An inline handler kept the main loop from turning for at least `blockedMs`. `task` and `id` are those of the one it was; where
   * several may have been, they are `undefined` and `suspects` names those that were under way, 32 at most.
   */
  readonly 'loop-blocked': {
    readonly task: string | undefined
    readonly id: string | undefined
    readonly blockedMs: number
    readonly suspects: readonly Suspect[]
    readonly at: number
  }
  /** A listener threw. */
  readonly 'listener-error': { readonly signal: string; readonly error: unknown; readonly at: number }
  /** The store is open and the threads are warm. */
  readonly 'worker-ready': { readonly at: number }
  /** The app begins to stop; `deadline` in milliseconds. */
  readonly 'worker-shutdown': { readonly at: number; readonly deadline: Duration }
}

/** Name of a signal. */
export type SignalName = keyof Signals

const NAMES = {
  'before-task-publish': true,
  'after-task-publish': true,
  'task-received': true,
  'task-prerun': true,
  'task-postrun': true,
  'task-state': true,
  'task-progress': true,
  'task-log': true,
  'task-success': true,
  'task-failure': true,
  'task-retry': true,
  'task-replaced': true,
  'task-revoked': true,
  'task-rejected': true,
  'task-ignored': true,
  'task-lost': true,
  'workflow-ended': true,
  'workflow-state': true,
  'workflow-log': true,
  'send-failed': true,
  'internal-error': true,
  'loop-blocked': true,
  'listener-error': true,
  'worker-ready': true,
  'worker-shutdown': true,
} as const satisfies Record<SignalName, true>

/** Which of a signal's events a listener gets. */
export interface ListenOptions {
  /** Only those of tasks whose name matches this glob (`etl.*`). Default: all. */
  readonly task?: string
}

const isThenable = (answer: unknown): boolean =>
  typeof (answer as PromiseLike<unknown> | undefined)?.then === 'function'

/** Signals to observers. They never change what happens: a listener that throws harms nobody. */
export class SignalBus {
  readonly #emitter = new EventEmitter()
  readonly #now: () => number
  #listeners = 0

  constructor(now: () => number) {
    this.#now = now
  }

  /** Listen. Returns how to stop that. @throws UMBEL_BAD_OPTION for what is no signal, listener or glob. */
  on<Name extends SignalName>(
    name: Name,
    listener: (event: Signals[Name]) => unknown,
    options: ListenOptions = {},
  ): () => void {
    checkListening(name, listener)
    checkNames(`The listener to ${name}`, options, ['task'])
    checkGlob(name, options.task)
    const matches = options.task === undefined ? undefined : globMatcher(options.task)
    const call = (event: Signals[Name]): void => {
      if (matches !== undefined && !matches((event as Partial<TaskSignal>).task ?? '')) return
      try {
        const answer = listener(event)
        if (isThenable(answer)) Promise.resolve(answer).catch((error: unknown) => this.#failed(name, error))
      } catch (error) {
        this.#failed(name, error)
      }
    }
    this.#emitter.on(name, call)
    this.#listeners += 1
    let on = true
    return () => {
      if (!on) return
      on = false
      this.#emitter.off(name, call)
      this.#listeners -= 1
    }
  }

  /** Whether nobody listens to anything: then no event object need be made. */
  get quiet(): boolean {
    return this.#listeners === 0
  }

  /** Whether somebody listens to this signal. */
  wants(name: SignalName): boolean {
    return this.#listeners > 0 && this.#emitter.listenerCount(name) > 0
  }

  emit<Name extends SignalName>(name: Name, event: Signals[Name]): void {
    this.#emitter.emit(name, event)
  }

  #failed(signal: string, error: unknown): void {
    if (signal !== 'listener-error' && this.wants('listener-error'))
      this.emit('listener-error', { signal, error, at: this.#now() })
  }
}

function checkListening(name: unknown, listener: unknown): void {
  if (typeof name !== 'string' || !Object.hasOwn(NAMES, name)) {
    const told =
      typeof name === 'string'
        ? `called ${name.slice(0, 80)}.${didYouMean(name, Object.keys(NAMES))}`
        : `that is a ${typeof name}.`
    throw umbelError('UMBEL_BAD_OPTION', `There is no signal ${told}`)
  }
  if (typeof listener !== 'function')
    throw umbelError('UMBEL_BAD_OPTION', `The listener to ${name} is ${typeof listener}, not a function.`)
}

function checkGlob(name: string, task: unknown): void {
  if (task !== undefined && typeof task !== 'string')
    throw umbelError(
      'UMBEL_BAD_OPTION',
      `The option task of a listener to ${name} is ${typeof task}, not a name or glob.`,
    )
}
