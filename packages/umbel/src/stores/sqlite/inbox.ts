import type { DatabaseSync } from 'node:sqlite'
import {
  type EngineEvent,
  type Entry,
  type FoundEntry,
  type Inbox,
  type Reply,
  type TaskSpec,
  toErrorData,
  umbelError,
} from '@umbel/core'
import { systemClock } from '../../system.ts'
import { Bell } from './bell.ts'
import { type EntryRecord, entryIn, InboxTable } from './inbox-table.ts'

/** Specs kept so that entries with the same one share it, as calls of one process do. */
const MOST_SPECS = 1_000

/** Runs something in a transaction of the owner's. */
type Transaction = <T>(write: () => T) => T

/** The inbox of a file, as its owner has it: knows the events it gave by what they are, so that each leaves with its batch. */
export class SqliteInbox implements Inbox {
  readonly #file: string
  readonly #transaction: Transaction
  #table: InboxTable | undefined
  /** Number of the last entry that was given. */
  #last = 0
  /** Events that were given and are not stored, and the requests that are not answered. */
  readonly #events = new Map<EngineEvent, number>()
  readonly #requests = new Set<number>()
  readonly #specs = new Map<string, TaskSpec>()
  #bell: Bell | undefined

  constructor(file: string, transaction: Transaction) {
    this.#file = file
    this.#transaction = transaction
  }

  open(database: DatabaseSync): void {
    this.#table = new InboxTable(database)
  }

  close(): void {
    this.#bell?.close()
    this.#bell = undefined
    this.#table = undefined
  }

  watch(look: () => void): () => void {
    const bell = new Bell(this.#file)
    this.#bell = bell
    bell.listen(look)
    return () => bell.close()
  }

  take(limit: number): readonly FoundEntry[] {
    const records = this.#table?.after(this.#last, limit) ?? []
    const found: FoundEntry[] = []
    for (const record of records) {
      this.#last = record.n
      if (this.#requests.has(record.n)) continue
      const entry = this.#read(record)
      if (entry !== undefined) found.push({ ...entry, n: record.n })
    }
    return found
  }

  putBack(entry: FoundEntry): void {
    if (entry.kind === 'event') this.#events.delete(entry.event)
  }

  takeAgain(n: number): FoundEntry | undefined {
    const [record] = this.#table?.after(n - 1, 1) ?? []
    const entry = record?.n === n ? this.#read(record) : undefined
    return entry === undefined ? undefined : { ...entry, n }
  }

  answer(entry: FoundEntry, answer: Reply): void {
    this.#answer(entry.n, entry.kind === 'request' ? entry.id : entry.event.id, answer)
    if (entry.kind === 'request') this.#requests.delete(entry.n)
    else this.#events.delete(entry.event)
  }

  drop(entry: FoundEntry): void {
    this.#transaction(() => this.#table?.remove(entry.n))
    if (entry.kind === 'event') this.#events.delete(entry.event)
  }

  rewind(): void {
    this.#last = 0
    this.#events.clear()
  }

  /** Whether no event is on its way from here to the store. */
  get idle(): boolean {
    return this.#events.size === 0
  }

  /** Within the transaction of a batch: what came from here leaves. */
  leave(events: readonly EngineEvent[]): void {
    if (this.#events.size === 0) return
    for (const event of events) {
      const n = this.#events.get(event)
      if (n !== undefined) this.#table?.remove(n)
    }
  }

  /** The batch is stored. */
  left(events: readonly EngineEvent[]): void {
    if (this.#events.size > 0) for (const event of events) this.#events.delete(event)
  }

  #read(record: EntryRecord): Entry | undefined {
    try {
      const entry = entryIn(record)
      if (entry.kind === 'request') {
        this.#requests.add(record.n)
        return entry
      }
      const event = this.#sharing(entry.event)
      this.#events.set(event, record.n)
      return { kind: 'event', event }
    } catch (cause) {
      const error = umbelError('UMBEL_BAD_VALUE', `What was left under the id ${record.id} cannot be read`, { cause })
      this.#answer(record.n, record.id, { error: toErrorData(error) })
      return undefined
    }
  }

  #answer(n: number, id: string, answer: Reply): void {
    this.#transaction(() => {
      this.#table?.remove(n)
      this.#table?.putAnswer(id, answer, systemClock.now())
    })
  }

  /** The event with a spec that is one object for all that are the same: what is made for a spec is made once, and stored once. */
  #sharing(event: EngineEvent): EngineEvent {
    const only = event.type === 'canvas-sent' && event.plan.nodes.length === 1 ? event.plan.nodes[0] : undefined
    if (event.type !== 'canvas-sent' || only?.kind !== 'task') return event
    const text = JSON.stringify(only.spec)
    const spec = this.#specs.get(text) ?? only.spec
    if (spec === only.spec) {
      if (this.#specs.size >= MOST_SPECS) this.#specs.clear()
      this.#specs.set(text, spec)
      return event
    }
    return { ...event, plan: { ...event.plan, nodes: [{ ...only, spec }] } }
  }
}
