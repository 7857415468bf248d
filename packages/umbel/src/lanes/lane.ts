import { type AbortReason, type TaskRow, umbelError, type Worker } from '@umbel/core'
import { Slots } from './slots.ts'

/** How wide a lane is. */
export interface LaneOptions {
  /** Threads of its own. Default 1; 0 for a lane of inline tasks alone. */
  readonly threads?: number
  /** Inline tasks that may run at once on the main loop. Default 100. */
  readonly inline?: number
  /** Niceness of its threads, 0 (most eager) to 19. Default 0. */
  readonly nice?: number
  /** Tasks that may wait; beyond it `delay` throws UMBEL_LANE_FULL and `send` waits. Default 1,000,000. */
  readonly backlog?: number
}

/** What a lane is made of. */
export interface LaneParts {
  readonly name: string
  readonly options: Required<LaneOptions>
  readonly threads: Worker
  readonly inline: Worker
  /** Run one attempt of a task on a worker of the lane; never rejects. */
  readonly execute: (id: string, worker: Worker) => Promise<void>
}

/** A named queue with the workers that serve it: one line of waiting tasks for its threads, one for the main loop. */
export class Lane {
  readonly name: string
  readonly options: Required<LaneOptions>
  readonly #threads: Line
  readonly #inline: Line
  #reserved = 0
  /** Those who wait for places, oldest first. */
  readonly #waiters = new Set<Waiter>()
  #stopped = false

  constructor({ name, options, threads, inline, execute }: LaneParts) {
    this.name = name
    this.options = options
    const line = (worker: Worker, concurrency: number): Line => ({
      worker,
      slots: new Slots<Waiting>({ concurrency, run: ({ id }) => this.#left(execute(id, worker)) }),
    })
    this.#threads = line(threads, options.threads)
    this.#inline = line(inline, options.inline)
    this.pause()
  }

  /** Tasks that wait. */
  get waiting(): number {
    return this.#threads.slots.waiting + this.#inline.slots.waiting
  }

  /** Attempts that run. */
  get running(): number {
    return this.#threads.slots.running + this.#inline.slots.running
  }

  /** Whether `count` more tasks may wait. */
  hasSpace(count: number): boolean {
    return (
      this.waiting + this.#reserved + count <= this.options.backlog ||
      (count > this.options.backlog && this.waiting + this.#reserved === 0)
    )
  }

  /** Hold places for tasks that were sent and have not arrived yet, whether there is space or not. */
  reserve(count: number): void {
    this.#reserved += count
  }

  /** Hold places once there is space for them: first come, first served. @throws UMBEL_APP_STOPPED */
  async reserved(count: number): Promise<void> {
    if (this.#stopped) throw this.#hasStopped()
    if (this.#waiters.size === 0 && this.hasSpace(count)) return this.reserve(count)
    await new Promise<void>((resolve, reject) => this.#waiters.add({ count, resolve, reject }))
  }

  /** Give back places held by `reserve`: the tasks have arrived, or never will. */
  unreserve(count: number): void {
    this.#reserved -= count
    this.#tellSpace()
  }

  add(row: TaskRow): void {
    this.#line(row).slots.add({ id: row.id, priority: row.spec.priority })
  }

  /** Take a waiting task out. */
  withdraw(row: TaskRow): void {
    if (this.#line(row).slots.remove(row.id) !== undefined) this.#tellSpace()
  }

  /** Abort the signal of a running task. */
  abort(row: TaskRow, reason: AbortReason): void {
    this.#line(row).worker.abort(row.id, reason)
  }

  /** End what runs a task, whatever its handler does. */
  kill(row: TaskRow, reason: AbortReason): void {
    this.#line(row).worker.kill(row.id, reason)
  }

  /** Make the workers ready and begin. */
  async start(): Promise<void> {
    await Promise.all([this.#threads.worker.start(), this.#inline.worker.start()])
    this.#threads.slots.resume()
    this.#inline.slots.resume()
  }

  /** Take no new task to a slot. */
  pause(): void {
    this.#threads.slots.pause()
    this.#inline.slots.pause()
  }

  /** End the workers. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const { reject } of this.#waiters) reject(this.#hasStopped())
    this.#waiters.clear()
    await Promise.all([this.#threads.worker.stop(), this.#inline.worker.stop()])
  }

  #line(row: TaskRow): Line {
    return row.spec.inline ? this.#inline : this.#threads
  }

  #left(run: Promise<void>): Promise<void> {
    this.#tellSpace()
    return run
  }

  #tellSpace(): void {
    for (const waiter of this.#waiters) {
      if (!this.hasSpace(waiter.count)) return
      this.#waiters.delete(waiter)
      this.reserve(waiter.count)
      waiter.resolve()
    }
  }

  #hasStopped(): Error {
    return umbelError('UMBEL_APP_STOPPED', `The lane ${this.name} was full until the app stopped.`)
  }
}

interface Waiter {
  readonly count: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

interface Waiting {
  readonly id: string
  readonly priority: number
}

interface Line {
  readonly worker: Worker
  readonly slots: Slots<Waiting>
}
