import type { PriorityBuffer } from '../lanes/priority-buffer.ts'
import type { Bucket, Permit, PermitGate } from './bucket.ts'

/** A task that waits for its permits. */
export interface Gated {
  readonly id: string
  priority: number
  /** How many it takes. */
  readonly permits: number
}

/** Stands in a lane for all tasks of a gate, in the place of the most urgent one: a slot that takes it claims a start. */
export interface Probe {
  readonly id: string
  priority: number
  /** Since when the oldest of them waits, where that counts. */
  readonly since: number | undefined
  readonly gate: Gate
}

/** Where a gate's probes wait for a slot. */
export interface ProbeLine {
  /** Make what its tasks wait in, in the line's own order. */
  buffer(): PriorityBuffer<Gated>
  probe(probe: Probe): void
  /** Move one of them to another priority. */
  moveProbe(probe: Probe, priority: number): void
  /** Whether what waits there may start, once there is a slot. */
  readonly open: boolean
}

/** A task and its right to start. */
export interface Claimed {
  readonly id: string
  readonly permit: Permit
}

let probes = 0

/**
 * Where the tasks of one limit and key wait that run on one line of a lane: most urgent first, holding no slot. Only while one of
 * them may start does a probe stand in the line; which task it is is decided when a slot takes it.
 */
export class Gate implements PermitGate {
  readonly bucket: Bucket
  readonly #line: ProbeLine
  readonly #buffer: PriorityBuffer<Gated>
  /** What stands in the line for its tasks. */
  #probe: Probe | undefined

  constructor(bucket: Bucket, line: ProbeLine) {
    this.bucket = bucket
    this.#line = line
    this.#buffer = line.buffer()
    bucket.join(this)
  }

  get waiting(): number {
    return this.#buffer.size
  }

  get open(): boolean {
    return this.#line.open
  }

  /** The most urgent task. */
  get head(): Gated | undefined {
    return this.#buffer.peek()
  }

  /** Let a task wait: before those of its priority where it comes `again`. `late`: what it was let go with, and came too late for. */
  add(task: Gated, again: boolean, late: Permit | undefined): void {
    this.#buffer.push(task, task.priority, again)
    late?.late() // only now, so that no other that waits here has it
    this.#changed()
  }

  /** Take a task out; `undefined` where it does not wait here. */
  remove(id: string): Gated | undefined {
    const first = this.head?.id === id
    const removed = this.#buffer.remove(id)
    if (first) this.#changed()
    return removed
  }

  /** Move a task to another priority. */
  reprioritise(id: string, priority: number): void {
    const task = this.#buffer.reprioritise(id, priority)
    if (task !== undefined) task.priority = priority
    this.#changed()
  }

  /** Let a slot of the line claim a start. */
  offer(): void {
    const head = this.#buffer.peek()
    if (this.#probe !== undefined || head === undefined) return
    probes += 1
    this.#probe = { id: `probe ${probes}`, priority: head.priority, since: this.#buffer.since, gate: this }
    this.#line.probe(this.#probe)
  }

  /** Take the most urgent task and its permit, for the slot that has taken the probe; nothing where it may not start now after all. */
  claim(): Claimed | undefined {
    this.#probe = undefined
    const head = this.#buffer.peek()
    const permit = head === undefined ? undefined : this.bucket.claim(head.permits)
    // by its id: another may have aged by now
    if (head !== undefined && permit !== undefined) this.#buffer.remove(head.id)
    // before the task runs, so that another slot can start the next one beside it
    this.bucket.pump()
    return head === undefined || permit === undefined ? undefined : { id: head.id, permit }
  }

  /** Another task may be the most urgent one by now: the probe stands where it would, and it may weigh less than the one before. */
  #changed(): void {
    const priority = this.#buffer.peek()?.priority
    if (this.#probe !== undefined && priority !== undefined && priority !== this.#probe.priority) {
      this.#probe.priority = priority
      this.#line.moveProbe(this.#probe, priority)
    }
    this.bucket.pump()
  }

  /** What waits, in the order in which it will start. */
  [Symbol.iterator](): IterableIterator<Gated> {
    return this.#buffer[Symbol.iterator]()
  }
}
