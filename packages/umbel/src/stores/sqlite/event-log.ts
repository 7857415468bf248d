import type { DatabaseSync, StatementSync } from 'node:sqlite'
import {
  type CanvasSent,
  END,
  type Encoded,
  type EngineEvent,
  EVENT_VERSION,
  type Plan,
  type StoredEvent,
  type TaskSpec,
} from '@umbel/core'
import { type Packed, pack, packedSize, unpack } from './pack.ts'

/** A plan in an event: the number of a stored one, where there is one; of a single task with a shared spec the rest. */
type PlanInLog =
  | { readonly stored: number }
  | { readonly single: number; readonly args: Encoded; readonly kwargs: Encoded | undefined }

/** What the log needs of the plans that workflows have. */
export interface StoredPlans {
  numberOfPlan(workflow: string): number | undefined
  knownSpec(spec: TaskSpec): number | undefined
  spec(n: number): TaskSpec | undefined
  plan(n: number): Plan | undefined
}

/** What stands for a plan that was dropped with its workflow. */
const GONE: Plan = { nodes: [], entry: -1, exit: -1 }

/** The log of events: one row for each batch, which costs a tenth of one for each event. */
export class EventLog {
  readonly #insert: StatementSync
  readonly #select: StatementSync
  readonly #prune: StatementSync
  readonly #last: StatementSync
  readonly #keep: number
  #seq: number
  #lastSize = 0

  constructor(database: DatabaseSync, keep: number) {
    this.#insert = database.prepare('INSERT INTO log (last, count, version, body) VALUES (?, ?, ?, ?)')
    this.#select = database.prepare('SELECT last, count, version, body FROM log WHERE last >= ? ORDER BY last')
    this.#prune = database.prepare('DELETE FROM log WHERE last <= ?')
    this.#last = database.prepare('SELECT max(last) AS last FROM log')
    this.#keep = keep
    this.#seq = this.#stored()
  }

  /** Number of the last event. */
  get seq(): number {
    return this.#seq
  }

  /** How large the last batch is as it is stored. */
  get lastSize(): number {
    return this.#lastSize
  }

  /** Append a batch; returns the number of its last event. */
  append(events: readonly EngineEvent[], plans: StoredPlans): number {
    this.#lastSize = 0
    if (events.length === 0) return this.#seq
    const body = events.map((event) => {
      const plan = event.type === 'canvas-sent' ? inLog(event, plans) : undefined
      return plan === undefined ? event : { ...event, plan }
    })
    this.#seq += events.length
    const packed = pack(body)
    this.#lastSize = packedSize(packed)
    this.#insert.run(this.#seq, events.length, EVENT_VERSION, packed)
    this.#prune.run(this.#seq - this.#keep)
    return this.#seq
  }

  /** Events from a number on, at most so many. */
  read(from: number, limit: number, plans: StoredPlans): StoredEvent[] {
    const first = Math.max(from, 1, this.#seq - this.#keep + 1)
    const found: StoredEvent[] = []
    if (limit <= 0) return found
    for (const row of this.#select.iterate(first)) {
      const start = (row.last as number) - (row.count as number) + 1
      for (const [index, event] of (unpack(row.body as Packed) as EngineEvent[]).entries()) {
        if (start + index < first) continue
        found.push({ seq: start + index, version: row.version as number, event: withPlan(event, plans) })
        if (found.length >= limit) return found
      }
    }
    return found
  }

  /** Go back to what is stored: the transaction that appended last was rolled back, or was not. */
  reread(): number {
    this.#seq = this.#stored()
    return this.#seq
  }

  #stored(): number {
    return Number(this.#last.get()?.last ?? 0)
  }
}

function inLog({ id, plan }: CanvasSent, plans: StoredPlans): PlanInLog | undefined {
  const only = plan.nodes.length === 1 ? plan.nodes[0] : undefined
  if (only?.kind === 'task') {
    const single = plans.knownSpec(only.spec)
    return single === undefined ? undefined : { single, args: only.args, kwargs: only.kwargs }
  }
  const stored = plans.numberOfPlan(id)
  return stored === undefined ? undefined : { stored }
}

function withPlan(event: EngineEvent, plans: StoredPlans): EngineEvent {
  if (!('plan' in event)) return event
  const plan = event.plan as Plan | PlanInLog
  if ('stored' in plan) return { ...event, plan: plans.plan(plan.stored) ?? GONE }
  if (!('single' in plan)) return event
  const spec = plans.spec(plan.single)
  if (spec === undefined) return { ...event, plan: GONE }
  return {
    ...event,
    plan: { nodes: [{ kind: 'task', spec, args: plan.args, kwargs: plan.kwargs, next: END }], entry: 0, exit: 0 },
  }
}
