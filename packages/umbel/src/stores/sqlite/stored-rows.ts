import type { DatabaseSync } from 'node:sqlite'
import { CHANGED, readEntry, SENT, type Value } from './journal-entry.ts'
import { JournalTable } from './journal-table.ts'
import type { Packed } from './pack.ts'
import type { RowRecord, TableRow } from './row-record.ts'
import { RowTable } from './row-table.ts'

/** What the journal has about rows, as it came to be. */
interface Journaled {
  readonly sent: ReadonlyMap<string, RowRecord>
  readonly changed: ReadonlyMap<number, Pick<RowRecord, 'state' | 'ended_at' | 'body'>>
}

/** The rows of a file for whoever does not own it: with what its owner has stored in the journal, and not put into their table yet. */
export class StoredRows {
  readonly #rows: RowTable
  readonly #journal: JournalTable

  constructor(database: DatabaseSync) {
    this.#rows = new RowTable(database)
    this.#journal = new JournalTable(database)
  }

  /** What events of the log refer to. */
  get table(): RowTable {
    return this.#rows
  }

  get(id: string): TableRow | undefined {
    const record = this.#rows.record(id)
    if (this.#journal.empty) return record === undefined ? undefined : this.#rows.read(record)
    const { sent, changed } = this.#journaled()
    const now = record === undefined ? sent.get(id) : { ...record, ...changed.get(record.n) }
    return now === undefined ? undefined : this.#rows.read(now)
  }

  children(id: string): string[] {
    const children = new Set(this.#rows.children(id))
    for (const row of this.#journaled().sent.values()) if (row.parent === id) children.add(row.id)
    return [...children]
  }

  /** Every row there is, in the order they came to be. */
  *all(): Generator<TableRow> {
    const { sent, changed } = this.#journaled()
    const seen = new Set<string>()
    for (const record of this.#rows.records()) {
      if (sent.has(record.id)) seen.add(record.id)
      yield this.#rows.read({ ...record, ...changed.get(record.n) })
    }
    for (const record of sent.values()) if (!seen.has(record.id)) yield this.#rows.read(record)
  }

  #journaled(): Journaled {
    const sent = new Map<string, RowRecord>()
    const changed = new Map<number, Pick<RowRecord, 'state' | 'ended_at' | 'body'>>()
    const ids = new Map<number, string>()
    for (const { written } of this.#journal.all()) {
      const entry = readEntry(written)
      for (let at = 0; at < entry.sent.length; at += SENT) {
        const record = recordOf(entry.sent.slice(at, at + SENT))
        sent.set(record.id, record)
        ids.set(record.n, record.id)
      }
      for (let at = 0; at < entry.changed.length; at += CHANGED) {
        const [n, state, ended_at, body] = entry.changed.slice(at, at + CHANGED) as [
          number,
          string,
          number | null,
          Packed,
        ]
        const change = { state, ended_at, body }
        changed.set(n, change)
        const before = sent.get(ids.get(n) ?? '')
        if (before !== undefined) sent.set(before.id, { ...before, ...change })
      }
    }
    return { sent, changed }
  }
}

function recordOf(values: readonly Value[]): RowRecord {
  const [n, id, state, task, parent, sent_at, ended_at, spec, fixed, body] = values
  const own = { n, id, state, task, parent, sent_at, ended_at, spec, fixed, body }
  return { ...own, kind: 'task', workflow: null, size: 1, plan: null } as RowRecord
}
