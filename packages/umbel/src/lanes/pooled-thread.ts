import { type MessagePort, receiveMessageOnPort, type Worker } from 'node:worker_threads'
import { ANSWERED, type Hello, ORDERED, type Order, type Outcomes, type Told, type Work } from './thread-protocol.ts'

/** A message for a thread. One of its two calls is made, once, and never within `ThreadPool.run` or `end`. */
export interface Handed {
  readonly work: Work
  /** How many items it has. */
  readonly size: number
  /** Number of the thread that has it; `undefined` while none does. */
  thread: number | undefined
  /** Milliseconds that it is expected to take; Infinity where nobody knows. */
  readonly cost: number
  /** Whether one like it may stand behind it at its thread, and it behind one like it. */
  isShort: boolean
  /** Called with the outcomes that the thread has neither left in the outbox nor told before. All it told has been taken in. */
  answered(outcomes: Outcomes): void
  /** Called when its thread has died or was ended, or none will ever have it. `behind`: another one stood before it, and it has not begun. */
  lost(error: unknown, behind: boolean): void
}

/** A thread that has said hello: the way there and back. */
export class PooledThread {
  readonly number: number
  readonly worker: Worker
  /** What it has to do, one or two: the second as soon as the first is answered. */
  readonly messages: Handed[] = []
  /** When it has come to the first of them, by the clock of its pool. */
  began = 0
  /** What it died of, where that is known. */
  error: unknown
  readonly #port: MessagePort
  readonly #bell: Int32Array
  readonly #take: (told: Told, thread: PooledThread) => void
  /** Answers taken so far. */
  #answers = 0
  #isClosed = false

  constructor({ thread, port, bell }: Hello, worker: Worker, take: (told: Told, thread: PooledThread) => void) {
    this.number = thread
    this.worker = worker
    this.#port = port
    this.#bell = bell
    this.#take = take
    port.on('message', (told: Told) => take(told, this))
    port.unref()
  }

  /** Order something of it, and ring. The buffers go over with that. */
  give(order: Order, buffers: readonly ArrayBuffer[] = []): void {
    this.#port.postMessage(order, buffers)
    Atomics.add(this.#bell, ORDERED, 1)
  }

  /** Whether an answer of it has not been taken in. */
  get hasAnswered(): boolean {
    return Atomics.load(this.#bell, ANSWERED) !== this.#answers
  }

  /** Its first message is answered. */
  answered(): Handed | undefined {
    this.#answers = (this.#answers + 1) | 0 // as the bell counts
    return this.messages.shift()
  }

  /** Take in at once what it has told. */
  hear(): void {
    while (!this.#isClosed) {
      const got = receiveMessageOnPort(this.#port)
      if (got === undefined) return
      this.#take(got.message, this)
    }
  }

  close(): void {
    this.#isClosed = true
    this.#port.close()
  }
}
