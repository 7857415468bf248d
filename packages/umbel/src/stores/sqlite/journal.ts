import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { umbelError } from '@umbel/core'
import { BUSY, Lingering } from '../../lanes/linger.ts'
import { CHECKPOINT_PAGES, type Sync } from './database.ts'
import {
  ANSWERED,
  ASKED,
  AWAKE,
  CELLS,
  ENDED,
  type JournalAnswer,
  type JournalError,
  type JournalRequest,
  type JournalStart,
  SETTLED,
  STORED,
} from './journal-protocol.ts'
import type { LogRow } from './log-table.ts'
import type { Packed } from './pack.ts'

/** Batches of plain tasks in a row after which the thread is started, and after which it is used again: a script of a few tasks needs none. */
const PROOFS = 16

/** Milliseconds for which the main loop lingers at most until a batch is stored. */
const LONGEST_LINGER = 1

/** Milliseconds for which the thread may take to put everything into its tables: fewer than those after which an owner that says nothing is followed. */
const PATIENCE = 5_000

/** What became of a batch. */
export type Stored =
  | { readonly kind: 'stored'; readonly waited: number }
  /** It is stored, and nobody knows whether the disk has it. */
  | { readonly kind: 'unsafe'; readonly cause: unknown }
  | { readonly kind: 'refused'; readonly cause: unknown }
  /** The thread has ended: the journal has it or not. */
  | { readonly kind: 'unknown' }

interface Thread {
  readonly worker: Worker
  readonly port: MessagePort
}

/**
 * Stores batches of plain tasks on a thread with a connection of its own: as one row of a journal, which is quick, and later, when there is
 * nothing else to do, where they belong. The main loop goes on meanwhile. Whoever reads or writes anything else has all of it put into
 * its tables first (`settle`), so that two connections never write at once.
 */
export class Journal {
  readonly #file: string
  readonly #sync: Sync
  readonly #recount: () => void
  readonly #lingering = new Lingering(LONGEST_LINGER, BUSY)
  readonly #cells = new Int32Array(new SharedArrayBuffer(4 * CELLS))
  #thread: Thread | undefined
  #ready = false
  #failed = false
  /** Batches of plain tasks in a row. */
  #plain = 0
  /** Batches that were handed over, and answers that were taken in: counted as the cells do. */
  #put = 0
  #heard = 0
  /** Times that it was asked to put everything into its tables: counted as the cell does. */
  #settles = 0
  readonly #waiting: ((stored: Stored) => void)[] = []

  /** @param recount Told that how many rows have ended has to be counted. */
  constructor(file: string, sync: Sync, recount: () => void) {
    this.#file = file
    this.#sync = sync
    this.#recount = recount
  }

  /** Whether the next batch is to go this way, given whether it is one of plain tasks. `token`: the owner's number. */
  takes(plain: boolean, token: number): boolean {
    this.#plain = plain ? this.#plain + 1 : 0
    if (this.#plain <= PROOFS || this.#failed) return false
    this.#thread ??= this.#start(token)
    return this.#ready
  }

  /** The batch is stored in another way after all. */
  passBy(): void {
    this.#plain = 0
  }

  /** Store a batch of so many rows. `waits`: whether the thread waits for the disk. `done` is called once it is known what became of it, in the order of batches. */
  put(log: LogRow, rows: number, written: Packed, waits: boolean, done: (stored: Stored) => void): void {
    this.#put = (this.#put + 1) | 0
    this.#waiting.push(done)
    const { port } = this.#thread as Thread
    port.ref() // the process stays until it is answered
    this.#ask({ kind: 'put', log, rows, written, waits })
  }

  /** Linger until something is answered: for whoever has nothing else to do. */
  linger(): void {
    const isAnswered = (): boolean => ((Atomics.load(this.#cells, ANSWERED) - this.#heard) | 0) > 0
    if (this.#waiting.length > 0 && this.#lingering.until(isAnswered)) this.#hear()
  }

  /** Whether the thread may have something that is not in its tables. */
  get busy(): boolean {
    return Atomics.load(this.#cells, STORED) !== this.#put
  }

  /** Whether the thread has ended by itself: what the journal has is for others to put into its tables. */
  get ended(): boolean {
    return this.#failed
  }

  /** Wait until everything is in its tables, and keep the main loop meanwhile. What was handed over is answered then. @throws what SQLite threw there */
  settle(): void {
    const { busy } = this
    // what is stored may be answered and not heard yet
    if (this.#failed || (!busy && this.#waiting.length === 0)) return
    if (busy) {
      this.#ask({ kind: 'settle' })
      this.#settles = (this.#settles + 1) | 0
      this.#awaitSettled()
    }
    const error = this.#hear()
    if (Atomics.load(this.#cells, ENDED) !== 0) this.#end()
    else if (busy && error !== undefined) throw this.#thrown(error)
  }

  /** Wait until it was done as often as it was asked for: one that was given up on may be done only now. */
  #awaitSettled(): void {
    const cells = this.#cells
    for (;;) {
      const settled = Atomics.load(cells, SETTLED)
      if (settled === this.#settles || Atomics.load(cells, ENDED) !== 0) return
      if (Atomics.wait(cells, SETTLED, settled, PATIENCE) === 'timed-out')
        throw new Error('The thread that stores tasks does not answer.')
    }
  }

  /** Put everything into its tables and end the thread. What cannot be put there stays in the journal. */
  async close(): Promise<void> {
    try {
      this.settle()
    } catch {
      // the next owner puts it there
    }
    this.#failed = true
    this.#thread?.port.close()
    await this.#thread?.worker.terminate()
    this.#thread = undefined
    this.#gone()
  }

  /** Take in what was answered. Returns why not all is in its tables. */
  #hear(): JournalError | undefined {
    const { port } = this.#thread as Thread
    let error: JournalError | undefined
    for (let got = receiveMessageOnPort(port); got !== undefined; got = receiveMessageOnPort(port)) {
      const answer = got.message as JournalAnswer
      if (answer.kind === 'settle') error = answer.error
      this.#answered(answer)
    }
    return error
  }

  #ask(request: JournalRequest): void {
    const { port } = this.#thread as Thread
    port.postMessage(request)
    Atomics.add(this.#cells, ASKED, 1)
    Atomics.notify(this.#cells, ASKED)
  }

  #answered({ kind, error, unsafe, waited = 0, recount }: JournalAnswer): void {
    if (recount === true) this.#recount()
    if (kind === 'ready') this.#ready = true
    else this.#heard = (this.#heard + 1) | 0
    if (kind !== 'put') return
    const done = this.#waiting.shift()
    if (this.#waiting.length === 0) this.#thread?.port.unref()
    if (error === undefined) done?.({ kind: 'stored', waited })
    else done?.({ kind: unsafe === true ? 'unsafe' : 'refused', cause: this.#thrown(error) })
  }

  #thrown(error: JournalError): Error {
    if (error === 'fenced') return umbelError('UMBEL_STORE_FENCED', `${this.#file} has another owner by now.`)
    return Object.assign(new Error(error.message), { errcode: error.errcode })
  }

  #start(token: number): Thread | undefined {
    try {
      const { port1: port, port2 } = new MessageChannel()
      const start: JournalStart = {
        file: this.#file,
        token,
        synchronous: this.#sync === 'off' ? 'OFF' : 'NORMAL',
        checkpointPages: CHECKPOINT_PAGES,
        cells: this.#cells,
        busy: BUSY.shared,
        port: port2,
      }
      const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
      const worker = new Worker(new URL(`./journal-thread.${extension}`, import.meta.url), {
        name: 'umbel-journal',
        workerData: start,
        transferList: [port2],
        execArgv: [], // nothing of the user's is loaded there
      })
      worker.unref()
      worker.on('error', () => this.#end())
      worker.on('exit', () => this.#end())
      port.on('message', (answer: JournalAnswer) => this.#answered(answer))
      port.unref()
      return { worker, port }
    } catch {
      this.#failed = true // this process may have no threads
      return undefined
    }
  }

  /** The thread has ended by itself. */
  #end(): void {
    if (this.#failed) return
    this.#failed = true
    this.#thread?.port.close()
    this.#gone()
  }

  /** There is no thread any more: what it has not answered nobody knows, and it keeps nobody from lingering. */
  #gone(): void {
    if (Atomics.exchange(this.#cells, AWAKE, 0) !== 0) BUSY.add(-1)
    for (const done of this.#waiting.splice(0)) done({ kind: 'unknown' })
  }
}
