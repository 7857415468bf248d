import { Worker } from 'node:worker_threads'
import type { Sync } from './database.ts'

/** Pages that SQLite's log should have when the thread is asked to move them into the file. */
const AIM = 1_000

/** Transactions after which it is asked first: how large they are is not known yet. The most it waits for later. */
const FIRST = 16
const MOST = 1_000

/**
 * Moves what SQLite's log has into the file, on a thread: that takes two waits for the disk and many writes, and would keep the main loop
 * meanwhile. The thread begins with the first use. What is committed while it is at work stays in the log, so the log begins anew only when
 * the owner's own commit finds it long (`wal_autocheckpoint`) and moves the little that is left.
 */
export class Checkpoints {
  readonly #file: string
  readonly #sync: Sync
  #thread: Worker | undefined
  #failed = false
  #atWork = false
  /** Transactions since it was asked last, and how many there should be until it is asked again. */
  #since = 0
  #every = FIRST

  constructor(file: string, sync: Sync) {
    this.#file = file
    this.#sync = sync
  }

  /** A transaction is committed. What goes wrong here harms no commit. */
  committed(): void {
    this.#since += 1
    if (this.#since < this.#every || this.#atWork || this.#failed) return
    try {
      this.#thread ??= this.#start()
      this.#thread.postMessage(undefined)
      this.#atWork = true
    } catch {
      this.#failed = true // this process may have no threads
    }
  }

  /** End the thread, so that the owner's is the last connection, which empties the log. */
  async close(): Promise<void> {
    this.#failed = true
    await this.#thread?.terminate()
    this.#thread = undefined
  }

  #start(): Worker {
    const thread = new Worker(new URL('./checkpoint-thread.js', import.meta.url), {
      name: 'umbel-checkpoints',
      workerData: { file: this.#file, sync: this.#sync.toUpperCase() },
      execArgv: [], // nothing of the user's is loaded there
    })
    thread.unref()
    thread.on('message', (pages: number) => this.#moved(pages))
    // without a thread the owner's commits do it all
    thread.on('error', () => {
      this.#failed = true
    })
    return thread
  }

  /** The log had so many pages: at the next time it should have `AIM` more or less. */
  #moved(pages: number): void {
    this.#atWork = false
    this.#every = Math.max(1, Math.min(MOST, Math.round((this.#since * AIM) / Math.max(1, pages))))
    this.#since = 0
  }
}
