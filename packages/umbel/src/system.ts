import type { Clock, Random, Timer } from '@umbel/core'

/** The longest delay a timer of the platform holds; a longer one would fire at once. */
const LONGEST_TIMER = 2_147_483_647

/** Real time. The only file that reads the machine's clock, timers and randomness. */
export const systemClock: Clock = {
  simulated: false,
  now: () => Date.now(),
  // one for all threads, which `performance.now()` is not
  monotonic: () => Number(process.hrtime.bigint()) / 1e6,
  setTimer: (run, delay) => new SystemTimer(run, delay),
}

/**
 * The moment by a clock, read once for all that is done in one go, where it cannot be told to move meanwhile: for what is many and runs no code of
 * users in between.
 */
export function momentOf(clock: Clock): () => number {
  if (clock.simulated) return () => clock.now()
  let at: number | undefined
  const over = (): void => {
    at = undefined
  }
  return () => {
    if (at !== undefined) return at
    queueMicrotask(over)
    at = clock.now()
    return at
  }
}

/** Milliseconds since any moment, at the least cost: to measure moments in one thread. */
export const stopwatch = (): number => performance.now()

/** When this process began, in milliseconds since the epoch. */
const processStartedAt = Date.now() - process.uptime() * 1_000

/** Whether the process of this machine that had a number at a moment is alive, as far as can be told. */
export function isProcessAlive(pid: number, since: number): boolean {
  if (pid === process.pid) return processStartedAt <= since
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  const known = statusOf(pid)
  if (known === undefined) return true
  // one that has ended keeps its number until its parent asks how; numbers are given again, and what Linux tells of a start is exact to a second
  return !known.ended && known.startedAt <= since + 1_000
}

/** Whether a process has ended, and when it began, in milliseconds since the epoch; `undefined` where the system does not say. */
function statusOf(pid: number): { readonly ended: boolean; readonly startedAt: number } | undefined {
  // an import of it makes Node load its promises and streams, in each thread anew
  const { readFileSync } = process.getBuiltinModule('node:fs')
  try {
    const boot = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1])
    // the name in front of the rest may hold anything
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    const startedAt = boot * 1_000 + Number(fields[19]) * 10
    const ended = fields[0] === 'Z' || fields[0] === 'X'
    return Number.isFinite(startedAt) ? { ended, startedAt } : undefined
  } catch {
    return undefined
  }
}

/** Tell whoever runs the process, on its standard error unless it listens for warnings. */
export const warn = (message: string, code: string): void =>
  process.emitWarning(message, { type: 'UmbelWarning', code })

/** Real randomness: a number in [0, 1). */
export const systemRandom: Random = () => Math.random()

class SystemTimer implements Timer {
  #handle: NodeJS.Timeout
  #keep = true

  constructor(run: () => void, delay: number) {
    this.#handle = this.#arm(run, performance.now() + delay)
  }

  /** Arm for as long as a timer can hold, and again until the end is reached. */
  #arm(run: () => void, end: number): NodeJS.Timeout {
    const left = Math.max(0, end - performance.now())
    if (left <= LONGEST_TIMER) return setTimeout(run, left)
    return setTimeout(() => {
      this.#handle = this.#arm(run, end)
      this.keepAlive(this.#keep)
    }, LONGEST_TIMER)
  }

  cancel(): void {
    clearTimeout(this.#handle)
  }

  keepAlive(keep: boolean): void {
    this.#keep = keep
    if (keep) this.#handle.ref()
    else this.#handle.unref()
  }
}

/** Wait for so many milliseconds of real time. */
export const pause = (delay: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delay))

// tests of users that put another one in its place must not keep the loop from turning
const immediate = setImmediate

/** Call back in the next turn of the event loop, behind everything that is ready. */
export const inNextTurn = (run: () => void): void => void immediate(run)

/** Wait for one turn of the event loop, in which everything that is ready has run. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => immediate(resolve))

const atIdle = new Set<() => void>()
const tellIdle = (): void => {
  for (const run of [...atIdle]) run()
}

/** Call back when the process has nothing left to do and is about to end. Returns how to stop that. */
export function onProcessIdle(run: () => void): () => void {
  if (atIdle.size === 0) process.on('beforeExit', tellIdle)
  atIdle.add(run)
  return () => {
    if (atIdle.delete(run) && atIdle.size === 0) process.off('beforeExit', tellIdle)
  }
}

/** Keeps the process open while it is told to, whatever else the process waits for. */
export class ProcessHold {
  readonly #handle = setInterval(() => {}, LONGEST_TIMER).unref()

  set(hold: boolean): void {
    if (hold) this.#handle.ref()
    else this.#handle.unref()
  }

  release(): void {
    clearInterval(this.#handle)
  }
}

/** Milliseconds of one turn of the event loop after which what goes on for long lets it turn. */
const LONGEST_TURN = 5

/** How often that is asked until it does, where time is simulated: what comes of it must not depend on real time. */
const LONGEST_COUNT = 64

/** Tells, each time it is asked, whether the event loop has not turned for long: it reads one port, and runs what follows, for as long as more comes by that. */
export function lateTurns({ simulated }: Pick<Clock, 'simulated'>): () => boolean {
  let asked = 0
  if (simulated) return () => ++asked % LONGEST_COUNT === 0
  let began: number | undefined
  const over = (): void => {
    began = undefined
  }
  return () => {
    if (began !== undefined) return stopwatch() - began > LONGEST_TURN
    began = stopwatch()
    inNextTurn(over)
    return false
  }
}
