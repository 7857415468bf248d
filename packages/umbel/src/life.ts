import { type Clock, UmbelError, umbelError } from '@umbel/core'
import type { SignalBus } from './signals.ts'
import { onProcessIdle, systemClock } from './system.ts'

/** What an app does at the turns of its life: an owner of its store runs what is in it, a sender does not. */
export interface Course {
  /** Make the store ready, and take from it what has to be known. */
  open(): Promise<void>
  /** Told that the store is being opened: what comes in meanwhile waits for that, and is refused where it fails. */
  opening(opened: Promise<void>): void
  /** Begin to work, once the store is open. */
  begin(): Promise<void>
  /** Told that the app is about to end: take nothing new in. */
  leave(): void
  /** Come to rest until a deadline in milliseconds, and release everything. `why` is for whom it leaves without an answer. */
  end(deadline: number, why: Error): Promise<void>
  /** Wait no longer than so many milliseconds more. */
  hurry(deadline: number): void
  /** Nothing will ever end here any more. */
  ended(why: Error): void
}

/** What a life is made with. */
export interface LifeParts {
  readonly name: string
  readonly course: Course
  readonly signals: SignalBus
  readonly clock: Clock
  /** Tell what went wrong where nobody waits for an answer. */
  readonly failed: (error: unknown) => void
  /** Called once the process has nothing left to do: then threads are ended and teardowns run. */
  readonly idle: () => void
}

/** The life of an app: opened, started, stopped, each once, whatever comes first; and why it takes nothing in any more. */
export class Life {
  readonly #parts: LifeParts
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

  constructor(parts: LifeParts) {
    this.#parts = parts
  }

  /** What keeps the app as a whole from running, in words. */
  get trouble(): string | undefined {
    if (this.#stopped !== undefined)
      return `The app ${this.#parts.name} ${this.#closed ? 'has stopped' : 'is stopping'}.`
    return (this.#refusal ?? this.#failure)?.message
  }

  /** Throw once it has stopped. */
  checkLives(): void {
    if (this.#closed) throw this.#refusal
  }

  /** Throw where nothing is taken in any more; start with the first thing that is. */
  wake(): void {
    if (this.#refusal !== undefined) throw this.#refusal
    if (this.#started === undefined) this.start().catch(this.#parts.failed)
  }

  /** Resolve once what is stored can be read; rejects where nothing is taken in any more. */
  async ready(): Promise<void> {
    if (this.#refusal !== undefined) throw this.#refusal
    await this.open()
  }

  open(): Promise<void> {
    if (this.#opened === undefined) {
      if (this.#refusal !== undefined) return Promise.reject(this.#refusal)
      const { course } = this.#parts
      const givenUp = new Promise<never>((_, reject) => {
        this.#giveUp = reject
      })
      this.#opened = Promise.race([course.open(), givenUp]).catch((cause) => {
        this.#refusal ??= this.#notOpened(cause)
        throw this.#refusal
      })
      course.opening(this.#opened)
    }
    return this.#opened
  }

  start(): Promise<void> {
    if (this.#stopped !== undefined) return Promise.reject(this.#refusal)
    this.#started ??= this.#start()
    return this.#started
  }

  /** End; called again it takes the nearer deadline, in milliseconds. Returns why nothing is taken in from now on, and the end. */
  stop(deadline: number): { readonly why: Error; readonly stopped: Promise<void> } {
    const why = this.#lost ?? this.#hasStopped()
    this.#refusal = why
    if (this.#stopped === undefined) this.#stopped = this.#stop(deadline)
    else this.#parts.course.hurry(deadline)
    return { why, stopped: this.#stopped }
  }

  /** Another process owns the store by now: nothing that happens here counts any more. */
  lose(error: Error): void {
    this.#lost = error
  }

  async #start(): Promise<void> {
    const { course, signals, clock, idle } = this.#parts
    this.#forgetIdle = onProcessIdle(idle)
    await this.open()
    try {
      await course.begin()
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error))
      throw error
    }
    if (signals.wants('worker-ready')) signals.emit('worker-ready', { at: clock.now() })
  }

  async #stop(deadline: number): Promise<void> {
    const { course, signals, clock } = this.#parts
    this.#forgetIdle()
    course.leave()
    if (signals.wants('worker-shutdown')) signals.emit('worker-shutdown', { at: clock.now(), deadline })
    try {
      const late = systemClock.setTimer(() => this.#giveUp(), deadline)
      await Promise.allSettled([this.#opened, this.#started])
      late.cancel()
      await course.end(deadline, this.#lost ?? this.#hasStopped())
    } finally {
      this.#closed = true
      course.ended(this.#lost ?? this.#hasStopped())
    }
  }

  #hasStopped(): Error {
    return umbelError('UMBEL_APP_STOPPED', `The app ${this.#parts.name} has stopped.`)
  }

  #notOpened(cause: unknown): Error {
    if (cause instanceof UmbelError) return cause
    return umbelError('UMBEL_STORE_FAILED', `The store of the app ${this.#parts.name} could not be opened.`, { cause })
  }
}
