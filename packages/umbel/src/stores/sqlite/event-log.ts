import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type EngineEvent, EVENT_VERSION, type StoredEvent } from '@umbel/core'
import { type LogRow, LogTable } from './log-table.ts'
import { type Packed, packedSize } from './pack.ts'
import { packEvents, type StoredPlans, unpackEvents } from './packed-events.ts'

/** The log of events: one row for each batch, which costs a tenth of one for each event. */
export class EventLog {
  readonly #table: LogTable
  readonly #select: StatementSync
  readonly #last: StatementSync
  readonly #keep: number
  #seq: number
  #lastSize = 0

  constructor(database: DatabaseSync, keep: number) {
    this.#table = new LogTable(database)
    this.#select = database.prepare('SELECT last, count, version, body FROM log WHERE last >= ? ORDER BY last')
    this.#last = database.prepare('SELECT max(last) AS last FROM log')
    this.#keep = keep
    this.#seq = this.stored()
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
    const row = this.next(events, plans)
    this.#table.put(row)
    return row.last
  }

  /** The row of a batch that others append: its events have their numbers with it. */
  next(events: readonly EngineEvent[], plans: StoredPlans): LogRow {
    const body = packEvents(events, plans)
    this.#seq += events.length
    this.#lastSize = packedSize(body)
    return { last: this.#seq, count: events.length, version: EVENT_VERSION, body, forget: this.#seq - this.#keep }
  }

  /** The batch that others were to append last was not appended. */
  takeBack({ count }: LogRow): void {
    this.#seq -= count
  }

  /** Events from a number on, at most so many. */
  read(from: number, limit: number, plans: StoredPlans): StoredEvent[] {
    const first = Math.max(from, 1, this.#seq - this.#keep + 1)
    const found: StoredEvent[] = []
    if (limit <= 0) return found
    for (const row of this.#select.iterate(first)) {
      const start = (row.last as number) - (row.count as number) + 1
      for (const [index, event] of unpackEvents(row.body as Packed, plans).entries()) {
        if (start + index < first) continue
        found.push({ seq: start + index, version: row.version as number, event })
        if (found.length >= limit) return found
      }
    }
    return found
  }

  /** Go back to what is stored: the transaction that appended last was rolled back, or was not. */
  reread(): number {
    this.#seq = this.stored()
    return this.#seq
  }

  /** Number of the last event that is stored. */
  stored(): number {
    return Number(this.#last.get()?.last ?? 0)
  }
}
