import type { AbortReason, AttemptCall, UmbelError } from '@umbel/core'
import { umbelError } from '@umbel/core/tasks'
import type { AttemptWrites } from './attempt-writes.ts'

/** What the errors of an attempt name. */
type Limited = Pick<AttemptCall, 'task' | 'timeLimit'>

/** What an attempt needs of where it runs. */
export interface ControlParts {
  /** Takes in aborts that have arrived unseen, as they do in a thread whose handler never lets the loop turn. */
  readonly look?: () => void
  /** Called when its time begins: with the handler, or with each item of a map. */
  readonly timed?: (() => void) | undefined
}

const NO_PARTS: ControlParts = {}

/** What others can do to an attempt while it runs, and what it asks about that. Cheap: makes its signal when first asked. */
export class AttemptControl {
  /** Why it is asked to end; `undefined` while it is not. */
  reason: AbortReason | undefined
  /** Whether its handler has started, of a rate-limited task. */
  begun = false
  /** Whether its outcome is settled: what its handler still tells is dropped. */
  ended = false
  /** Whether its outcome is told: nothing can be added to it. */
  told = false
  /** What its handler has written, where it has. */
  writes: AttemptWrites | undefined
  /** What its task does once the outcome is stored, where that is anything. Never rejects. */
  rest: (() => Promise<void>) | undefined
  #controller: AbortController | undefined
  #error: UmbelError | undefined
  #fail: ((thrown: unknown) => void) | undefined
  readonly #call: Limited
  readonly #parts: ControlParts

  constructor(call: Limited, parts: ControlParts = NO_PARTS) {
    this.#call = call
    this.#parts = parts
  }

  /** Say that the handler is about to be called. @throws what `check` throws */
  begin(): void {
    this.check()
    this.#parts.timed?.()
  }

  /** Ask the handler to end. Only the first reason counts. */
  abort(reason: AbortReason): void {
    if (this.reason !== undefined) return
    this.reason = reason
    this.#controller?.abort(this.error)
  }

  /** Fail the handler from outside, as by an error of a callback of its own. False when it has ended already. */
  fail(thrown: unknown): boolean {
    if (this.#fail === undefined) return false
    this.#fail(thrown)
    return true
  }

  /** The handler's signal. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.reason !== undefined) this.#controller.abort(this.error)
    }
    return this.#controller.signal
  }

  /** What the signal is aborted with. */
  get error(): UmbelError {
    this.#error ??= abortError(this.reason ?? 'revoked', this.#call)
    return this.#error
  }

  /** Throw if it is asked to end. */
  check(): void {
    this.#parts.look?.()
    if (this.reason !== undefined) throw this.error
  }

  /** Wait for what the handler promised, or for `fail`: whichever is first is told. */
  wait(promise: PromiseLike<unknown>, resolve: (value: unknown) => void, reject: (thrown: unknown) => void): void {
    const fail = (thrown: unknown): void => {
      if (this.#fail !== fail) return
      this.#fail = undefined
      reject(thrown)
    }
    this.#fail = fail
    const told = (value: unknown): void => {
      if (this.#fail !== fail) return
      this.#fail = undefined
      resolve(value)
    }
    Promise.resolve(promise).then(told, fail) // what looks like a promise may be none
  }

  /** Tell whether something thrown says no more than that it was asked to end. */
  isAbort(thrown: unknown): boolean {
    if (this.reason === undefined || typeof thrown !== 'object' || thrown === null) return false
    return thrown === this.#error || (thrown as { name?: unknown }).name === 'AbortError'
  }
}

/** The error that an aborted attempt ends with. */
export function abortError(reason: AbortReason, { task, timeLimit }: Limited): UmbelError {
  switch (reason) {
    case 'revoked':
      return umbelError('UMBEL_REVOKED', 'The task was revoked while it ran.')
    case 'stopped':
      return umbelError('UMBEL_APP_STOPPED', 'The app stopped while the task ran.')
    case 'soft-limit':
      return umbelError('UMBEL_SOFT_TIME_LIMIT', `${task} ran longer than its soft limit of ${timeLimit?.soft} ms.`, {
        details: { task, limit: timeLimit?.soft },
      })
    case 'hard-limit':
      return umbelError('UMBEL_HARD_TIME_LIMIT', `${task} ran longer than its hard limit of ${timeLimit?.hard} ms.`, {
        details: { task, limit: timeLimit?.hard },
      })
    default:
      return umbelError('UMBEL_REVOKED', `The task was aborted: ${String(reason satisfies never)}.`)
  }
}
