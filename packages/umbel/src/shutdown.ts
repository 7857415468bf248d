import type { Clock, Duration, Timer } from '@umbel/core'
import type { Engine } from './engine.ts'
import type { Finishing } from './finishing.ts'
import { type Lane, laneOf } from './lanes/lane.ts'
import type { Revocations } from './revocations.ts'
import { systemClock } from './system.ts'
import type { Timers } from './timers.ts'

/** Time that aborted handlers get to end by themselves before their threads are ended, in milliseconds. */
const ABORT_GRACE = 500

/** How to end. */
export interface StopOptions {
  /** How long what waits and runs may take to end by itself; then it is aborted. Default `30s`. */
  readonly deadline?: Duration
}

/** What is brought to rest. */
export interface ShutdownParts {
  readonly engine: Engine
  readonly timers: Timers
  readonly lanes: ReadonlyMap<string, Lane>
  readonly finishing: Finishing
  readonly revocations: Revocations
  readonly clock: Clock
}

/** Brings the work to rest: lets what waits and runs end until a deadline, then aborts what is left. */
export class Shutdown {
  readonly #parts: ShutdownParts
  #look: (() => void) | undefined
  #end: (() => void) | undefined
  #aborting = false

  constructor(parts: ShutdownParts) {
    this.#parts = parts
  }

  /** Whether what still runs is being aborted: it keeps its place in the store instead of ending. */
  get aborting(): boolean {
    return this.#aborting
  }

  /** Called with each batch: once the engine has taken in all there is, things may have come to rest. */
  looked(): void {
    if (this.#look !== undefined) this.#parts.engine.rested().then(() => this.#look?.())
  }

  /**
   * Resolve at the deadline (milliseconds from now), or once nothing waits, runs, or becomes due before it. What waits in a lane
   * that is paused or has no slots is not waited for: it could not start, and resuming is not ours to decide.
   */
  async drain(deadline: number): Promise<void> {
    const { engine, timers, lanes, finishing, clock } = this.#parts
    const held = (): number => [...lanes.values()].reduce((sum, lane) => sum + lane.held, 0)
    const end = clock.simulated ? Number.NEGATIVE_INFINITY : clock.now() + deadline
    const rested = (): boolean =>
      !engine.busy &&
      engine.active <= held() &&
      finishing.size === 0 &&
      (timers.next() ?? Number.POSITIVE_INFINITY) > end
    await this.#until(rested, deadline)
  }

  /** Wait no longer than so many milliseconds more. */
  hurry(deadline: number): void {
    systemClock.setTimer(() => this.#end?.(), deadline).keepAlive(false)
  }

  /** Start nothing more, abort what runs, and end the threads of what does not obey. */
  async abort(): Promise<void> {
    const { lanes, finishing, revocations } = this.#parts
    this.#aborting = true
    for (const lane of lanes.values()) lane.halt()
    if (!this.#runs()) return
    this.#eachRunning((lane, row) => lane.abort(row, 'stopped'))
    finishing.abort('stopped')
    await this.#until(() => !this.#runs(), ABORT_GRACE)
    this.#eachRunning((lane, row) => lane.kill(row, 'stopped'))
    finishing.kill('stopped')
    revocations.cut()
  }

  #runs(): boolean {
    return [...this.#parts.lanes.values()].some((lane) => lane.running > 0)
  }

  #eachRunning(act: (lane: Lane, row: Parameters<Lane['abort']>[0]) => void): void {
    for (const row of this.#parts.engine.rows()) {
      if (row.kind === 'task' && row.startedAt !== undefined) act(laneOf(this.#parts.lanes, row.spec.lane), row)
    }
  }

  #until(rested: () => boolean, limit: number): Promise<void> {
    return new Promise((resolve) => {
      let timer: Timer | undefined
      const done = (): void => {
        timer?.cancel()
        this.#look = undefined
        this.#end = undefined
        resolve()
      }
      this.#look = () => {
        if (rested()) done()
      }
      this.#end = done
      timer = systemClock.setTimer(done, limit) // threads end in real time, whatever clock the app runs by
      this.#look()
      this.looked() // the engine may be at the very end of its last batch
    })
  }
}
