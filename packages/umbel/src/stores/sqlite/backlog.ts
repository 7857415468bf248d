import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { SteadyMap } from '../../steady-map.ts'
import { CHANGED, type JournalEntry, readEntry, SENT, type Value } from './journal-entry.ts'
import { JournalTable } from './journal-table.ts'
import { type Packed, packedSize } from './pack.ts'
import { TaskInserts } from './task-inserts.ts'

/** Batches after which a task that has not ended is stored as it is: until then it is likely to end, and to be stored once. */
const PATIENCE = 16

/** What is fixed about a row that may change again stands in a table of its own from this size on, so that no later state writes it again. */
export const LARGE = 1_024

/** What it takes to read a batch, in rows that are written. */
const READING = 16

/** From so many on it pays to drop what is small by one statement. */
const TOGETHER = 8

/** So many are dropped at once while there is more to come: each time that some are, a page or two of each index is written. */
const ENOUGH = 500

/** So many of the oldest of what has ended in a state. */
const OLDEST = 'FROM rows WHERE state = ? AND ended_at IS NOT NULL AND workflow IS NULL ORDER BY ended_at, n LIMIT ?'

/** Places of values: see `SENT`. */
const NUMBER = 0
const ID = 1
const STATE = 2
const ENDED_AT = 6
const FIXED = 8
const BODY = 9

/** A batch that is not wholly in its tables yet. */
interface Batch {
  /** Number of its last event. */
  readonly last: number
  /** How many rows it changes. */
  readonly size: number
  /** `undefined` once it is read. */
  written: Packed | undefined
  sent: Value[]
  changed: readonly Value[]
  excess: JournalEntry['excess']
  rows: Sent[]
  /** Things of it that are still to be done. */
  left: number
}

/** A task that is in no table yet. */
interface Sent {
  readonly kind: 'sent'
  readonly batch: Batch
  /** Where its values begin in what its batch has sent. */
  readonly at: number
  stored: boolean
}

/** A change of a row that is in its table; `at` as above. Of a batch as it comes, to read it, and to note what is too much once its rows are stored. */
interface Other {
  readonly kind: 'change' | 'read' | 'excess'
  readonly batch: Batch
  readonly at: number
}

type Work = Sent | Other

/**
 * What stands in the journal and is not in its tables yet. Tasks go there once they have ended, so that most are written once; those that have not
 * after a while go as they are. A batch leaves the journal behind all before it: their rows have what it changed about them. All within
 * transactions of whoever uses it; after one that was rolled back `read` is to be called.
 */
export class Backlog {
  readonly #journal: JournalTable
  readonly #statements: Record<
    'large' | 'update' | 'small' | 'drop' | 'oldest' | 'dropOne' | 'dropLarge' | 'effect',
    StatementSync
  >
  readonly #inserts: TaskInserts
  #batches: Batch[] = []
  /** By number. */
  #sent = new SteadyMap<Sent, number>()
  /**
   * What can be done, in this order: a list for what came of one batch, so that none is ever added to. One list of all would be old soon, and what is old
   * and gone keeps all that stood in it until the collector looks through everything.
   */
  readonly #work: Work[][] = []
  /** How much of the first list is done, and how much is to be done in all. */
  #worked = 0
  #left = 0
  /** Rows of batches that are not read. */
  #unread = 0
  /** How many are to be dropped in each state, and in all. */
  readonly #excess = new Map<string, number>()
  #toDrop = 0
  /** Whether it waits for more to come. */
  #waits = true
  /** Batches at the front that have had their patience. */
  #impatient = 0
  /** Number of the last event of the batches that are done, and have not left the journal. */
  #done = 0
  #keeps = false

  constructor(database: DatabaseSync) {
    const prepare = (sql: string): StatementSync => database.prepare(sql)
    this.#journal = new JournalTable(database)
    this.#inserts = new TaskInserts(database)
    this.#statements = {
      large: prepare('INSERT INTO large (id, fixed) VALUES (?, ?)'),
      update: prepare('UPDATE rows SET state = ?, ended_at = ?, body = ? WHERE n = ?'),
      small: prepare(
        `SELECT count(*) AS count FROM (SELECT kind, fixed ${OLDEST}) WHERE kind = 'task' AND fixed IS NOT 0`,
      ),
      drop: prepare(`DELETE FROM rows WHERE n IN (SELECT n ${OLDEST})`),
      oldest: prepare(`SELECT n, id, kind = 'task' AS plain, fixed IS 0 AS large ${OLDEST}`),
      dropOne: prepare('DELETE FROM rows WHERE n = ?'),
      dropLarge: prepare('DELETE FROM large WHERE id = ?'),
      effect: prepare('SELECT 1 FROM umbel_effects LIMIT 1'),
    }
  }

  /** Whether all is where it belongs. */
  get empty(): boolean {
    return this.#batches.length === 0 && this.#toDrop === 0
  }

  /** How much can be done now: rows, more or less. */
  get size(): number {
    return this.#left + this.#unread + (this.#waits ? 0 : this.#toDrop)
  }

  /** Whether something that was to be dropped may have been kept, since this was asked last: how many rows there are has to be counted. */
  takeKeeps(): boolean {
    const keeps = this.#keeps
    this.#keeps = false
    return keeps
  }

  /** Take in a batch of so many rows that stands in the journal. */
  add(last: number, rows: number, written: Packed): void {
    const batch: Batch = { last, size: rows, written, sent: [], changed: [], excess: [], rows: [], left: 1 }
    this.#batches.push(batch)
    this.#todo([{ kind: 'read', batch, at: 0 }])
    this.#unread += rows
    this.#waits = true
  }

  /** Read what stands in the journal. What was to be dropped is kept: nobody knows whether it was dropped already. */
  read(): void {
    this.#keeps = true
    this.#batches = []
    this.#sent = new SteadyMap()
    this.#inserts.forget()
    this.#forgetWork()
    this.#unread = this.#impatient = this.#done = this.#toDrop = 0
    this.#excess.clear()
    for (const { last, written } of this.#journal.all()) {
      this.add(last, 0, written)
      const batch = this.#batches.at(-1) as Batch
      this.#read(batch)
      batch.excess = []
    }
  }

  /** Wait for nothing to end any more, and for no more that is to be dropped. */
  hurry(): void {
    this.#waits = false
    while (this.#impatient < this.#batches.length) this.#hurryNext()
  }

  /** Do so much of what can be done. */
  step(most: number): void {
    while (this.#batches.length - this.#impatient > PATIENCE) this.#hurryNext()
    for (let left = most; left > 0 && this.#left > 0; left -= 1) {
      const work = this.#nextWork()
      if (work.kind === 'sent') this.#store(work)
      else this.#do(work)
      if (work.kind === 'read') left -= READING
    }
    this.#inserts.finish()
    if (this.#toDrop > (this.#waits ? ENOUGH : 0)) this.#dropAll()
    while (this.#batches[0]?.left === 0) {
      this.#done = (this.#batches.shift() as Batch).last
      this.#impatient = Math.max(0, this.#impatient - 1)
    }
    if (this.#batches.length === 0) this.#forgetWork() // what is left was done when it was hurried
  }

  /** Put everything into its tables. */
  finish(): void {
    while (!this.empty) {
      this.hurry()
      this.step(this.size)
    }
  }

  /** The transaction is about to end: what is done leaves the journal. */
  leave(): void {
    if (this.#done > 0) this.#journal.drop(this.#done)
    this.#done = 0
  }

  #read(batch: Batch): void {
    if (batch.written === undefined) return
    const { sent, changed, excess } = readEntry(batch.written)
    batch.written = undefined
    batch.sent = sent as Value[]
    batch.changed = changed
    batch.excess = excess
    batch.left += sent.length / SENT
    this.#unread -= batch.size
    const work: Work[] = []
    for (let at = 0; at < sent.length; at += SENT) {
      const row: Sent = { kind: 'sent', batch, at, stored: false }
      batch.rows.push(row)
      this.#sent.add(sent[at] as number, row)
      if (sent[at + ENDED_AT] !== null) work.push(row)
    }
    for (let at = 0; at < changed.length; at += CHANGED) this.#change(batch, at, work)
    work.push({ kind: 'excess', batch, at: 0 })
    this.#todo(work)
  }

  #change(batch: Batch, at: number, work: Work[]): void {
    const { changed } = batch
    const row = this.#sent.get(changed[at] as number)
    if (row === undefined) {
      batch.left += 1
      work.push({ kind: 'change', batch, at })
      return
    }
    // what it was sent as is written no more
    const { sent } = row.batch
    sent[row.at + STATE] = changed[at + 1] as Value
    sent[row.at + ENDED_AT] = changed[at + 2] as Value
    sent[row.at + BODY] = changed[at + 3] as Value
    if (changed[at + 2] !== null) work.push(row)
  }

  #hurryNext(): void {
    const batch = this.#batches[this.#impatient] as Batch
    this.#read(batch) // those before it are read
    this.#todo(batch.rows.filter((row) => !row.stored))
    this.#impatient += 1
  }

  #todo(work: Work[]): void {
    if (work.length > 0) this.#work.push(work)
    this.#left += work.length
  }

  #forgetWork(): void {
    this.#work.length = 0
    this.#worked = this.#left = 0
  }

  #nextWork(): Work {
    const list = this.#work[0] as Work[]
    const work = list[this.#worked] as Work
    this.#worked += 1
    this.#left -= 1
    if (this.#worked < list.length) return work
    this.#work.shift()
    this.#worked = 0
    return work
  }

  #do({ kind, batch, at }: Other): void {
    if (kind === 'read') return this.#read(batch)
    batch.left -= 1
    if (kind === 'excess') return this.#tooMuch(batch.excess)
    this.#inserts.finish()
    const [n, state, endedAt, body] = batch.changed.slice(at, at + CHANGED) as [Value, Value, Value, Value]
    this.#statements.update.get(state, endedAt, body, n)
  }

  #store(row: Sent): void {
    if (row.stored) return
    row.stored = true
    row.batch.left -= 1
    const { sent } = row.batch
    this.#sent.delete(sent[row.at + NUMBER] as number)
    const fixed = sent[row.at + FIXED] as Packed | null
    if (sent[row.at + ENDED_AT] === null && fixed !== null && packedSize(fixed) >= LARGE) {
      const values = sent.slice(row.at, row.at + SENT)
      values[FIXED] = 0
      this.#inserts.add(values, 0)
      this.#inserts.finish()
      this.#statements.large.get(values[ID] as string, fixed)
    } else this.#inserts.add(sent, row.at)
  }

  #tooMuch(excess: JournalEntry['excess']): void {
    for (const [state, count] of excess) {
      this.#excess.set(state, (this.#excess.get(state) ?? 0) + count)
      this.#toDrop += count
    }
  }

  #dropAll(): void {
    for (const [state, count] of this.#excess) if (!this.#drop(state, count)) this.#keeps = true
    this.#excess.clear()
    this.#toDrop = 0
  }

  /** Drop so many of the oldest of what has ended in a state. Returns whether that was possible: of what is no single task others decide. */
  #drop(state: string, count: number): boolean {
    if (this.#statements.effect.get() !== undefined) return false
    if (count >= TOGETHER && this.#statements.small.get(state, count)?.count === count) {
      this.#statements.drop.get(state, count)
      return true
    }
    const oldest = this.#statements.oldest.all(state, count)
    for (const { n, id, plain, large } of oldest) {
      if (plain !== 1) return false
      this.#statements.dropOne.get(n as number)
      if (large === 1) this.#statements.dropLarge.get(id as string)
    }
    return oldest.length === count
  }
}
