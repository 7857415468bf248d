import type { DatabaseSync, StatementSync } from 'node:sqlite'
import {
  type CanvasSent,
  type ChartStarted,
  type EngineEvent,
  type Entry,
  EVENT_VERSION,
  type Reply,
} from '@umbel/core'
import { type Packed, pack, unpack } from './pack.ts'

/** Answers that are kept for senders that have not read them yet; the oldest go first. */
const MOST_ANSWERS = 10_000

/** An entry as it stands in the table. */
export interface EntryRecord {
  readonly n: number
  /** Of what the event is about, or of the request. */
  readonly id: string
  /** `request`, or the type of the event. */
  readonly kind: string
  readonly version: number
  readonly body: Packed
}

/** What senders leave for the owner, and what it answers. The transactions are those of whoever uses it. */
export class InboxTable {
  readonly #statements: Record<
    'put' | 'take' | 'remove' | 'withdraw' | 'sent' | 'size' | 'answer' | 'answered' | 'prune',
    StatementSync
  >

  constructor(database: DatabaseSync) {
    const prepare = (sql: string): StatementSync => database.prepare(sql)
    this.#statements = {
      put: prepare('INSERT INTO umbel_inbox (id, kind, version, at, body) VALUES (?, ?, ?, ?, ?)'),
      take: prepare('SELECT n, id, kind, version, body FROM umbel_inbox WHERE n > ? ORDER BY n LIMIT ?'),
      remove: prepare('DELETE FROM umbel_inbox WHERE n = ?'),
      withdraw: prepare("DELETE FROM umbel_inbox WHERE id = ? AND kind = 'request'"),
      sent: prepare(
        "SELECT body FROM umbel_inbox WHERE id = ? AND kind IN ('canvas-sent', 'chart-started') ORDER BY n LIMIT 1",
      ),
      // of numbers that follow one another the first and the last tell how many there are, and cost nothing
      size: prepare('SELECT (SELECT max(n) FROM umbel_inbox) - (SELECT min(n) FROM umbel_inbox) + 1 AS size'),
      answer: prepare(
        'INSERT INTO umbel_replies (id, at, body) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body',
      ),
      answered: prepare('SELECT body FROM umbel_replies WHERE id = ?'),
      prune: prepare('DELETE FROM umbel_replies WHERE n <= (SELECT max(n) FROM umbel_replies) - ?'),
    }
  }

  put(entry: Entry, at: number): void {
    if (entry.kind === 'request')
      this.#statements.put.run(entry.id, entry.kind, EVENT_VERSION, at, pack({ request: entry.request }))
    else this.#statements.put.run(entry.event.id, entry.event.type, EVENT_VERSION, at, pack({ event: entry.event }))
  }

  /** Entries behind a number, oldest first. */
  after(n: number, limit: number): readonly EntryRecord[] {
    return this.#statements.take.all(n, limit) as unknown as EntryRecord[]
  }

  remove(n: number): void {
    this.#statements.remove.run(n)
  }

  withdraw(id: string): void {
    this.#statements.withdraw.run(id)
  }

  /** What was sent under an id and is still here. */
  sent(id: string): CanvasSent | ChartStarted | undefined {
    const found = this.#statements.sent.get(id)
    return found === undefined
      ? undefined
      : ((unpack(found.body as Packed) as { event: EngineEvent }).event as CanvasSent | ChartStarted)
  }

  /** How many entries there are at most. */
  size(): number {
    return Number(this.#statements.size.get()?.size ?? 0)
  }

  putAnswer(id: string, answer: Reply, at: number): void {
    this.#statements.answer.run(id, at, pack(answer))
    this.#statements.prune.run(MOST_ANSWERS)
  }

  answer(id: string): Reply | undefined {
    const found = this.#statements.answered.get(id)
    return found === undefined ? undefined : (unpack(found.body as Packed) as Reply)
  }
}

/** Read an entry. @throws UMBEL_BAD_VALUE's like where it is none of this version */
export function entryIn({ id, kind, version, body }: EntryRecord): Entry {
  if (version !== EVENT_VERSION) throw new RangeError(`It has version ${version}; this Umbel knows ${EVENT_VERSION}.`)
  const { event, request } = unpack(body) as { readonly event?: EngineEvent; readonly request?: never }
  if (kind === 'request' && request !== undefined) return { kind, id, request }
  if (event?.type === kind && event.id === id) return { kind: 'event', event }
  throw new TypeError(`It is no ${kind} of ${id}.`)
}
