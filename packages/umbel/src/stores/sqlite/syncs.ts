import { Worker } from 'node:worker_threads'
import type { Clock } from '@umbel/core'
import { systemClock } from '../../system.ts'

/** Transactions after which the thread is started: a script of a few tasks needs none. */
const FIRST = 16

/** Where the thread answers within so many milliseconds the disk is quick: half of that is the way to the thread and back. */
const QUICK = 0.5

/** Weight of the latest wait in the mean of them. */
const LATEST = 1 / 8

/** A transaction that waits itself for longer than this, in milliseconds, is the last to do so. */
const PATIENCE = 2

/** Waits in a row during which nothing was written, until transactions wait themselves; and transactions that then do until the thread is asked again. */
const PROOFS = 8
const THEMSELVES = 64

/** Those who wait for the disk together. */
interface Wait {
  readonly done: Promise<void>
  readonly settle: (error?: unknown) => void
}

/**
 * Waits on a thread until the disk has what was written to SQLite's log, and the main loop goes on meanwhile: what it writes before the disk
 * is asked again needs one more wait, however much it is. Not by the threads that Node has for files: a slow name lookup keeps those.
 * Where nothing is written meanwhile and the disk is quick, SQLite waits itself as it commits, which is over sooner.
 */
export class Syncs {
  readonly #log: string
  readonly #clock: Pick<Clock, 'monotonic'>
  /** How often the thread was asked. */
  readonly #cell = new Int32Array(new SharedArrayBuffer(4))
  #thread: Worker | undefined
  #ready = false
  #failed = false
  #transactions = 0
  #asked: Wait | undefined
  #next: Wait | undefined
  /** Waits in a row during which nothing was written. */
  #idle = 0
  /** Milliseconds until the thread answers, and when it was asked. */
  #took = 0
  #since = 0
  /** Transactions that are still to wait themselves. */
  #themselves = 0

  /**
   * @param log Path of SQLite's log.
   * @param clock By which it is told whether the disk is quick.
   */
  constructor(log: string, clock: Pick<Clock, 'monotonic'> = systemClock) {
    this.#log = log
    this.#clock = clock
  }

  /**
   * Whether a transaction may be written without a wait for the disk, as `done` waits for it. Where not, whoever writes is to wait itself: the main
   * loop only where the disk is quick.
   */
  ready(writes: 'here' | 'elsewhere' = 'here'): boolean {
    this.#transactions += 1
    if (this.#transactions > FIRST && !this.#failed) this.#thread ??= this.#start()
    if (!this.#ready || this.#failed) return false
    if (this.#asked !== undefined) this.#idle = this.#themselves = 0
    if (this.#themselves === 0 || (writes === 'here' && this.#took >= QUICK)) return true
    this.#themselves -= 1
    return false
  }

  /** A transaction has waited for the disk itself, for so many milliseconds. */
  waited(took: number): void {
    if (took > PATIENCE) this.#idle = this.#themselves = 0
  }

  /** Resolves once the disk has all that is written by now; rejects where that cannot be known any more. */
  done(): Promise<void> {
    this.#next ??= makeWait()
    const { done } = this.#next
    if (this.#asked === undefined) this.#ask()
    return done
  }

  /** End the thread, once nobody waits. */
  async close(): Promise<void> {
    while (this.#asked !== undefined) await this.#asked.done.catch(() => {})
    this.#failed = true
    await this.#thread?.terminate()
    this.#thread = undefined
  }

  #ask(): void {
    const thread = this.#thread
    this.#asked = this.#next
    this.#next = undefined
    if (this.#failed || thread === undefined)
      return this.#settle(new Error('The thread that waits for the disk has ended.'))
    this.#since = this.#clock.monotonic()
    thread.ref() // the process stays until it has answered
    Atomics.add(this.#cell, 0, 1)
    Atomics.notify(this.#cell, 0)
  }

  /** The disk has it. */
  #answered(): void {
    this.#took += (this.#clock.monotonic() - this.#since - this.#took) * LATEST
    this.#idle += 1
    if (this.#idle >= PROOFS) this.#themselves = THEMSELVES
    this.#settle()
  }

  #settle(error?: unknown): void {
    const asked = this.#asked
    this.#asked = undefined
    if (this.#next === undefined) this.#thread?.unref()
    else this.#ask()
    asked?.settle(error)
  }

  #start(): Worker | undefined {
    try {
      const thread = new Worker(new URL('./sync-thread.js', import.meta.url), {
        name: 'umbel-syncs',
        workerData: { log: this.#log, asked: this.#cell },
        execArgv: [], // nothing of the user's is loaded there
      })
      thread.unref()
      thread.on('message', () => {
        if (this.#ready) this.#answered()
        this.#ready = true
      })
      thread.on('error', (error) => {
        this.#failed = true
        if (this.#asked !== undefined) this.#settle(error)
      })
      return thread
    } catch {
      this.#failed = true // this process may have no threads
      return undefined
    }
  }
}

function makeWait(): Wait {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  return { done: promise, settle: (error) => (error === undefined ? resolve() : reject(error)) }
}
