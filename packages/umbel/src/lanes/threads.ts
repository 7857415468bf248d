import type { MessagePort, ResourceLimits } from 'node:worker_threads'
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
import { definitionOf } from '../definition.ts'
import { BundleWatch } from './bundle-watch.ts'
import { ThreadCells } from './thread-cells.ts'
import { lossError, refusalOf } from './thread-errors.ts'
import { KillSwitch, ThreadPool } from './thread-pool.ts'
import { type Answer, packWork, type Told, unpackOutcomes } from './thread-protocol.ts'
import { answer } from './thread-questions.ts'
import { report } from './thread-reports.ts'
import type { Message, Run } from './thread-run.ts'

/** Threads that may be lost one after another before any of their items has started; then the first item is to blame. */
const MAX_BARREN = 3

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
  readonly #byNumber = new Map<number, Run>()
  readonly #bundles: BundleWatch<Message>
  /** Threads it has, or is to have once it starts: never fewer than before. */
  #threads: number
  #number = 0
  #barren = 0
  #ready = false
  #started: Promise<void> | undefined
  #stopped: Promise<void> | undefined

  constructor(options: ThreadOptions) {
    const { threads, nice = 0, resourceLimits, maxBytes, takesWrites = false, onStray } = options
    this.#options = options
    this.#threads = threads
    this.#pool = new ThreadPool({
      nice,
      resourceLimits,
      data: { cells: this.#cells.shared, outboxes: this.#cells.outboxes.shared, maxBytes, takesWrites },
      told: (told) => this.#take(told),
      asked: (asked, port) => answer(asked, port, this.#byNumber.get(asked[1])?.call, options.reports),
      joined: (port) => this.#repeatAborts(port),
      failed: (error) => onStray(toErrorData(error)),
    })
    this.#bundles = new BundleWatch({
      running: ({ cell }) => this.#cells.running(cell),
      collect: (message) => this.#collect(message),
      recall: (message) => {
        this.#lasts(this.#byNumber.get(this.#cells.running(message.cell)))
        this.#recall(message)
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

  run(call: AttemptCall, ended: (outcome: Outcome) => void, timed?: () => void): void {
    this.#dispatch([call], (_, outcome) => ended(outcome), NOTHING_MORE, timed)
  }

  runBundle(
    calls: readonly AttemptCall[],
    ended: (call: AttemptCall, outcome: Outcome) => void,
    over: () => void,
  ): void {
    this.#dispatch(calls, ended, over)
  }

  finish(id: string): Promise<void> {
    const run = this.#runOf(id)
    if (!run?.told) return Promise.resolve() // its thread is gone
    return new Promise((resolve) => {
      run.over = resolve
      this.#pool.order(['finish', run.number])
    })
  }

  abort(id: string, reason: AbortReason): void {
    const run = this.#runOf(id)
    if (run === undefined || run.aborted !== undefined) return
    run.aborted = reason
    this.#pool.order(['abort', run.number, reason])
  }

  kill(id: string, reason: AbortReason): void {
    const run = this.#runOf(id)
    if (run === undefined) return
    run.killed ??= reason
    if (run.message.runs.length > 1) this.#recall(run.message) // its neighbours are not to end with it
    if (this.#byNumber.get(run.number) === run) run.message.kill.abort()
  }

  underWay(): UnderWay[] {
    return Array.from(this.#byNumber.values(), ({ call, message }) => ({
      id: call.id,
      thread: this.#cells.thread(message.cell) || undefined,
    }))
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
  #dispatch(
    calls: readonly AttemptCall[],
    ended: (call: AttemptCall, outcome: Outcome) => void,
    over: () => void,
    timed?: () => void,
  ): void {
    const known = calls.filter((call) => {
      const refusal = refusalOf(call, this.#options.name, this.#threads)
      if (refusal !== undefined) ended(call, { kind: 'failed', error: toErrorData(refusal) })
      return refusal === undefined
    })
    if (known.length === 0) return over()
    const cell = this.#stopped === undefined ? this.#cells.take() : undefined
    if (cell === undefined) {
      for (const call of known) ended(call, { kind: 'given-back' })
      return over()
    }
    const message: Message = { cell, kill: new KillSwitch(), runs: [], read: 0 }
    for (const call of known) this.#enter(call, message, ended, timed)
    if (known.length > 1) this.#bundles.add(message)
    this.#send(message, over)
  }

  #enter(
    call: AttemptCall,
    message: Message,
    ended: (call: AttemptCall, outcome: Outcome) => void,
    timed: (() => void) | undefined,
  ): void {
    this.#number = (this.#number % 0x7fff_fffe) + 1
    const run: Run = {
      number: this.#number,
      module: definitionOf(call.task)?.module ?? '',
      call,
      message,
      ended,
      timed,
      told: false,
      over: undefined,
      aborted: undefined,
      killed: undefined,
    }
    message.runs.push(run)
    this.#byNumber.set(run.number, run)
  }

  async #send(message: Message, over: () => void): Promise<void> {
    try {
      if (!this.#ready) await this.start()
      const answer = await this.#pool.run(packWork(message.cell, message.runs), message.kill)
      this.#answered(message, answer)
    } catch (error) {
      this.#lost(message, error)
    }
    this.#bundles.delete(message)
    over()
  }

  #answered(message: Message, { outcomes }: Answer): void {
    this.#barren = 0
    this.#collect(message)
    this.#cells.give(message.cell)
    unpackOutcomes(outcomes, (number, outcome, took) => this.#came(number, outcome, took))
    for (const { number } of message.runs) this.#settle(number, { kind: 'given-back' })
  }

  /** Take in what a bundle has come to so far, and before it all that was told. */
  #collect(message: Message): void {
    if (message.runs.length === 1) return
    const { outboxes } = this.#cells
    const filled = outboxes.filled(message.cell)
    if (filled === message.read) return
    this.#pool.hear()
    outboxes.read(message.cell, message.read, filled, (number, took, result) =>
      this.#came(number, { kind: 'succeeded', result }, took),
    )
    message.read = filled
  }

  /** Give back what a bundle has not begun. */
  #recall(message: Message): void {
    this.#bundles.delete(message)
    this.#collect(message)
    const begun = this.#cells.recall(message.cell)
    for (const run of message.runs.slice(begun < 0 ? message.runs.length : begun)) this.#giveBack(run)
  }

  /** A task has turned slow: that is known before its item ends. */
  #lasts(run: Run | undefined): void {
    if (run?.call.via === 'call') this.#options.ran?.(run.call.task, Number.POSITIVE_INFINITY)
  }

  #giveBack({ number, call, killed }: Run): void {
    this.#settle(
      number,
      killed === undefined ? { kind: 'given-back' } : { kind: 'aborted', error: toErrorData(abortError(killed, call)) },
    )
  }

  /** The thread of a message is gone. Who is to blame is lost or aborted; the others of the message are given back. */
  #lost(message: Message, error: unknown): void {
    const { cell, runs } = message
    this.#collect(message)
    this.#cells.retire(cell)
    const left = runs.filter(({ number }) => this.#byNumber.has(number))
    const blamed = this.#stopped === undefined ? this.#blamed(cell, left, error) : undefined
    if (blamed?.told) this.#options.onStray(toErrorData(error)) // what it came to is known: it fails nobody
    for (const run of left) {
      if (run !== blamed || run.killed !== undefined) this.#giveBack(run)
      else this.#settle(run.number, { kind: 'lost', error: toErrorData(lossError(run.call, error)) })
    }
  }

  #blamed(cell: number, left: readonly Run[], error: unknown): Run | undefined {
    if (left.some(({ killed }) => killed !== undefined)) return undefined
    const running = this.#cells.running(cell)
    const culprit = this.#cells.culprit(cell)
    if (running === 0) {
      this.#barren += 1
      return this.#barren < MAX_BARREN ? undefined : left[0]
    }
    this.#barren = 0
    if (culprit !== 0 && culprit !== running) this.#options.onStray(toErrorData(error))
    return left.find(({ number }) => number === (culprit === 0 ? running : culprit))
  }

  /** A thread says what came of an item. */
  #came(number: number, outcome: Outcome, took: number): void {
    const run = this.#byNumber.get(number)
    if (run === undefined) return
    if (run.call.via === 'call') this.#options.ran?.(run.call.task, took) // a map is as long as its list
    this.#over(run, outcome)
  }

  #settle(number: number, outcome: Outcome): void {
    const run = this.#byNumber.get(number)
    if (run !== undefined) this.#over(run, outcome)
  }

  #over(run: Run, outcome: Outcome): void {
    this.#byNumber.delete(run.number)
    if (!run.told) run.ended(run.call, outcome)
    run.over?.()
  }

  /** The attempt of a task that is under way: few are, and few are asked for. The last of it, should there be two. */
  #runOf(id: string): Run | undefined {
    let found: Run | undefined
    for (const run of this.#byNumber.values()) if (run.call.id === id) found = run
    return found
  }

  #unfinished(number: number, outcome: Outcome): void {
    const run = this.#byNumber.get(number)
    if (run === undefined) return
    run.told = true
    run.ended(run.call, outcome)
  }

  #take(told: Told): void {
    if (told[0] === 'outcomes') return unpackOutcomes(told[1], (...came) => this.#came(...came))
    if (told[0] === 'unfinished') return this.#unfinished(told[1], told[2])
    if (told[0] === 'stray') return this.#options.onStray(told[1])
    if (told[0] === 'torn-down' || told[0] === 'pong' || told[0] === 'ask') return
    if (told[0] === 'timed') return this.#byNumber.get(told[1])?.timed?.()
    const call = this.#byNumber.get(told[1])?.call ?? (told[0] === 'send' ? told[5] : undefined)
    if (call !== undefined) report(this.#options.reports, call, told)
  }

  /** A thread that is new has not heard the aborts of what may be on its way to it. */
  #repeatAborts(port: MessagePort): void {
    for (const { number, aborted } of this.#byNumber.values()) {
      if (aborted !== undefined) port.postMessage(['abort', number, aborted])
    }
  }
}
