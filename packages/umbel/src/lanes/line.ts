import type { TaskRow, TaskSpec, Worker } from '@umbel/core'
import type { Gate, Gated, Probe, ProbeLine } from '../limits/gate.ts'
import type { Limits } from '../limits/limits.ts'
import { AgingBuffer } from './aging-buffer.ts'
import { PriorityBuffer, type Queued } from './priority-buffer.ts'
import { Slots } from './slots.ts'
import { LARGEST_MESSAGE, sizeOf, WORTH_A_THREAD } from './tiny-tasks.ts'

/** What a line is made of. */
export interface LineParts {
  readonly worker: Worker
  readonly width: number
  /** Milliseconds after which what waits goes first; `undefined` for never. */
  readonly aging: number | undefined
  /** Milliseconds that only grow. */
  readonly now: () => number
  readonly limits: Limits
  /** Run one attempt of a task and call `over` once its slot is free. */
  readonly execute: (id: string, worker: Worker, over: () => void) => void
  /** How a slot may take several tasks at once. Default: it takes one. */
  readonly bundles?: Bundles | undefined
  /** A task does not wait any more. */
  readonly left: () => void
}

/** A place that was taken for so many tasks. */
export interface Place {
  readonly count: number
  /** Say that it is free again. */
  readonly over: () => void
}

/** How bundles of tiny tasks are made and run. */
export interface Bundles {
  /** Milliseconds that a task of a spec will take; Infinity where it is to run alone. */
  readonly costOf: (spec: TaskSpec) => number
  /** Whether a task is known to be so tiny that a slot takes several at once. */
  readonly isTiny: (task: string) => boolean
  /** Whether a waiting task is known to take no more than some milliseconds. */
  readonly isShort: (row: TaskRow) => boolean
  /** Run one attempt of each task, in order, in one slot, and call `over` once that is free. */
  readonly execute: (ids: readonly string[], worker: Worker, over: () => void) => void
}

/** Milliseconds of work that a bundle holds, and the most tasks. */
const LONGEST_BUNDLE = 1
const LARGEST_BUNDLE = 256

/** Fewest tasks of which a half is a bundle of its own. */
const LEAST_HALF = 8

/** A task that waits for a slot, as it stood when it came: nothing is made for it. */
type Waiting = TaskRow

/** The tasks of a lane that wait for slots of one kind, and those slots. Tasks that are held to a rate wait at its gate instead. */
export class Line implements ProbeLine {
  readonly worker: Worker
  readonly #slots: Slots<Waiting | Probe>
  readonly #limits: Limits
  readonly #execute: LineParts['execute']
  readonly #bundles: Bundles | undefined
  readonly #left: () => void
  readonly #newBuffer: <T extends Queued>() => PriorityBuffer<T>
  /** Tasks that wait at gates; of each priority in the order in which they came to it. */
  readonly #gated = new Set<string>()
  /** The same of those that came again, which go before them. */
  readonly #gatedAgain = new Set<string>()
  /** Probes of gates that wait for a slot. */
  #probes = 0
  #paused = false
  /** Slots it is to have; it has them once its worker is ready for them. */
  #width: number
  /** Tasks that have places several to each, claimed as they were sent. */
  #together = 0
  #everServed: boolean

  constructor({ worker, width, aging, now, limits, execute, bundles, left }: LineParts) {
    this.worker = worker
    this.#width = width
    this.#everServed = width > 0
    this.#limits = limits
    this.#execute = execute
    this.#bundles = bundles
    this.#left = left
    this.#newBuffer = () => (aging === undefined ? new PriorityBuffer() : new AgingBuffer({ after: aging, now }))
    this.#slots = new Slots({
      concurrency: width,
      buffer: this.#newBuffer(),
      run: (item, over) => this.#run(item, over),
      ahead: bundles && {
        isShort: (item) => !('gate' in item) && bundles.isShort(item),
        recall: () => worker.recall?.(),
        lasts: () => worker.lasts === true,
      },
    })
  }

  get width(): number {
    return this.#width
  }

  /** Whether it has, or had once, any slot. */
  get everServed(): boolean {
    return this.#everServed
  }

  /** Tasks that wait, for a slot or at a gate. */
  get waiting(): number {
    return this.waitingForSlot + this.#gated.size + this.#gatedAgain.size
  }

  /** Tasks that wait for a slot. */
  get waitingForSlot(): number {
    return this.#slots.waiting - this.#probes
  }

  /** Slots that are taken. */
  get running(): number {
    return this.#slots.running
  }

  /** Let a task wait for its slot, or at its gate. @throws UMBEL_BAD_RATE for a key or weight that is none */
  add(row: TaskRow, again = false): void {
    if (!this.#limits.holds(row.spec.task)) return this.#slots.add(row, row.spec.priority, again)
    const gated = again ? this.#gatedAgain : this.#gated
    gated.add(row.id) // first: it may be let go at once
    try {
      this.#limits.take(row, this, again)
    } catch (error) {
      gated.delete(row.id)
      throw error
    }
  }

  /** Slots that are free for tasks like one that come together: of tiny ones a slot takes several, which is for it to do, so that there is one for one. */
  resting({ task }: TaskSpec): number {
    const { resting } = this.#slots
    return resting > 1 && this.#bundles?.isTiny(task) === true ? 1 : resting
  }

  /** Whether something short may be given a place behind what runs. */
  get takesAhead(): boolean {
    return this.#slots.takesAhead
  }

  /** Take a slot that is free for a task that is not held to a limit, before it comes to wait: see `Slots.claim`. */
  claim({ task }: TaskSpec): (() => void) | undefined {
    return this.#limits.holds(task) ? undefined : this.#slots.claim()
  }

  /**
   * Take one place for as many of so many tiny tasks of a spec as fit into a bundle, to be run there in order: a slot that is free, or else one
   * behind what runs. Only where nothing waits, and where no part of them is worth another slot that is free.
   */
  claimBundle(spec: TaskSpec, most: number): Place | undefined {
    const cost = this.#limits.holds(spec.task) ? undefined : this.#bundles?.costOf(spec)
    if (cost === undefined || cost > LONGEST_BUNDLE) return undefined
    const { resting } = this.#slots
    if (resting > 1 && cost * most > WORTH_A_THREAD) return undefined
    // in halves, so that the main loop has one to see to while a thread has the other
    const half = Math.max(LEAST_HALF, Math.ceil((this.#together + most) / 2))
    const count = Math.min(most, half, LARGEST_BUNDLE, Math.floor(LONGEST_BUNDLE / cost))
    const free = resting > 0 ? this.#slots.claim(true) : this.#slots.claimAhead(spec.priority)
    if (free === undefined) return undefined
    this.#together += count
    const over = (): void => {
      this.#together -= count
      free()
    }
    return { count, over }
  }

  buffer(): PriorityBuffer<Gated> {
    return this.#newBuffer()
  }

  /** Let a probe wait for a slot in the place of the tasks of its gate. */
  probe(probe: Probe): void {
    this.#probes += 1
    this.#slots.add(probe, probe.priority)
  }

  /** Take a waiting task out, by its priority sooner where that is known; false where it does not wait. */
  remove(id: string, priority?: number): boolean {
    return (this.#ungate(id) ? this.#limits.remove(id) : this.#slots.remove(id, priority)) !== undefined
  }

  /** Move a waiting task to another priority. */
  reprioritise(id: string, priority: number): void {
    if (this.#ungate(id)) {
      this.#gated.add(id) // behind those that have the priority already
      this.#limits.reprioritise(id, priority)
    } else this.#slots.reprioritise(id, priority)
  }

  /** Ids of what waits: for a slot, in the order in which it will run, then at gates, of each priority in order. */
  ids(): string[] {
    return [
      ...Array.from(this.#slots, (item) => ('gate' in item ? [] : item.id)).flat(),
      ...this.#gatedAgain,
      ...this.#gated,
    ]
  }

  /** What waits: for a slot, then at gates, in the order in which it will run there. */
  *[Symbol.iterator](): IterableIterator<{ readonly id: string; readonly gated: boolean }> {
    for (const item of this.#slots) if (!('gate' in item)) yield { id: item.id, gated: false }
    for (const id of this.#limits.waitingFor(this)) yield { id, gated: true }
  }

  /** Whether a task waits. */
  has(id: string): boolean {
    return this.#gated.has(id) || this.#gatedAgain.has(id) || this.#slots.has(id)
  }

  /** Ids of the first of each priority that waits for a slot. */
  heads(): string[] {
    return [...this.#slots.heads()].flatMap((item) => ('gate' in item ? [] : item.id))
  }

  /** Move a probe to another priority. */
  moveProbe(probe: Probe, priority: number): void {
    this.#slots.reprioritise(probe.id, priority)
  }

  /** Whether what waits here may start, once there is a slot. */
  get open(): boolean {
    return !this.#paused && this.#slots.concurrency > 0
  }

  pause(): void {
    this.#paused = true
    this.#slots.pause()
    this.#limits.changed(this)
  }

  resume(): void {
    this.#paused = false
    this.#slots.resume()
    this.#limits.changed(this)
  }

  /** Have another number of slots. Rejects when its worker cannot serve them. */
  async widen(width: number): Promise<void> {
    this.#width = width
    this.#serve(Math.min(this.#slots.concurrency, width))
    try {
      await this.worker.widen(width)
    } catch (error) {
      if (this.#width === width) this.#width = this.#slots.concurrency
      throw error
    }
    this.#everServed ||= width > 0
    if (this.#width === width) this.#serve(width)
  }

  #serve(concurrency: number): void {
    const { open } = this
    this.#slots.concurrency = concurrency
    if (open !== this.open) this.#limits.changed(this)
  }

  #run(item: Waiting | Probe, over: () => void): void {
    if ('gate' in item) return this.#claim(item.gate, over)
    this.#left()
    const bundles = this.#bundles
    if (bundles === undefined || this.#slots.waiting === 0) return this.#execute(item.id, this.worker, over)
    const ids = this.#bundle(item, bundles)
    if (ids.length === 1) this.#execute(item.id, this.worker, over)
    else bundles.execute(ids, this.worker, over)
  }

  /** A task that has come to its slot, and what follows it there: its share among the slots that are free, or what no other one is worth waking for. */
  #bundle(first: TaskRow, { costOf }: Bundles): string[] {
    const ids = [first.id]
    const slots = this.#slots
    const free = slots.concurrency - slots.running + 1 // with this one
    const share = Math.min(LARGEST_BUNDLE, Math.ceil((slots.waiting + 1) / Math.max(1, free)))
    let left = LONGEST_BUNDLE - costOf(first.spec)
    let room = LARGEST_MESSAGE - sizeOf(first)
    const enough = LONGEST_BUNDLE - WORTH_A_THREAD
    const fits = (item: Waiting | Probe): boolean => {
      if ('gate' in item) return false
      left -= costOf(item.spec)
      room -= sizeOf(item)
      return left >= 0 && room >= 0
    }
    while (left > 0 && ids.length < LARGEST_BUNDLE && (ids.length < share || left > enough)) {
      const next = slots.takeIf(fits)
      if (next === undefined) break
      this.#left()
      ids.push(next.id)
    }
    return ids
  }

  #ungate(id: string): boolean {
    return this.#gated.delete(id) || this.#gatedAgain.delete(id)
  }

  /** Run the task of a gate that may start now, in the slot that its probe has come to. */
  #claim(gate: Gate, over: () => void): void {
    this.#probes -= 1
    const claimed = this.#limits.claim(gate)
    // what it has asked for may be there at once: then the slot is still the gate's, by its priority
    if (claimed === undefined) return queueMicrotask(over)
    this.#ungate(claimed.id)
    this.#left()
    this.#execute(claimed.id, this.worker, () => {
      this.#limits.over(claimed)
      over()
    })
  }
}
