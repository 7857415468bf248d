import { MessagePort, type ResourceLimits, receiveMessageOnPort } from 'node:worker_threads'
import type { Pong, ThreadsSeen } from '@umbel/core'
import type { Piscina } from 'piscina'
import { systemClock } from '../system.ts'
import type { Answer, Asked, Hello, Order, ThreadData, Told, Work } from './thread-protocol.ts'

/** How long a thread that is gone counts as lost lately, in milliseconds. */
const LATELY = 60_000

/** Most lost threads that are remembered. */
const MOST_LOST = 100

/** Longest that the teardowns of all threads may take together, in milliseconds. */
const TEARDOWN_DEADLINE = 5_000

/** What a pool is made with. */
export interface ThreadPoolOptions {
  readonly nice: number
  readonly resourceLimits: ResourceLimits | undefined
  readonly data: Omit<ThreadData, 'runtime'>
  /** Called with what threads tell, in order, and always before what they answer. */
  readonly told: (told: Told) => void
  /** Called with what a thread asks, and the port on which it waits for the answer. */
  readonly asked: (asked: Asked, port: MessagePort) => void
  /** Called with the port of each new thread. */
  readonly joined: (port: MessagePort) => void
  /** Called with what went wrong in a thread while it ran nothing. */
  readonly failed: (error: unknown) => void
}

/**
 * Ends the thread that runs a message. What Piscina needs of an AbortSignal and no more: a real one costs as much as the run.
 */
export class KillSwitch {
  aborted = false
  reason: unknown
  #listener: (() => void) | undefined

  addEventListener(_name: 'abort', listener: () => void): void {
    this.#listener = listener
  }

  removeEventListener(): void {
    this.#listener = undefined
  }

  /** End the thread. Harmless when it has answered. */
  abort(): void {
    this.aborted = true
    this.#listener?.()
  }
}

/** Some of the threads: Piscina replaces those that die, and never has more or fewer. */
interface Crew {
  readonly piscina: Piscina
  readonly threads: number
  /** Messages under way. */
  busy: number
}

/**
 * Piscina, and a port to each of its threads beside Piscina's own: for what is told and ordered while a message is under way.
 * Threads that come later are a Piscina of their own: one with room to grow starts a thread too many
 * when it replaces one that was ended.
 */
export class ThreadPool {
  readonly #options: ThreadPoolOptions
  readonly #ports = new Map<number, MessagePort>()
  /** How much was heard through each port. */
  readonly #heard = new WeakMap<MessagePort, number>()
  readonly #awaited = new Map<number, (port: MessagePort) => void>()
  readonly #crews: Crew[] = []
  /** Threads there are, those being started included. */
  #threads = 0
  #stopped = false
  /** When threads were lost, oldest first. */
  #lost: number[] = []
  #pings = 0
  /** Called with each answer to a ping, by its number. */
  readonly #pinged = new Map<number, () => void>()
  /** Called with each port whose thread has run its teardowns or is gone. */
  #tornDown: ((port: MessagePort) => void) | undefined

  constructor(options: ThreadPoolOptions) {
    this.#options = options
  }

  /** Have at least so many threads, with the runtime loaded in each. Rejects, with as many as before, when one cannot be started. */
  async grow(threads: number): Promise<void> {
    const more = threads - this.#threads
    if (more <= 0) return
    this.#threads = threads
    const { Piscina } = await import('piscina')
    if (this.#stopped) return
    const crew = { piscina: this.#start(Piscina, more), threads: more, busy: 0 }
    this.#crews.push(crew)
    try {
      await Promise.all(Array.from({ length: more }, () => this.#runIn(crew, [0])))
    } catch (error) {
      if (this.#stopped) return
      this.#threads -= more
      this.#crews.splice(this.#crews.indexOf(crew), 1)
      await crew.piscina.destroy()
      throw error
    }
  }

  /** Have a thread run a message. Rejects when the thread is lost or ended. All it told before has been taken in then. */
  run(work: Work, kill?: KillSwitch): Promise<Answer> {
    const crew = this.#crews.find(({ busy, threads }) => busy < threads) ?? this.#crews[0]
    if (crew === undefined) return Promise.reject(new Error('The pool has no threads.'))
    return this.#runIn(crew, work, kill)
  }

  /** Tell all threads something. */
  order(order: Order): void {
    for (const port of this.#ports.values()) port.postMessage(order)
  }

  /** Take in at once what threads have told. */
  hear(): void {
    for (const port of this.#ports.values()) this.#drain(port)
  }

  /** Ask every thread for an answer, and wait so long for each. */
  ping(timeout: number): Promise<Pong[]> {
    return Promise.all(Array.from(this.#ports, ([thread, port]) => this.#ping(thread, port, timeout)))
  }

  /** How many threads are up, and how many were lost lately. */
  seen(): ThreadsSeen {
    const since = systemClock.monotonic() - LATELY
    return { live: this.#ports.size, lost: this.#lost.filter((at) => at >= since).length }
  }

  /** Run teardowns in every thread and end them. What they run is lost. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#tearDown()
    await Promise.all(this.#crews.splice(0).map(({ piscina }) => piscina.destroy()))
  }

  #start(Pool: typeof Piscina, threads: number): Piscina {
    const { nice, resourceLimits, data } = this.#options
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    const runtime = new URL(`./thread-runtime.${extension}`, import.meta.url).href
    const piscina = new Pool({
      filename: new URL('./worker.js', import.meta.url).href,
      workerData: { ...data, runtime } satisfies ThreadData,
      atomics: 'async', // idle threads must hear timers and ports
      minThreads: threads,
      maxThreads: threads,
      idleTimeout: Number.POSITIVE_INFINITY,
      concurrentTasksPerWorker: 1,
      maxQueue: 'auto',
      niceIncrement: nice,
      recordTiming: false,
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
    })
    piscina.on('message', (message) => this.#join(message))
    piscina.on('error', (error) => {
      // Piscina says so of an answer that was on its way when its thread was ended
      if (!String(error?.message).startsWith('Unexpected message from Worker')) this.#options.failed(error)
    })
    return piscina
  }

  async #runIn(crew: Crew, work: Work, kill?: KillSwitch): Promise<Answer> {
    crew.busy += 1
    try {
      const answer: Answer = await crew.piscina.run(work, kill === undefined ? {} : { signal: kill })
      const port = this.#ports.get(answer.thread) ?? (await this.#portOf(answer.thread))
      // to look is not free, and as a rule there is nothing
      if (this.#heard.get(port) !== answer.told) this.#drain(port)
      return answer
    } catch (error) {
      this.hear()
      throw error
    } finally {
      crew.busy -= 1
    }
  }

  /** Take in what came through a parent port. Handlers can reach theirs, and say anything. */
  #join(message: Partial<Hello> | null): void {
    if (message?.umbel !== 'hello' || !(message.port instanceof MessagePort)) return
    const { thread, port } = message as Hello
    port.on('message', (told: Told) => this.#take(told, port))
    port.on('close', () => {
      this.#ports.delete(thread)
      if (!this.#stopped) this.#lost = [...this.#lost.slice(1 - MOST_LOST), systemClock.monotonic()]
      this.#tornDown?.(port)
    })
    port.unref()
    this.#heard.set(port, 0)
    this.#ports.set(thread, port)
    this.#options.joined(port)
    this.#awaited.get(thread)?.(port)
    this.#awaited.delete(thread)
  }

  /** A thread's first answer can overtake its hello. Nothing else might keep the process open until it comes. */
  #portOf(thread: number): Promise<MessagePort> {
    const worker = this.#crews.flatMap(({ piscina }) => piscina.threads).find(({ threadId }) => threadId === thread)
    worker?.ref()
    return new Promise((resolve) => {
      this.#awaited.set(thread, (port) => {
        worker?.unref()
        resolve(port)
      })
    })
  }

  #drain(port: MessagePort): void {
    for (let got = receiveMessageOnPort(port); got !== undefined; got = receiveMessageOnPort(port))
      this.#take(got.message, port)
  }

  #take(told: Told, port: MessagePort): void {
    this.#heard.set(port, (this.#heard.get(port) ?? 0) + 1)
    if (told[0] === 'torn-down') this.#tornDown?.(port)
    else if (told[0] === 'pong') this.#pinged.get(told[1])?.()
    else if (told[0] === 'ask') this.#options.asked(told, port)
    else this.#options.told(told)
  }

  #ping(thread: number, port: MessagePort, timeout: number): Promise<Pong> {
    const number = ++this.#pings
    const asked = systemClock.monotonic()
    return new Promise((resolve) => {
      const end = (ms: number | undefined): void => {
        timer.cancel()
        this.#pinged.delete(number)
        resolve({ thread, ms })
      }
      const timer = systemClock.setTimer(() => end(undefined), timeout)
      this.#pinged.set(number, () => end(systemClock.monotonic() - asked))
      port.postMessage(['ping', number] satisfies Order)
    })
  }

  async #tearDown(): Promise<void> {
    const awaited = new Set(this.#ports.values())
    if (awaited.size === 0) return
    await new Promise<void>((resolve) => {
      const timer = systemClock.setTimer(resolve, TEARDOWN_DEADLINE)
      this.#tornDown = (port) => {
        awaited.delete(port)
        if (awaited.size > 0) return
        timer.cancel()
        resolve()
      }
      this.order(['tear-down'])
    })
    this.#tornDown = undefined
  }
}
