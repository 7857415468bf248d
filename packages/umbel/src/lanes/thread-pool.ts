import type { ResourceLimits, Worker } from 'node:worker_threads'
import type { Pong, ThreadsSeen } from '@umbel/core'
import { inNextTurn, ProcessHold, stopwatch, systemClock } from '../system.ts'
import { BUSY, Lingering } from './linger.ts'
import { Pings } from './pings.ts'
import { behindLittle, behindOne } from './places-behind.ts'
import { type Handed, PooledThread } from './pooled-thread.ts'
import { Crew } from './thread-crew.ts'
import {
  type Asked,
  copyLarge,
  type Hello,
  type Order,
  type Outcomes,
  type ThreadData,
  type Told,
} from './thread-protocol.ts'

/** How long a thread that is gone counts as lost lately, in milliseconds. */
const LATELY = 60_000

/** Most lost threads that are remembered. */
const MOST_LOST = 100

/** Longest that the teardowns of all threads may take together, in milliseconds. */
const TEARDOWN_DEADLINE = 5_000

/** Milliseconds for which the main loop lingers at most for an answer that is about to come. */
const LONGEST_LINGER = 0.1

/** Milliseconds of work within which an answer is waited for awake. */
const QUICK = 0.1

/** Most items that are few: with more, it pays that one thread has the one half of them while the main loop sees to the other. */
const FEW = 8

/** What a pool is made with. */
export interface ThreadPoolOptions {
  readonly nice: number
  readonly resourceLimits: ResourceLimits | undefined
  readonly data: Omit<ThreadData, 'runtime' | 'busy'>
  /** Called with what threads tell, in order, and always before what they answer. */
  readonly told: (told: Told) => void
  /** Called with what a thread asks, and how to give it an order: it waits for the answer. */
  readonly asked: (asked: Asked, give: GiveOrder) => void
  /** Called with how to give each new thread an order. */
  readonly joined: (give: GiveOrder) => void
  /** Called with what a thread is at as something stands behind that. */
  readonly behind: (first: Handed) => void
  /** Called with what went wrong in a thread while it ran nothing. */
  readonly failed: (error: unknown) => void
  /** Milliseconds that only grow, by which threads are late. Default: the stopwatch. */
  readonly now?: () => number
}

/** Give one thread an order. */
export type GiveOrder = (order: Order) => void

/**
 * Threads, made, kept and replaced by Piscina, and a port to each of them, through which goes what is to be done and what comes of it. By
 * Piscina's own `run` the same way there and back takes the main loop and the thread twice as long.
 * Threads that come later are a Piscina of their own: one with room to grow starts a thread too many
 * when it replaces one that was ended.
 */
export class ThreadPool {
  readonly #options: ThreadPoolOptions
  readonly #now: () => number
  readonly #live = new Map<number, PooledThread>()
  /** Those that have nothing to do. */
  #free: PooledThread[] = []
  /** Messages that no thread is free for. */
  #waiting: Handed[] = []
  readonly #crews: Crew[] = []
  /** Threads there are, those being started included. */
  #threads = 0
  #stopped = false
  /** When threads were lost, oldest first. */
  #lost: number[] = []
  /** What is waited for: messages that are not answered, threads that are to come. */
  #awaited = 0
  /** Made when it is first needed: a pool that is never started is never stopped, and would leave it behind. */
  #hold: ProcessHold | undefined
  /** Threads whose answers are about to come. */
  #quick: PooledThread[] = []
  readonly #lingering = new Lingering(LONGEST_LINGER, BUSY)
  readonly #pings = new Pings()
  /** Called with each thread that has run its teardowns or is gone. */
  #tornDown: ((thread: PooledThread) => void) | undefined

  constructor(options: ThreadPoolOptions) {
    this.#options = options
    this.#now = options.now ?? stopwatch
  }

  /** Have at least so many threads, with the runtime loaded in each. Rejects, with as many as before, when one cannot be started. */
  async grow(threads: number): Promise<void> {
    const more = threads - this.#threads
    if (more <= 0) return
    this.#threads = threads
    const { Piscina } = await import('piscina')
    if (this.#stopped) return
    const { data } = this.#options
    const crew = new Crew(Piscina, more, {
      ...this.#options,
      data: { ...data, busy: BUSY.shared },
      hello: (hello, worker) => this.#join(hello, worker),
    })
    this.#crews.push(crew)
    this.#await(1)
    try {
      await crew.complete()
    } catch (error) {
      if (this.#stopped) return
      this.#threads -= more
      this.#crews.splice(this.#crews.indexOf(crew), 1)
      await crew.destroy()
      throw error
    } finally {
      this.#await(-1)
    }
  }

  /** Have a thread run a message: the first that is free, unless another one has so little to do that it is not worth waking one. */
  run(message: Handed): void {
    this.#await(1)
    if (this.#stopped) return this.#lose(message, new Error('The pool has stopped.'))
    const thread = this.#waiting.length === 0 ? this.#threadFor(message) : undefined
    if (thread !== undefined) return this.#hand(thread, message)
    this.#waiting.push(message)
    // should none be left of a Piscina whose threads could not be replaced, this makes it try again
    for (const crew of this.#crews) crew.revive()
  }

  /** End the thread that has a message. Harmless once it was answered. */
  end(message: Handed): void {
    const ended = new Error('The thread was ended.')
    const place = this.#waiting.indexOf(message)
    if (place >= 0) {
      this.#waiting.splice(place, 1)
      return this.#lose(message, ended)
    }
    const thread = this.#live.get(message.thread ?? 0)
    if (thread === undefined) return
    thread.hear()
    if (thread.messages[0] !== message) return
    this.#gone(thread, ended)
    thread.worker.terminate()
  }

  /** What its thread does before a message; `undefined` where that is first. */
  before(message: Handed): Handed | undefined {
    const [first, second] = this.#live.get(message.thread ?? 0)?.messages ?? []
    return second === message ? first : undefined
  }

  /** What its thread does once it has answered a message, if that is first. */
  behind(message: Handed): Handed | undefined {
    const [first, second] = this.#live.get(message.thread ?? 0)?.messages ?? []
    return first === message ? second : undefined
  }

  /** What no thread is free for. */
  get waiting(): readonly Handed[] {
    return this.#waiting
  }

  /** That, and before it all that stands behind something else. */
  unbegun(): Handed[] {
    return [...Array.from(this.#live.values(), ({ messages }) => messages[1] ?? []).flat(), ...this.#waiting]
  }

  /** Tell all threads something. */
  order(order: Order): void {
    for (const thread of this.#live.values()) thread.give(order)
  }

  /** Take in at once what the thread of a message has told. */
  hear({ thread }: Handed): void {
    this.#live.get(thread ?? 0)?.hear()
  }

  /** Ask every thread for an answer, and wait so long for each. */
  ping(timeout: number): Promise<Pong[]> {
    return Promise.all(Array.from(this.#live.values(), (thread) => this.#pings.ask(thread, timeout)))
  }

  /** How many threads are up, and how many were lost lately. */
  seen(): ThreadsSeen {
    const since = systemClock.monotonic() - LATELY
    return { live: this.#live.size, lost: this.#lost.filter((at) => at >= since).length }
  }

  /** Run teardowns in every thread and end them. What they run is lost. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#tearDown()
    await Promise.all(this.#crews.splice(0).map((crew) => crew.destroy()))
    for (const message of this.#waiting.splice(0)) this.#lose(message, new Error('The pool has stopped.'))
    this.#hold?.release()
  }

  #join(hello: Hello, worker: Worker): void {
    if (this.#live.has(hello.thread)) return
    const thread = new PooledThread(hello, worker, this.#take)
    worker.once('error', (error) => {
      thread.error = error
    })
    worker.once('exit', (code) => this.#died(thread, new Error(`worker exited with code: ${code}`)))
    this.#live.set(thread.number, thread)
    this.#options.joined((order) => thread.give(order))
    this.#serve(thread)
  }

  /** A thread has nothing to do. */
  #serve(thread: PooledThread): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free.push(thread)
    else this.#hand(thread, next)
  }

  /** Have the first message that waits stand behind another one, where it may. */
  #handBehind(): void {
    const next = this.#waiting[0]
    const thread = next && behindOne(this.#live.values(), next)
    if (thread !== undefined) this.#hand(thread, this.#waiting.shift() as Handed)
  }

  #threadFor(message: Handed): PooledThread | undefined {
    return (
      (this.#free.length > 0 ? behindLittle(this.#live.values(), message, this.#now()) : undefined) ??
      this.#free.pop() ??
      behindOne(this.#live.values(), message)
    )
  }

  #hand(thread: PooledThread, message: Handed): void {
    if (thread.messages.push(message) === 1) {
      thread.began = this.#now()
      BUSY.add(1)
    } else this.#options.behind(thread.messages[0] as Handed)
    message.thread = thread.number
    const { work, buffers } = copyLarge(message.work)
    thread.give(['work', work], buffers)
    if (message.cost >= QUICK) return
    this.#quick.push(thread)
    if (this.#quick.length === 1) inNextTurn(this.#linger)
  }

  #died(thread: PooledThread, exited: Error): void {
    if (!this.#live.has(thread.number)) return // it was ended
    thread.hear()
    const { messages, error = exited } = thread
    if (messages.length === 0 && thread.error !== undefined) this.#options.failed(error)
    this.#gone(thread, error)
  }

  /** Wait a moment for the answers that are about to come, in a turn of the loop of its own. */
  readonly #linger = (): void => {
    const quick = this.#quick
    this.#quick = []
    if (!this.#lingering.until(() => quick.some((thread) => thread.hasAnswered))) return
    for (const thread of quick) thread.hear()
  }

  /** A thread is no more: what it had to do is lost. */
  #gone(thread: PooledThread, error: unknown): void {
    const { messages } = thread
    if (messages.length > 0) BUSY.add(-1)
    this.#live.delete(thread.number)
    this.#free = this.#free.filter((other) => other !== thread)
    thread.close()
    if (!this.#stopped) this.#lost = [...this.#lost.slice(1 - MOST_LOST), systemClock.monotonic()]
    this.#tornDown?.(thread)
    for (const [index, message] of messages.splice(0).entries()) this.#lose(message, error, index > 0)
  }

  #lose(message: Handed, error: unknown, behind = false): void {
    queueMicrotask(() => {
      this.#await(-1)
      message.lost(error, behind)
    })
  }

  /** The process stays open while anything is waited for. */
  #await(more: 1 | -1): void {
    const before = this.#awaited
    this.#awaited += more
    if (before > 0 && this.#awaited > 0) return
    this.#hold ??= new ProcessHold()
    this.#hold.set(this.#awaited > 0)
  }

  readonly #take = (told: Told, thread: PooledThread): void => {
    if (told[0] === 'answer') this.#answered(thread, told[1])
    else if (told[0] === 'torn-down') this.#tornDown?.(thread)
    else if (told[0] === 'pong') this.#pings.answered(told[1])
    else if (told[0] === 'ask') this.#options.asked(told, (order) => thread.give(order))
    else this.#options.told(told)
  }

  #answered(thread: PooledThread, outcomes: Outcomes): void {
    const message = thread.answered()
    if (message === undefined) return // its thread was ended meanwhile
    thread.began = this.#now()
    if (thread.messages.length === 0) {
      BUSY.add(-1)
      this.#serve(thread)
    }
    this.#handBehind()
    this.#await(-1)
    message.answered(outcomes)
    this.#hearFew(message)
  }

  /** What few items come to is taken in together where that is there: so what is sent for that goes on in one message, and not in one for each of them for ever. */
  #hearFew({ size }: Handed): void {
    if (size >= FEW) return
    for (const other of this.#live.values()) {
      const next = other.messages[0]
      if (next !== undefined && size + next.size <= FEW && other.hasAnswered) other.hear()
    }
  }

  async #tearDown(): Promise<void> {
    const awaited = new Set(this.#live.values())
    if (awaited.size === 0) return
    await new Promise<void>((resolve) => {
      const timer = systemClock.setTimer(resolve, TEARDOWN_DEADLINE)
      this.#tornDown = (thread) => {
        awaited.delete(thread)
        if (awaited.size > 0) return
        timer.cancel()
        resolve()
      }
      this.order(['tear-down'])
    })
    this.#tornDown = undefined
  }
}
