import {
  type AbortReason,
  type Pong,
  type TaskRow,
  type TaskSpec,
  type ThreadsSeen,
  type UmbelError,
  type UnderWay,
  umbelError,
  type Worker,
} from '@umbel/core'
import type { Limits } from '../limits/limits.ts'
import type { LaneSettings } from './lane-options.ts'
import { type Bundles, Line, type Place } from './line.ts'

/** Numbers of slots. */
export interface LaneWidth {
  readonly threads: number
  /** On the main loop. */
  readonly inline: number
}

/** Why a task of a lane has not started: no slot is free, none is given out, or its rate limit has no permit for it yet. */
export interface LaneWait {
  readonly id: string
  readonly reason: 'slot' | 'paused' | 'token'
}

/** What a lane is made of. */
export interface LaneParts {
  readonly name: string
  readonly options: LaneSettings
  readonly threads: Worker
  readonly inline: Worker
  /** Milliseconds that only grow. */
  readonly now: () => number
  readonly limits: Limits
  /** A task cannot wait here: it fails. */
  readonly refuse: (row: TaskRow, error: unknown) => void
  /** Run one attempt of a task on a worker of the lane and call `over` once its slot is free. */
  readonly execute: (id: string, worker: Worker, over: () => void) => void
  /** How its threads take several tasks at once. Default: they do not. */
  readonly bundles?: Bundles | undefined
}

/** A named queue with the workers that serve it: one line of waiting tasks for its threads, one for the main loop. */
export class Lane {
  readonly name: string
  readonly options: LaneSettings
  /** What is asked of it for one task: it and the number. */
  readonly forOne: readonly [readonly [Lane, number]] = [[this, 1]]
  readonly #threads: Line
  readonly #inline: Line
  readonly #refuse: LaneParts['refuse']
  #reserved = 0
  /** Those who wait for places, oldest first. */
  readonly #waiters = new Set<Waiter>()
  readonly #holds = new Set<Hold>()
  #stopped = false

  constructor({ name, options, threads, inline, now, limits, execute, bundles, refuse }: LaneParts) {
    this.name = name
    this.options = options
    this.#refuse = refuse
    const parts = { aging: options.aging, now, limits, execute, left: () => this.#tellSpace() }
    this.#threads = new Line({ ...parts, worker: threads, width: options.threads, bundles })
    this.#inline = new Line({ ...parts, worker: inline, width: options.inline })
    this.#hold('unready')
  }

  /** Tasks that wait, for a slot or for a permit. */
  get waiting(): number {
    return this.#threads.waiting + this.#inline.waiting
  }

  /** Slots that are taken. */
  get running(): number {
    return this.#threads.running + this.#inline.running
  }

  /** Tasks that wait and cannot start as things stand: the lane is paused, or was scaled down to no slot for them. */
  get held(): number {
    return [this.#threads, this.#inline].reduce((held, line) => held + (this.#isHeld(line) ? line.waiting : 0), 0)
  }

  /** Its tasks that wait and why, in the order in which they will start: those for its threads, then those for the main loop. */
  *waits(): IterableIterator<LaneWait> {
    for (const line of [this.#threads, this.#inline])
      for (const { id, gated } of line) yield { id, reason: this.#isHeld(line) ? 'paused' : gated ? 'token' : 'slot' }
  }

  /** Whether a task waits here. */
  has(row: TaskRow): boolean {
    return this.#line(row).has(row.id)
  }

  /** Ids of the first of each priority that waits for a slot. */
  heads(): string[] {
    return [...this.#threads.heads(), ...this.#inline.heads()]
  }

  /** What its workers run just now. That of the main loop runs what other lanes have there, too. */
  underWay(): UnderWay[] {
    return [...this.#threads.worker.underWay(), ...this.#inline.worker.underWay()]
  }

  /** Ask each of its threads for an answer. */
  ping(timeout: number): Promise<readonly Pong[]> {
    return this.#threads.worker.ping(timeout)
  }

  /** How its threads are. */
  get threadsSeen(): ThreadsSeen {
    return this.#threads.worker.threadsSeen() ?? { live: 0, lost: 0 }
  }

  /** Tasks that wait for a thread. */
  get waitingForThreads(): number {
    return this.#threads.waitingForSlot
  }

  /** Whether `pause` was the last word. */
  get paused(): boolean {
    return this.#holds.has('paused')
  }

  /** How many slots it has now, of each kind. */
  get width(): LaneWidth {
    return { threads: this.#threads.width, inline: this.#inline.width }
  }

  /** Whether it has, or had once, slots of a kind: what it is given may then wait for them to come back. */
  serves(kind: keyof LaneWidth): boolean {
    return (kind === 'inline' ? this.#inline : this.#threads).everServed
  }

  /** Whether `count` more tasks may wait. */
  hasSpace(count: number): boolean {
    const { size } = this.options.backlog
    const taken = this.waiting + this.#reserved
    return taken + count <= size || (count > size && taken === 0)
  }

  /** What a send is refused with when there is no space. */
  get full(): UmbelError {
    const { size } = this.options.backlog
    return umbelError(
      'UMBEL_LANE_FULL',
      `The lane ${this.name} has ${this.waiting} tasks waiting, of ${size} that may.`,
    )
  }

  /** Hold places for tasks that were sent and have not arrived yet, whether there is space or not. */
  reserve(count: number): void {
    this.#reserved += count
  }

  /** Whether `count` more tasks may wait, and nobody waits for that already. */
  takes(count: number): boolean {
    return this.#waiters.size === 0 && this.hasSpace(count)
  }

  /** Hold places once there is space for them: first come, first served. @throws UMBEL_APP_STOPPED; UMBEL_LANE_FULL where it rejects */
  async reserved(count: number): Promise<void> {
    if (!this.#stopped && this.options.backlog.full === 'reject' && !this.takes(count)) throw this.full
    await this.reservedLate(count)
  }

  /** The same of what was accepted elsewhere: it waits whatever the lane says of what finds it full. @throws UMBEL_APP_STOPPED */
  async reservedLate(count: number): Promise<void> {
    if (this.#stopped) throw this.#hasStopped()
    if (this.takes(count)) return this.reserve(count)
    await new Promise<void>((resolve, reject) => this.#waiters.add({ count, resolve, reject }))
  }

  /** Give back places held by `reserve`: the tasks have arrived, or never will. */
  unreserve(count: number): void {
    this.#reserved -= count
    this.#tellSpace()
  }

  /** Let a task wait; before those of its priority where it comes `again`, unbegun. */
  add(row: TaskRow, again = false): void {
    try {
      this.#line(row).add(row, again)
    } catch (error) {
      this.#refuse(row, error)
    }
  }

  /** How many slots are free for tasks like one that are sent together. */
  resting(spec: TaskSpec): number {
    return this.#line({ spec }).resting(spec)
  }

  /** Whether something short of a spec may be given a place behind what runs. */
  takesAhead(spec: TaskSpec): boolean {
    return this.#line({ spec }).takesAhead
  }

  /** Take a free slot for a task that is on its way here; `undefined` where there is none for it. */
  claim(spec: TaskSpec): Claim | undefined {
    const line = this.#line({ spec })
    const over = line.claim(spec)
    return over === undefined ? undefined : { worker: line.worker, over }
  }

  /** The same for several tiny tasks together: see `Line.claimBundle`. */
  claimBundle(spec: TaskSpec, most: number): (Claim & Place) | undefined {
    const line = this.#line({ spec })
    const place = line.claimBundle(spec, most)
    return place && { worker: line.worker, ...place }
  }

  /** Take a waiting task out. */
  withdraw(row: TaskRow): void {
    if (this.#line(row).remove(row.id, row.spec.priority)) this.#tellSpace()
  }

  /** Move a waiting task to the priority its row has now. */
  reprioritise(row: TaskRow): void {
    this.#line(row).reprioritise(row.id, row.spec.priority)
  }

  /** Take out all waiting tasks that fit. Returns their ids, in the order in which they would have run; those that wait for permits last. */
  purge(fits: (id: string) => boolean): string[] {
    const purged = this.#takeOut(fits)
    this.#tellSpace()
    return purged
  }

  /** Let waiting tasks that fit go to where they wait by now: at a gate instead of in the lane, or the other way round. */
  regate(fits: (id: string) => boolean, rowOf: (id: string) => TaskRow | undefined): void {
    for (const row of this.#takeOut(fits).map(rowOf)) if (row !== undefined) this.add(row)
    this.#tellSpace()
  }

  /** Abort the signal of a running task. */
  abort(row: TaskRow, reason: AbortReason): void {
    this.#line(row).worker.abort(row.id, reason)
  }

  /** End what runs a task, whatever its handler does. */
  kill(row: TaskRow, reason: AbortReason): void {
    this.#line(row).worker.kill(row.id, reason)
  }

  /** Make the workers ready and begin. */
  async start(): Promise<void> {
    await Promise.all([this.#threads.worker.start(), this.#inline.worker.start()])
    this.#free('unready')
  }

  /** Take no new task to a slot until `resume`. What runs goes on. */
  pause(): void {
    this.#hold('paused')
  }

  /** Go on after `pause`. */
  resume(): void {
    this.#free('paused')
  }

  /** Take no new task to a slot ever again. */
  halt(): void {
    this.#hold('halted')
  }

  /**
   * Have other numbers of slots. Fewer take effect as tasks end, more threads once they are warm. The last call counts.
   * Rejects when a thread cannot be started.
   */
  async scale({ threads, inline }: Partial<LaneWidth>): Promise<void> {
    const { width } = this
    await Promise.all([this.#inline.widen(inline ?? width.inline), this.#threads.widen(threads ?? width.threads)])
  }

  /** End the workers. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const { reject } of this.#waiters) reject(this.#hasStopped())
    this.#waiters.clear()
    await Promise.all([this.#threads.worker.stop(), this.#inline.worker.stop()])
  }

  #takeOut(fits: (id: string) => boolean): string[] {
    return [this.#threads, this.#inline].flatMap((line) => line.ids().filter((id) => fits(id) && line.remove(id)))
  }

  #isHeld(line: Line): boolean {
    return this.paused || line.width === 0
  }

  #line(row: Pick<TaskRow, 'spec'>): Line {
    return row.spec.inline ? this.#inline : this.#threads
  }

  #hold(why: Hold): void {
    this.#holds.add(why)
    this.#threads.pause()
    this.#inline.pause()
  }

  #free(why: Hold): void {
    this.#holds.delete(why)
    if (this.#holds.size > 0) return
    this.#threads.resume()
    this.#inline.resume()
  }

  #tellSpace(): void {
    for (const waiter of this.#waiters) {
      if (!this.hasSpace(waiter.count)) return
      this.#waiters.delete(waiter)
      this.reserve(waiter.count)
      waiter.resolve()
    }
  }

  #hasStopped(): Error {
    return umbelError('UMBEL_APP_STOPPED', `The lane ${this.name} was full until the app stopped.`)
  }
}

/** The lane that a spec names: what was stored under another set of lanes runs on `default`, which is always there. */
export const laneOf = (lanes: ReadonlyMap<string, Lane>, name: string): Lane =>
  (lanes.get(name) ?? lanes.get('default')) as Lane

/** A slot that was taken for one task. */
export interface Claim {
  readonly worker: Worker
  /** Say that the attempt is over, or will never be. */
  readonly over: () => void
}

interface Waiter {
  readonly count: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** Why no task gets a slot: the workers are not ready, the user said so, the app ends. */
type Hold = 'unready' | 'paused' | 'halted'
