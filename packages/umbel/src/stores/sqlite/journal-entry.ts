import { type Packed, pack, unpack } from './pack.ts'

/** A value of a column. */
export type Value = Packed | number | null

/** What stands in `sent` for each row: n, id, state, task, parent, sent_at, ended_at, number of its spec, fixed, body. */
export const SENT = 10

/** What stands in `changed` for each row: n, state, ended_at, body. */
export const CHANGED = 4

/** What a batch of plain tasks changes, but for the log. Rows stand in flat lists: to write the names of fields for each takes longer than all else. */
export interface JournalEntry {
  /** Tasks that are new, `SENT` values each. */
  readonly sent: readonly Value[]
  /** What changes about tasks that are stored, `CHANGED` values each. */
  readonly changed: readonly Value[]
  /** How many of the oldest are dropped of what has ended in each state. */
  readonly excess: readonly (readonly [state: string, count: number])[]
}

/** An entry as the journal has it. */
export const writeEntry = (entry: JournalEntry): Packed => pack(entry)

/** Read what `writeEntry` made. @throws where it is damaged */
export const readEntry = (written: Packed): JournalEntry => unpack(written) as JournalEntry
