import {
  type Clock,
  decode,
  didYouMean,
  type RatePolicy,
  rateText,
  type TaskRow,
  type Timer,
  type TokenSource,
  umbelError,
} from '@umbel/core'
import type { TaskDefinition } from '../definition.ts'
import { shown } from '../known-names.ts'
import { Bucket, type Permit } from './bucket.ts'
import { type Claimed, Gate, type Gated, type ProbeLine } from './gate.ts'
import { checkWeight, type DefinedLimit, keyOf, weightOf } from './task-limit.ts'

/** How often buckets at rest are forgotten, in milliseconds. */
const SWEEP = 10_000

/** What limits are made with. */
export interface LimitsParts {
  /** Tasks of the app, by name. */
  readonly tasks: ReadonlyMap<string, TaskDefinition>
  /** Limits of the app that tasks share, by name. */
  readonly shared: ReadonlyMap<string, RatePolicy>
  readonly source: TokenSource
  readonly clock: Clock
  readonly failed: (error: unknown) => void
}

/** A limit as it stands. */
export interface LimitStatus {
  /** Of the app's limit, or of the task whose own it is. */
  readonly name: string
  /** Such as `10/s`, `10/s burst 5`, `window 10/s`; `undefined` where it is lifted. */
  readonly rate: string | undefined
  readonly tasks: readonly string[]
  /** Keys, or 1 without keys, that have started or wait for something just now. */
  readonly buckets: number
  /** Tasks that wait for a permit. */
  readonly waiting: number
}

/** What a task waits for at its gate. */
export interface TokenWait {
  /** Name of the limit. */
  readonly token: string
  /** Its bucket; `''` where the limit has but one. */
  readonly key: string
  /** Moment before which it does not start, in milliseconds since the epoch; others may be before it. */
  readonly until: number
}

interface Limit {
  readonly name: string
  policy: RatePolicy | undefined
  readonly tasks: string[]
  readonly buckets: Map<string, LimitBucket>
}

interface LimitBucket {
  readonly key: string
  readonly limit: Limit
  readonly bucket: Bucket
  readonly gates: Map<ProbeLine, Gate>
}

/** The rate limits of an app, and the gates where tasks wait that are held to one. */
export class Limits {
  readonly #parts: LimitsParts
  readonly #limits = new Map<string, Limit>()
  readonly #byTask = new Map<string, Limit>()
  /** Where each task waits. */
  readonly #waiting = new Map<string, { readonly gate: Gate; readonly at: LimitBucket }>()
  readonly #permits = new Map<string, Permit>()
  #sweep: Timer | undefined

  /** @throws UMBEL_UNKNOWN_LIMIT, UMBEL_BAD_RATE where a task does not fit the limit that it names */
  constructor(parts: LimitsParts) {
    this.#parts = parts
    for (const [name, policy] of parts.shared) this.#limits.set(name, { name, policy, tasks: [], buckets: new Map() })
    for (const { name, options } of parts.tasks.values())
      if (options.rateLimit !== undefined) this.#register(name, options.rateLimit)
  }

  /** Whether a task is held to a limit. */
  holds(task: string): boolean {
    return this.#byTask.size > 0 && this.#byTask.get(task)?.policy !== undefined
  }

  /** Let a task that is held to a limit wait at its gate. @throws UMBEL_BAD_RATE for a key or weight that is none */
  take(row: Pick<TaskRow, 'id' | 'spec' | 'args'>, line: ProbeLine, again: boolean): void {
    const limit = this.#byTask.get(row.spec.task) as Limit
    const { key, weight } = this.#measured(row)
    const at = this.#bucket(limit, limit.policy as RatePolicy, key)
    let gate = at.gates.get(line)
    if (gate === undefined) {
      gate = new Gate(at.bucket, line)
      at.gates.set(line, gate)
    }
    this.#waiting.set(row.id, { gate, at })
    gate.add(
      { id: row.id, priority: row.spec.priority, permits: weight },
      again,
      again ? this.#taken(row.id) : undefined,
    )
  }

  /** Take a task out of its gate; `undefined` where it waits at none. */
  remove(id: string): Gated | undefined {
    const found = this.#waiting.get(id)
    if (found === undefined) return undefined
    this.#waiting.delete(id)
    return found.gate.remove(id)
  }

  /** Move a task to another priority at its gate. */
  reprioritise(id: string, priority: number): void {
    this.#waiting.get(id)?.gate.reprioritise(id, priority)
  }

  /** A slot has taken a probe: give it the task that may start now, if one may. What it is given is `over` once its attempt is. */
  claim(gate: Gate): Claimed | undefined {
    const claimed = gate.claim()
    if (claimed === undefined) return undefined
    this.#waiting.delete(claimed.id)
    this.#permits.set(claimed.id, claimed.permit)
    return claimed
  }

  /** The attempt that was started with a permit is over. */
  over({ id, permit }: Claimed): void {
    permit.over()
    // given back, the task may have been let go again by now
    if (this.#permits.get(id) === permit) this.#permits.delete(id)
  }

  /** The permit that a task was let go with; `undefined` where it needs none. */
  permit(id: string): Permit | undefined {
    return this.#permits.size === 0 ? undefined : this.#permits.get(id)
  }

  /** A handler starts, at a moment of the clock's `monotonic()`. */
  begun(id: string, at: number): void {
    this.#permits.get(id)?.begun(at)
  }

  /** A task that was let go does not start after all: it ended before, or came too late. */
  unused(id: string): void {
    this.#taken(id)?.unused()
  }

  /** A task that was let go is given back, as its handler would have started too late; nothing where it waits at its gate again already. */
  late(id: string): void {
    this.#taken(id)?.late()
  }

  /** A line has slots again, or has none for now: what waits at its gates may start, or keeps nobody from it. */
  changed(line: ProbeLine): void {
    for (const { buckets } of this.#limits.values())
      for (const { gates, bucket } of buckets.values()) if (gates.has(line)) bucket.pump()
  }

  /** Ids of what waits at the gates of a line, at each in the order in which it will start. */
  *waitingFor(line: ProbeLine): IterableIterator<string> {
    for (const { buckets } of this.#limits.values())
      for (const { gates } of buckets.values()) for (const { id } of gates.get(line) ?? []) yield id
  }

  /** What a task waits for here; `undefined` where it does not. */
  waitOf(id: string): TokenWait | undefined {
    const found = this.#waiting.get(id)
    if (found === undefined) return undefined
    const { limit, key, bucket } = found.at
    const { clock } = this.#parts
    return { token: limit.name, key, until: clock.now() + Math.max(0, bucket.next() - clock.monotonic()) }
  }

  /**
   * Set the rate of a limit or of a task, or lift it. Tells which tasks are to go through their lanes again.
   * @throws UMBEL_UNKNOWN_LIMIT
   */
  set(name: string, policy: RatePolicy | undefined): readonly string[] {
    const limit = this.#limits.get(name) ?? this.#ownOf(name)
    const was = limit.policy
    if (policy !== undefined) for (const task of limit.tasks) this.#checkConstant(task, policy)
    limit.policy = policy
    if (policy !== undefined && was !== undefined)
      for (const { bucket } of limit.buckets.values()) bucket.policy = policy
    return (policy === undefined) === (was === undefined) ? [] : [...limit.tasks]
  }

  /** All limits as they stand. */
  list(): readonly LimitStatus[] {
    return [...this.#limits.values()].map(({ name, policy, tasks, buckets }) => ({
      name,
      rate: policy && rateText(policy),
      tasks,
      buckets: buckets.size,
      waiting: [...buckets.values()].reduce((sum, { bucket }) => sum + bucket.waiting, 0),
    }))
  }

  /** Refuse a call whose key or weight is none. @throws UMBEL_BAD_RATE */
  check({ name, options: { rateLimit } }: TaskDefinition, args: readonly unknown[]): void {
    if (rateLimit === undefined) return
    keyOf(rateLimit, args, name)
    const weight = weightOf(rateLimit, args, name)
    const policy = this.#byTask.get(name)?.policy
    if (policy !== undefined) checkWeight(weight, policy, name)
  }

  /** Let nothing more start. */
  async stop(): Promise<void> {
    this.#sweep?.cancel()
    for (const { buckets } of this.#limits.values()) for (const { bucket } of buckets.values()) bucket.stop()
    await this.#parts.source.stop()
  }

  #taken(id: string): Permit | undefined {
    const permit = this.#permits.get(id)
    this.#permits.delete(id)
    return permit
  }

  #register(task: string, { limit: shared, policy }: DefinedLimit): void {
    if (shared === undefined) {
      this.#byTask.set(task, this.#own(task, policy))
      return this.#checkConstant(task, policy)
    }
    const limit = this.#limits.get(shared)
    if (limit === undefined || !this.#parts.shared.has(shared))
      throw umbelError(
        'UMBEL_UNKNOWN_LIMIT',
        `${task} is held to a limit ${shared.slice(0, 80)}, which the app does not have.${didYouMean(shared, this.#parts.shared.keys())}`,
      )
    limit.tasks.push(task)
    this.#byTask.set(task, limit)
    this.#checkConstant(task, limit.policy)
  }

  #own(task: string, policy: RatePolicy | undefined): Limit {
    if (this.#limits.has(task))
      throw umbelError('UMBEL_BAD_RATE', `A task and a limit are both called ${task.slice(0, 80)}: rename the limit.`)
    const limit: Limit = { name: task, policy, tasks: [task], buckets: new Map() }
    this.#limits.set(task, limit)
    return limit
  }

  /** The limit of a task that had none. */
  #ownOf(name: string): Limit {
    const known = this.#byTask.get(name)
    if (known !== undefined)
      throw umbelError('UMBEL_UNKNOWN_LIMIT', `${name} is held to the limit ${known.name}: change that one.`)
    if (!this.#parts.tasks.has(name)) {
      const names = new Set([...this.#limits.keys(), ...this.#parts.tasks.keys()])
      throw umbelError(
        'UMBEL_UNKNOWN_LIMIT',
        `Neither a limit nor a task is called ${shown(name)}.${typeof name === 'string' ? didYouMean(name, names) : ''}`,
      )
    }
    const limit = this.#own(name, undefined)
    this.#byTask.set(name, limit)
    return limit
  }

  #checkConstant(task: string, policy: RatePolicy | undefined): void {
    const weight = this.#parts.tasks.get(task)?.options.rateLimit?.weight
    if (policy !== undefined && typeof weight === 'number') checkWeight(weight, policy, task)
  }

  #measured({ spec, args }: Pick<TaskRow, 'spec' | 'args'>): { readonly key: string; readonly weight: number } {
    const definition = this.#parts.tasks.get(spec.task)
    const limit = definition?.options.rateLimit
    if (limit === undefined || (limit.key === undefined && typeof limit.weight !== 'function'))
      return { key: '', weight: limit === undefined ? 1 : (limit.weight as number) }
    const given = decode(args, definition?.errors) as readonly unknown[]
    const call = spec.via === 'call' ? given : firstCall(spec.via, given[0] as readonly unknown[])
    return { key: keyOf(limit, call, spec.task), weight: weightOf(limit, call, spec.task) }
  }

  #bucket(limit: Limit, policy: RatePolicy, key: string): LimitBucket {
    const known = limit.buckets.get(key)
    if (known !== undefined) {
      known.bucket.policy = policy
      return known
    }
    const { source, clock, failed } = this.#parts
    const id = key === '' ? limit.name : `${limit.name} ${key}`
    const made = { key, limit, bucket: new Bucket({ id, policy, source, clock, failed }), gates: new Map() }
    limit.buckets.set(key, made)
    this.#sweepLater()
    return made
  }

  #sweepLater(): void {
    if (this.#sweep !== undefined) return
    this.#sweep = this.#parts.clock.setTimer(() => {
      this.#sweep = undefined
      let left = 0
      for (const { buckets } of this.#limits.values()) {
        for (const [key, { bucket }] of buckets) {
          if (bucket.isAtRest()) {
            buckets.delete(key)
            bucket.stop()
          } else left += 1
        }
      }
      if (left > 0) this.#sweepLater()
    }, SWEEP)
    this.#sweep.keepAlive(false)
  }
}

/** What of a map counts for its limit: it is one start, that of its first item. */
const firstCall = (via: 'map' | 'starmap', items: readonly unknown[]): readonly unknown[] =>
  via === 'map' ? items.slice(0, 1) : ((items[0] as readonly unknown[] | undefined) ?? [])
