import type { Encoded } from '../codec.ts'
import type { TaskHeaders } from '../headers.ts'
import type { Outcome } from '../outcome.ts'
import type { Place } from '../place.ts'
import type { TimeLimits } from '../time-limit.ts'

/** One attempt as it goes to a worker: all a handler can know about itself, as plain data. */
export interface AttemptCall {
  /** Id of the task; the same for all its attempts. */
  readonly id: string
  /** Registered name of the task to run. */
  readonly task: string
  /** How the handler is called: once with `args`, or once for each item of the list that is `args[0]`. */
  readonly via: 'call' | 'map' | 'starmap'
  /** 1 for the first attempt. */
  readonly attempt: number
  /** Which start of the task this is: attempts that were lost or given back count. */
  readonly run: number
  /** Encoded list of positional arguments. */
  readonly args: Encoded
  /** Encoded record of keyword arguments; `undefined` where there are none. */
  readonly kwargs: Encoded | undefined
  /** Id of the task that sent this one, if one did. */
  readonly parent: string | undefined
  /** Id of the first task or workflow of the tree this belongs to; its own id where it is the first. */
  readonly root: string
  /** Lane it runs on. */
  readonly lane: string
  /** Whether it is a member of a chord's header, which it may then extend. */
  readonly chord?: boolean | undefined
  /** Where in its canvas it stands, where its task asks for that. */
  readonly place?: Place | undefined
  /** Moment of the clock's `monotonic()` after which its handler may not start: then it is given back. Of a rate-limited task. */
  readonly startBy?: number | undefined
  /** How long its handler may take, where there is a limit. Whoever has it run keeps watch: see `Worker.run`. */
  readonly timeLimit?: TimeLimits | undefined
  /** Version of the task that its arguments are for. Default 1. */
  readonly version?: number | undefined
  /** What the task has written on it, where there is something: what it sends has it too. */
  readonly headers?: TaskHeaders | undefined
}

/** What a handler sends becomes a child of its task, or one more member of the chord that its task is a member of; or it is an event for a run. */
export type SentAs = 'child' | 'member' | 'event'

/** What a running handler tells and asks while it runs. What it tells is one-way; all keeps its order. */
export interface AttemptReports {
  state(call: AttemptCall, state: string, meta: Encoded | undefined): void
  progress(call: AttemptCall, done: number, total: number): void
  /** The handler of a rate-limited task starts, at a moment of the clock's `monotonic()`. */
  begun(call: AttemptCall, at: number): void
  /**
   * `canvas` is an encoded Canvas, `id` the id chosen for what it starts: a child, or a member of the task's chord. Of an event, `id` is
   * the run's, and `canvas` an encoded record of the `event` and how it is sent.
   */
  send(call: AttemptCall, id: string, canvas: Encoded, as: SentAs): void
  log(call: AttemptCall, level: 'debug' | 'info' | 'warn' | 'error', message: string, fields: Encoded | undefined): void
  /** What is recorded of an effect of the task, by an attempt before or before it was sent again. */
  recall(call: AttemptCall, name: string): Promise<Encoded | undefined>
  /** Record what an effect came to; resolves once that is stored. */
  record(call: AttemptCall, name: string, result: Encoded): Promise<void>
}

/** An attempt that runs, or is on its way to where it will. */
export interface UnderWay {
  /** Id of the task. */
  readonly id: string
  /** Number of the thread that runs it; `undefined` on the main loop, and while no thread has it yet. */
  readonly thread: number | undefined
}

/** What a thread answered to a ping. */
export interface Pong {
  readonly thread: number
  /** Milliseconds there and back; `undefined` where no answer came in time, as from a thread whose loop does not turn. */
  readonly ms: number | undefined
}

/** How a worker's threads are. */
export interface ThreadsSeen {
  /** Threads that are up. */
  readonly live: number
  /** Threads that died or were ended in the last minute; counted up to 100. */
  readonly lost: number
}

/** Where handlers run: the main loop or a pool of threads. */
export interface Worker {
  /**
   * Run one attempt and call `ended` once with its outcome, at the earliest within this call. Of a call with a time limit, `timed` is
   * called when its time begins: what comes before its handler (a thread that starts, modules, setups) is not its doing. In a map it
   * begins with each item. `took`: the milliseconds it took, of one that may have waited where it was to run.
   */
  run(call: AttemptCall, ended: (outcome: Outcome, took?: number) => void, timed?: () => void): void
  /**
   * Run a bundle: attempts one after another in one place, in order. `ended` is called with each outcome as it becomes known; what
   * stands behind an attempt that lasts, or that costs the worker its life, is given back. `over` is called once the place is free.
   * Only where there is something to be gained by it.
   */
  runBundle?(
    calls: readonly AttemptCall[],
    ended: (call: AttemptCall, outcome: Outcome, took?: number) => void,
    over: () => void,
  ): void
  /** Give back what stands behind something else and has not begun, where there are places for that. */
  recall?(): void
  /** Whether something runs that may last: what is given to it meanwhile may stand behind that. Default: nobody stands behind anything. */
  readonly lasts?: boolean
  /** Let an attempt whose outcome says `unfinished`, and is stored, run what its task does afterwards. Resolves once it is over; never rejects. */
  finish(id: string): Promise<void>
  /** Abort the signal of a running attempt: `reason` becomes the signal's. Harmless when it does not run. */
  abort(id: string, reason: AbortReason): void
  /** End what runs it, whatever the handler does. Inline handlers cannot be ended: their outcome is given up. */
  kill(id: string, reason: AbortReason): void
  /** Make ready: start threads, so that the first attempt finds them warm. */
  start(): Promise<void>
  /** Resolve once so many attempts can run at once, where there is such a bound. Rejects when a thread cannot be started. */
  widen(width: number): Promise<void>
  /** What it runs just now. */
  underWay(): readonly UnderWay[]
  /** Ask each of its threads for an answer; none is waited for longer than so many milliseconds. */
  ping(timeout: number): Promise<readonly Pong[]>
  /** How its threads are; `undefined` of a worker that has none by nature. */
  threadsSeen(): ThreadsSeen | undefined
  /** Run teardowns and end the threads. Idempotent. */
  stop(): Promise<void>
}

/** Why an attempt is asked to end, or ended. */
export type AbortReason = 'revoked' | 'stopped' | 'soft-limit' | 'hard-limit'
