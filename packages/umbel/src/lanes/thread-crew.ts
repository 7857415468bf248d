import { MessagePort, type ResourceLimits, type Worker } from 'node:worker_threads'
import type { Piscina } from 'piscina'
import type { Hello, ThreadData } from './thread-protocol.ts'

/** What a crew is made with. */
export interface CrewOptions {
  readonly nice: number
  readonly resourceLimits: ResourceLimits | undefined
  readonly data: Omit<ThreadData, 'runtime'>
  /** Called with the hello of each thread, of those that replace others, too. */
  readonly hello: (hello: Hello, worker: Worker) => void
  /** Called with what went wrong in a thread that had not said hello. */
  readonly failed: (error: unknown) => void
}

/** Some of the threads of a pool: a Piscina, which replaces those that die, and never has more or fewer. */
export class Crew {
  readonly #piscina: Piscina
  readonly #options: CrewOptions
  readonly #threads: number
  /** Threads whose hello has not come yet, of those it begins with. */
  #awaited: number
  readonly #complete = Promise.withResolvers<void>()
  /** What threads that have said hello have died of, which Piscina tells, too. */
  readonly #known = new Set<unknown>()

  constructor(Pool: typeof Piscina, threads: number, options: CrewOptions) {
    this.#threads = this.#awaited = threads
    this.#options = options
    const { nice, resourceLimits, data, failed } = options
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    const runtime = new URL(`./thread-runtime.${extension}`, import.meta.url).href
    this.#piscina = new Pool({
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
    this.#piscina.on('message', (message) => this.#join(message))
    // of a thread that has said hello its own event, right behind this one, tells more
    this.#piscina.on('error', (error) => queueMicrotask(() => this.#known.delete(error) || failed(error)))
  }

  /** Resolves once all threads are there, with the runtime loaded. Rejects where one cannot be started. */
  async complete(): Promise<void> {
    await Promise.all(Array.from({ length: this.#threads }, () => this.#piscina.run(undefined)))
    await this.#complete.promise // the end of a thread's first run can overtake its hello
  }

  /** Try again where no thread is left and none could be replaced. */
  revive(): void {
    if (this.#piscina.threads.length === 0) this.#piscina.run(undefined).catch(() => {})
  }

  /** End the threads. */
  async destroy(): Promise<void> {
    this.#complete.resolve()
    await this.#piscina.destroy()
  }

  /** Take in what came through a parent port. Handlers can reach theirs, and say anything. */
  #join(message: Partial<Hello> | null): void {
    if (message?.umbel !== 'hello' || !(message.port instanceof MessagePort)) return
    const hello = message as Hello
    const worker = this.#piscina.threads.find(({ threadId }) => threadId === hello.thread)
    if (worker === undefined) return
    worker.once('error', (error) => this.#known.add(error))
    this.#options.hello(hello, worker)
    this.#awaited -= 1
    if (this.#awaited === 0) this.#complete.resolve()
  }
}
