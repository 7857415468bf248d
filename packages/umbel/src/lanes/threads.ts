import type { ResourceLimits } from 'node:worker_threads'
import {
  type AbortReason,
  type AttemptCall,
  type AttemptReports,
  type ErrorData,
  type Outcome,
  type Pong,
  type ThreadsSeen,
  toErrorData,
  type UnderWay,
  type Worker,
} from '@umbel/core'
import { abortError } from '../attempt-control.ts'
import { BundleWatch } from './bundle-watch.ts'
import { Blame } from './thread-blame.ts'
import { ThreadCells } from './thread-cells.ts'
import { lossError, runnable } from './thread-errors.ts'
import { type GiveOrder, ThreadPool } from './thread-pool.ts'
import { type Outcomes, type Told, unpackOutcomes } from './thread-protocol.ts'
import { answer } from './thread-questions.ts'
import { report } from './thread-reports.ts'
import { addRun, expectedOf, type Listeners, Message, type Run } from './thread-run.ts'
import { Runs, runIn } from './thread-runs.ts'

/** What handlers in threads are run with. */
export interface ThreadOptions {
  /** Name of the lane, for messages. */
  readonly name: string
  readonly threads: number
  /** Niceness of the threads, 0 to 19. Default 0. */
  readonly nice?: number
  readonly reports: AttemptReports
  /** Longest encoded value, in characters and bytes. */
  readonly maxBytes: number
  /** Whether handlers can write to the store. Default false. */
  readonly takesWrites?: boolean
  /** Milliseconds that a run of a task will take. Default: nobody knows. */
  readonly cost?: (task: string) => number
  /** Whether a task is known to take no more than some milliseconds. Default: none is. */
  readonly isShort?: (task: string) => boolean
  /** Told how many milliseconds a task took in its thread; Infinity of one that lasts longer than is known yet. */
  readonly ran?: (task: string, took: number) => void
  /** Told the errors that belong to no handler which still runs: of finished tasks' callbacks, of teardowns. */
  readonly onStray: (error: ErrorData) => void
  /** Memory limits of each thread. Default: Node's. */
  readonly resourceLimits?: ResourceLimits
}

/** Run handlers in a pool of threads. At most as many attempts as there are threads should be under way. */
export function threadWorker(options: ThreadOptions): Worker {
  return new ThreadWorker(options)
}

const NOTHING_MORE = (): void => {}

class ThreadWorker implements Worker {
  readonly #options: ThreadOptions
  readonly #cells = new ThreadCells()
  readonly #pool: ThreadPool
  readonly #runs = new Runs()
  readonly #bundles: BundleWatch<Message>
  /** Threads it has, or is to have once it starts: never fewer than before. */
  #threads: number
  readonly #blame: Blame
  #ready = false
  #started: Promise<void> | undefined
  #stopped: Promise<void> | undefined

  constructor(options: ThreadOptions) {
    const { threads, nice = 0, resourceLimits, maxBytes, takesWrites = false, onStray } = options
    this.#options = options
    this.#threads = threads
    this.#blame = new Blame(this.#cells, (error) => onStray(toErrorData(error)))
    this.#pool = new ThreadPool({
      nice,
      resourceLimits,
      data: { cells: this.#cells.shared, outboxes: this.#cells.outboxes.shared, maxBytes, takesWrites },
      told: (told) => this.#take(told),
      asked: (asked, give) => answer(asked, give, this.#runs.get(asked[1])?.call, options.reports),
      joined: (give) => this.#repeatAborts(give),
      behind: (first) => this.#bundles.add(first as Message), // should it last, what stands behind it is given back
      failed: (error) => onStray(toErrorData(error)),
    })
    this.#bundles = new BundleWatch({
      running: ({ cell }) => this.#cells.running(cell),
      collect: (message) => this.#collect(message),
      recall: (message) => {
        message.isShort = false
        this.#lasts(runIn(message, this.#cells.running(message.cell)))
        this.#recall(message)
        for (const other of [this.#pool.behind(message) ?? [], ...this.#pool.waiting].flat())
          this.#recall(other as Message)
      },
    })
  }

  start(): Promise<void> {
    this.#started ??= this.#start()
    return this.#started
  }

  async widen(threads: number): Promise<void> {
    this.#threads = Math.max(this.#threads, threads)
    if (this.#started === undefined || this.#stopped !== undefined) return
    await this.#started
    await this.#pool.grow(this.#threads)
  }

  run(call: AttemptCall, ended: (outcome: Outcome, took?: number) => void, timed?: () => void): void {
    this.#dispatch([call], { ended: (_, outcome, took) => ended(outcome, took), timed }, NOTHING_MORE)
  }

  runBundle(calls: readonly AttemptCall[], ended: Listeners['ended'], over: () => void): void {
    this.#dispatch(calls, { ended, timed: undefined }, over)
  }

  recall(): void {
    const unbegun = this.#pool.unbegun() as Message[]
    for (const message of unbegun.sort((one, other) => one.first - other.first)) this.#recall(message)
  }

  finish(id: string): Promise<void> {
    const run = this.#runs.ofTask(id)
    if (!run?.told) return Promise.resolve() // its thread is gone
    return new Promise((resolve) => {
      run.over = resolve
      this.#pool.order(['finish', run.number])
    })
  }

  abort(id: string, reason: AbortReason): void {
    const run = this.#runs.ofTask(id)
    if (run === undefined || run.aborted !== undefined) return
    run.aborted = reason
    this.#pool.order(['abort', run.number, reason])
  }

  kill(id: string, reason: AbortReason): void {
    const run = this.#runs.ofTask(id)
    if (run === undefined) return
    run.killed ??= reason
    const { message } = run
    this.#pool.hear(message)
    if (run.isOver) return
    const isOne = message.runs.length === 1
    // its neighbours are not to end with it, nor what stands before it
    if (!isOne || this.#pool.before(message) !== undefined) this.#recall(message)
    if (!isOne) {
      // what ended until none could begin any more
      this.#pool.hear(message)
      this.#collect(message)
      // what runs of it may last: what stands behind it is given back then
      if (message.begun > 0 && message.runs.some(({ isOver }) => !isOver)) this.#bundles.add(message)
    }
    // of what has begun and cannot be followed, all but the last has ended
    if (!run.isOver && (isOne || run.number - message.first === message.begun - 1)) this.#pool.end(message)
  }

  /** Whether something is at a thread that may last: what is handed over meanwhile may stand behind it for as long. */
  get lasts(): boolean {
    return this.#runs.lasts
  }

  underWay(): UnderWay[] {
    return this.#runs.underWay()
  }

  ping(timeout: number): Promise<readonly Pong[]> {
    return this.#pool.ping(timeout)
  }

  threadsSeen(): ThreadsSeen {
    return this.#pool.seen()
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #start(): Promise<void> {
    await this.#pool.grow(this.#threads)
    this.#ready = true
  }

  async #stop(): Promise<void> {
    if (this.#started === undefined) return
    await this.#started.catch(() => {})
    await this.#pool.stop()
  }

  /**
   * Send calls to one thread, for it to run in order. `over` is called once it is free again: right behind its last outcome, so that the starts of what it
   * takes next are stored in one batch with that.
   */
  #dispatch(calls: readonly AttemptCall[], listeners: Listeners, over: () => void): void {
    const known = runnable(calls, this.#options.name, this.#threads, (call, error) =>
      listeners.ended(call, { kind: 'failed', error: toErrorData(error) }),
    )
    if (known.length === 0) return over()
    const cell = this.#stopped === undefined ? this.#cells.take() : undefined
    if (cell === undefined) {
      for (const call of known) listeners.ended(call, { kind: 'given-back' })
      return over()
    }
    const message = new Message(cell, expectedOf(known, this.#options), listeners, {
      answered: (own, outcomes) => {
        this.#answered(own, outcomes)
        own.free()
      },
      lost: (own, error, behind) => {
        this.#lost(own, error, behind)
        own.free()
      },
      over,
    })
    message.first = this.#runs.enter(message, known.length)
    for (const call of known) addRun(message, call)
    if (known.length > 1) this.#bundles.add(message)
    this.#send(message)
  }

  #send(message: Message): void {
    const lost = (error: unknown): void => message.lost(error, false)
    if (!this.#ready) return void this.start().then(() => this.#pool.run(message), lost)
    this.#pool.run(message)
    message.cameBehind = message.thread === undefined || this.#pool.before(message) !== undefined
  }

  #answered(message: Message, outcomes: Outcomes): void {
    this.#blame.answered()
    this.#bundles.delete(message)
    this.#read(message) // what was told before is taken in; what came behind is not for now
    this.#cells.give(message.cell)
    unpackOutcomes(outcomes, (number, outcome, took) => this.#came(runIn(message, number), outcome, took))
    for (const run of message.runs) this.#settle(run, { kind: 'given-back' })
    this.#runs.leave(message)
  }

  /** Take in what a bundle has come to so far, and before it all that was told. */
  #collect(message: Message): void {
    const filled = this.#filled(message)
    if (filled === message.read) return
    this.#pool.hear(message) // its answer, too, where that is there: then there is nothing left to read
    this.#read(message, filled)
  }

  readonly #filled = ({ runs, cell }: Message): number => (runs.length === 1 ? 0 : this.#cells.outboxes.filled(cell))

  #read(message: Message, filled = this.#filled(message)): void {
    this.#cells.outboxes.read(message.cell, message.read, filled, (number, took, result) =>
      this.#came(runIn(message, number), { kind: 'succeeded', result }, took),
    )
    message.read = filled
  }

  /** Give back what a message has not begun. Where that is all of it, its slot is free: what stands before it may last. */
  #recall(message: Message): void {
    this.#bundles.delete(message)
    this.#collect(message)
    if (message.runs.every(({ isOver }) => isOver)) return // answered, or recalled before: its cell may be another's
    const begun = this.#cells.recall(message.cell)
    if (begun < 0) return // it was recalled before
    message.begun = begun
    for (const run of message.runs.slice(begun)) this.#giveBack(run)
    if (begun === 0) message.free()
  }

  /** A task has turned slow: that is known before its item ends. */
  #lasts(run: Run | undefined): void {
    if (run?.call.via === 'call') this.#options.ran?.(run.call.task, Number.POSITIVE_INFINITY)
  }

  #giveBack(run: Run, begun = false): void {
    const { call, killed } = run
    if (killed === undefined) this.#settle(run, { kind: 'given-back', ...(begun && { begun }) })
    else this.#settle(run, { kind: 'aborted', error: toErrorData(abortError(killed, call)) })
  }

  /** The thread of a message is gone. Who is to blame is lost or aborted; the others of the message are given back. */
  #lost(message: Message, error: unknown, behind: boolean): void {
    const { cell, runs } = message
    this.#bundles.delete(message)
    this.#collect(message)
    const running = this.#cells.running(cell)
    this.#cells.retire(cell)
    const left = runs.filter(({ isOver }) => !isOver)
    const blamed = this.#stopped === undefined && !behind ? this.#blame.of(cell, left, error) : undefined
    if (blamed?.told) this.#options.onStray(toErrorData(error)) // what it came to is known: it fails nobody
    for (const run of left) {
      if (run !== blamed || run.killed !== undefined) this.#giveBack(run, run.number === running)
      else this.#settle(run, { kind: 'lost', error: toErrorData(lossError(run.call, error)) })
    }
    this.#runs.leave(message)
  }

  /** A thread says what came of an item. */
  #came(run: Run | undefined, outcome: Outcome, took: number): void {
    if (run === undefined) return
    if (run.call.via === 'call') this.#options.ran?.(run.call.task, took) // a map is as long as its list
    this.#over(run, outcome, run.message.cameBehind ? took : undefined)
  }

  #settle(run: Run, outcome: Outcome): void {
    if (!run.isOver) this.#over(run, outcome)
  }

  #over(run: Run, outcome: Outcome, took?: number): void {
    run.isOver = true
    if (!run.told) run.message.listeners.ended(run.call, outcome, took)
    run.over?.()
  }

  #unfinished(number: number, outcome: Outcome): void {
    const run = this.#runs.get(number)
    if (run === undefined) return
    run.told = true
    run.message.listeners.ended(run.call, outcome)
  }

  #outcomes(outcomes: Outcomes): void {
    unpackOutcomes(outcomes, (number, outcome, took) => this.#came(this.#runs.get(number), outcome, took))
  }

  #take(told: Told): void {
    if (told[0] === 'outcomes') return this.#outcomes(told[1])
    if (told[0] === 'unfinished') return this.#unfinished(told[1], told[2])
    if (told[0] === 'stray') return this.#options.onStray(told[1])
    if (told[0] === 'answer' || told[0] === 'torn-down' || told[0] === 'pong' || told[0] === 'ask') return
    if (told[0] === 'timed') return this.#runs.get(told[1])?.message.listeners.timed?.()
    const call = this.#runs.get(told[1])?.call ?? (told[0] === 'send' ? told[5] : undefined)
    if (call !== undefined) report(this.#options.reports, call, told)
  }

  /** A thread that is new has not heard the aborts of what may be on its way to it. */
  #repeatAborts(give: GiveOrder): void {
    for (const { number, aborted } of this.#runs) {
      if (aborted !== undefined) give(['abort', number, aborted])
    }
  }
}
