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
  type UmbelError,
  type UnderWay,
  umbelError,
  type Worker,
} from '@umbel/core'
import { abortError } from '../attempt-control.ts'
import { definitionOf } from '../definition.ts'
import { ThreadCells } from './thread-cells.ts'
import { KillSwitch, ThreadPool } from './thread-pool.ts'
import { type Answer, type Item, packWork, type Told, unpackOutcomes } from './thread-protocol.ts'

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
  /** Told the errors that belong to no handler which still runs: of finished tasks' callbacks, of teardowns. */
  readonly onStray: (error: ErrorData) => void
  /** Memory limits of each thread. Default: Node's. */
  readonly resourceLimits?: ResourceLimits
}

/** Run handlers in a pool of threads. At most as many attempts as there are threads should be under way. */
export function threadWorker(options: ThreadOptions): Worker {
  return new ThreadWorker(options)
}

/** An attempt under way. */
interface Run {
  readonly item: Item
  readonly message: Message
  readonly resolve: (outcome: Outcome) => void
  /** Called when its time begins. */
  readonly timed: (() => void) | undefined
  /** Whether its outcome was told before it was over. */
  told: boolean
  /** Called once it is over, where its outcome was told before. */
  over: (() => void) | undefined
  /** Why its signal was aborted. */
  aborted: AbortReason | undefined
  /** Why its thread was ended. */
  killed: AbortReason | undefined
}

/** Items on their way to one thread. */
interface Message {
  readonly cell: number
  readonly kill: KillSwitch
  readonly runs: Run[]
}

class ThreadWorker implements Worker {
  readonly #options: ThreadOptions
  readonly #cells = new ThreadCells()
  readonly #pool: ThreadPool
  readonly #byId = new Map<string, Run>()
  readonly #byNumber = new Map<number, Run>()
  /** Threads it has, or is to have once it starts: never fewer than before. */
  #threads: number
  #number = 0
  #barren = 0
  #ready = false
  #started: Promise<void> | undefined
  #stopped: Promise<void> | undefined

  constructor(options: ThreadOptions) {
    const { threads, nice = 0, resourceLimits, maxBytes, onStray } = options
    this.#options = options
    this.#threads = threads
    this.#pool = new ThreadPool({
      nice,
      resourceLimits,
      data: { cells: this.#cells.shared, maxBytes },
      told: (told) => this.#take(told),
      joined: (port) => this.#repeatAborts(port),
      failed: (error) => onStray(toErrorData(error)),
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

  run(call: AttemptCall, timed?: () => void): Promise<Outcome> {
    const module = definitionOf(call.task)?.module
    if (module === undefined || this.#threads === 0) return Promise.resolve(this.#refusal(call))
    const cell = this.#stopped === undefined ? this.#cells.take() : undefined
    if (cell === undefined) return Promise.resolve({ kind: 'given-back' })
    return new Promise((resolve) => {
      const message: Message = { cell, kill: new KillSwitch(), runs: [] }
      this.#number = (this.#number % 0x7fff_fffe) + 1
      const item = { ...call, number: this.#number, module }
      const fresh = { told: false, over: undefined, aborted: undefined, killed: undefined }
      const run: Run = { item, message, resolve, timed, ...fresh }
      message.runs.push(run)
      this.#byId.set(call.id, run)
      this.#byNumber.set(item.number, run)
      this.#send(message)
    })
  }

  finish(id: string): Promise<void> {
    const run = this.#byId.get(id)
    if (!run?.told) return Promise.resolve() // its thread is gone
    return new Promise((resolve) => {
      run.over = resolve
      this.#pool.order(['finish', run.item.number])
    })
  }

  abort(id: string, reason: AbortReason): void {
    const run = this.#byId.get(id)
    if (run === undefined || run.aborted !== undefined) return
    run.aborted = reason
    this.#pool.order(['abort', run.item.number, reason])
  }

  kill(id: string, reason: AbortReason): void {
    const run = this.#byId.get(id)
    if (run === undefined) return
    run.killed ??= reason
    run.message.kill.abort()
  }

  underWay(): UnderWay[] {
    return Array.from(this.#byId.values(), ({ item, message }) => ({
      id: item.id,
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

  async #send(message: Message): Promise<void> {
    try {
      if (!this.#ready) await this.start()
      const items = message.runs.map(({ item }) => item)
      const answer = await this.#pool.run(packWork(message.cell, items), message.kill)
      this.#answered(message, answer)
    } catch (error) {
      this.#lost(message, error)
    }
  }

  #answered({ cell, runs }: Message, { outcomes }: Answer): void {
    this.#barren = 0
    this.#cells.give(cell)
    unpackOutcomes(outcomes, (number, outcome) => this.#settle(number, outcome))
    for (const { item } of runs) this.#settle(item.number, { kind: 'given-back' })
  }

  /** The thread of a message is gone. Who is to blame is lost or aborted; the others of the message are given back. */
  #lost({ cell, runs }: Message, error: unknown): void {
    this.#cells.retire(cell)
    const left = runs.filter(({ item }) => this.#byNumber.has(item.number))
    const blamed = this.#stopped === undefined ? this.#blamed(cell, left, error) : undefined
    if (blamed?.told) this.#options.onStray(toErrorData(error)) // what it came to is known: it fails nobody
    for (const run of left) {
      const { item, killed } = run
      const { number } = item
      if (killed !== undefined) this.#settle(number, { kind: 'aborted', error: toErrorData(abortError(killed, item)) })
      else if (run === blamed) this.#settle(number, { kind: 'lost', error: toErrorData(this.#lossOf(item, error)) })
      else this.#settle(number, { kind: 'given-back' })
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
    return left.find(({ item }) => item.number === (culprit === 0 ? running : culprit))
  }

  #lossOf({ task }: AttemptCall, cause: unknown): UmbelError {
    const message = cause instanceof Error ? cause.message : String(cause)
    const exitCode = /^worker exited with code: (-?\d+)$/.exec(message)?.[1]
    if (exitCode !== undefined) {
      const details = { task, exitCode: Number(exitCode) }
      return umbelError('UMBEL_WORKER_LOST', `The thread of ${task} ended with exit code ${exitCode}.`, { details })
    }
    return umbelError('UMBEL_WORKER_LOST', `The thread of ${task} was lost: ${message}`, { cause, details: { task } })
  }

  #refusal({ task }: AttemptCall): Outcome {
    const error =
      this.#threads === 0
        ? umbelError('UMBEL_BAD_LANE', `The lane ${this.#options.name} has no threads to run ${task}.`)
        : umbelError('UMBEL_UNKNOWN_TASK', `No module of a task called ${task} is known: a thread could not import it.`)
    return { kind: 'failed', error: toErrorData(error) }
  }

  #settle(number: number, outcome: Outcome): void {
    const run = this.#byNumber.get(number)
    if (run === undefined) return
    this.#byNumber.delete(number)
    if (this.#byId.get(run.item.id) === run) this.#byId.delete(run.item.id)
    run.resolve(outcome)
    run.over?.()
  }

  #unfinished(number: number, outcome: Outcome): void {
    const run = this.#byNumber.get(number)
    if (run === undefined) return
    run.told = true
    run.resolve(outcome)
  }

  #take(told: Told): void {
    if (told[0] === 'outcomes') return unpackOutcomes(told[1], (number, outcome) => this.#settle(number, outcome))
    if (told[0] === 'unfinished') return this.#unfinished(told[1], told[2])
    if (told[0] === 'stray') return this.#options.onStray(told[1])
    if (told[0] === 'torn-down' || told[0] === 'pong') return
    if (told[0] === 'timed') return this.#byNumber.get(told[1])?.timed?.()
    const call = this.#byNumber.get(told[1])?.item ?? (told[0] === 'send' ? told[5] : undefined)
    if (call === undefined) return
    const { reports } = this.#options
    switch (told[0]) {
      case 'state':
        return reports.state(call, told[2], told[3])
      case 'progress':
        return reports.progress(call, told[2], told[3])
      case 'begun':
        return reports.begun(call, told[2])
      case 'send':
        return reports.send(call, told[2], told[3], told[4])
      case 'log':
        return reports.log(call, told[2], told[3], told[4])
      default:
        return told satisfies never
    }
  }

  /** A thread that is new has not heard the aborts of what may be on its way to it. */
  #repeatAborts(port: MessagePort): void {
    for (const { item, aborted } of this.#byNumber.values()) {
      if (aborted !== undefined) port.postMessage(['abort', item.number, aborted])
    }
  }
}
