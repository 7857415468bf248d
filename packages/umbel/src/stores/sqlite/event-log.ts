import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type EngineEvent, EVENT_VERSION, type Plan, type StoredEvent } from '@umbel/core'
import { type Packed, pack, unpack } from './pack.ts'

/** A plan in an event: the number of a stored one, where there is one. */
interface PlanNumber {
  readonly stored: number
}

/** What the log needs of the plans that workflows have. */
export interface StoredPlans {
  numberOfPlan(workflow: string): number | undefined
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

  constructor(database: DatabaseSync, keep: number) {
    this.#insert = database.prepare('INSERT INTO log (last, count, version, body) VALUES (?, ?, ?, ?)')
    this.#select = database.prepare('SELECT last, count, version, body FROM log WHERE last >= ? ORDER BY last')
    this.#prune = database.prepare('DELETE FROM log WHERE last <= ?')
    this.#last = database.prepare('SELECT max(last) AS last FROM log')
    this.#keep = keep
    this.#seq = this.#stored()
  }

  /** Append a batch; returns the number of its last event. */
  append(events: readonly EngineEvent[], plans: StoredPlans): number {
    if (events.length === 0) return this.#seq
    const body = events.map((event) => {
      if (!('plan' in event) || event.plan.nodes.length === 1) return event
      const stored = event.type === 'canvas-sent' ? plans.numberOfPlan(event.id) : undefined
      return stored === undefined ? event : { ...event, plan: { stored } satisfies PlanNumber }
    })
    this.#seq += events.length
    this.#insert.run(this.#seq, events.length, EVENT_VERSION, pack(body))
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

function withPlan(event: EngineEvent, plans: StoredPlans): EngineEvent {
  if (!('plan' in event) || !('stored' in event.plan)) return event
  return { ...event, plan: plans.plan((event.plan as unknown as PlanNumber).stored) ?? GONE }
}
