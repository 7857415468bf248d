import type { DatabaseSync } from 'node:sqlite'
import type { Batch } from '@umbel/core'
import type { EventLog } from './event-log.ts'
import { Journal, type Stored } from './journal.ts'
import { writeEntry } from './journal-entry.ts'
import { replayJournal } from './journal-replay.ts'
import type { Lease } from './lease.ts'
import type { LogRow } from './log-table.ts'
import type { Packed } from './pack.ts'
import type { Retention } from './retention.ts'
import type { RowTable } from './row-table.ts'
import type { SqliteSettings } from './settings.ts'

/** What a batch is stored with. */
export interface JournaledParts {
  readonly database: DatabaseSync
  readonly rows: RowTable
  readonly log: EventLog
  readonly retention: Retention
  readonly lease: Lease
}

/** What a batch came to that is stored. `lost`: the thread has ended before it was, and nothing of it is. */
export type Taken =
  | ({ readonly seq: number } & Extract<Stored, { kind: 'stored' | 'unsafe' }>)
  | { readonly kind: 'lost' }

/**
 * Stores batches of plain tasks by way of the journal: nothing but rows of tasks outside of workflows, and events. What those rows come to is worked
 * out here, as for any other batch, and only written elsewhere; all of it is taken back where that fails.
 */
export class Journaled {
  readonly #journal: Journal
  /** Whether how many rows have ended has to be counted before anything is dropped. */
  #recounts = false
  #replayed = false

  constructor({ file, sync }: SqliteSettings) {
    this.#journal = new Journal(file, sync, () => {
      this.#recounts = true
    })
  }

  /** Whether a batch is to be stored this way. `alone`: nothing of it came from another process. */
  takes(batch: Batch, { retention, lease }: JournaledParts, alone: boolean): boolean {
    const { rows, writes, letters, effects, events } = batch
    const plain =
      alone &&
      !this.#recounts &&
      retention.byNumber &&
      events.length > 0 &&
      writes === undefined &&
      letters === undefined &&
      effects === undefined &&
      rows.every((row) => row.kind === 'task' && row.workflow === undefined)
    return this.#journal.takes(plain, lease.token)
  }

  /** Store a batch. `alone`: nothing else is to be done meanwhile, and the thread waits for the disk, too. `undefined` where there is more to it than it seemed. Rejects with what SQLite threw. */
  commit(batch: Batch, parts: JournaledParts, alone: boolean): Promise<Taken> | undefined {
    const outcome = workedOut(batch, parts)
    if (outcome === undefined) {
      this.#journal.passBy() // the next one is likely to be of the same kind
      return undefined
    }
    const { row, written, takeBack } = outcome
    return new Promise((resolve, reject) => {
      this.#journal.put(row, batch.rows.length, written, alone, (stored) => {
        const known = stored.kind === 'unknown' ? this.#find(row.last, parts) : stored
        if (known.kind === 'stored' || known.kind === 'unsafe') {
          parts.rows.committed()
          return resolve({ ...known, seq: row.last })
        }
        takeBack()
        if (known.kind === 'lost') resolve(known)
        else reject(known.cause)
      })
      if (alone) this.#journal.linger()
    })
  }

  /**
   * Have all that was handed over in its tables, and keep the main loop meanwhile: before anything is read or written in another way.
   * @throws what SQLite threw
   */
  settle(parts: JournaledParts): void {
    this.#journal.settle()
    if (this.#journal.ended && !this.#replayed) this.#replay(parts)
    if (!this.#recounts) return
    parts.retention.recount()
    this.#recounts = false
  }

  close(): Promise<void> {
    return this.#journal.close()
  }

  /** What became of a batch that was handed to a thread which has ended. */
  #find(last: number, parts: JournaledParts): Exclude<Stored, { kind: 'unknown' }> | { kind: 'lost' } {
    try {
      this.#replay(parts)
      parts.lease.renew() // which waits for the disk
      return parts.log.stored() >= last ? { kind: 'stored', waited: 0 } : { kind: 'lost' }
    } catch (cause) {
      return { kind: 'unsafe', cause } // the journal may have it: who says that it is refused may see it run
    }
  }

  /** Put what a thread which has ended has left in the journal where it belongs. What it would have dropped is not known any more. */
  #replay({ database, lease }: JournaledParts): void {
    lease.check()
    replayJournal(database)
    this.#replayed = true
    this.#recounts = true
  }
}

/** What a batch comes to. */
interface Outcome {
  readonly row: LogRow
  /** See `writeEntry`. */
  readonly written: Packed
  /** Have all as it was before. */
  readonly takeBack: () => void
}

/** Work out what a batch comes to; `undefined` where there is more to it than it seemed. Where that throws, all is as it was before. */
function workedOut(batch: Batch, { rows, log, retention }: JournaledParts): Outcome | undefined {
  const steps: (() => void)[] = [() => rows.rolledBack()]
  const takeBack = (): void => {
    for (const step of steps) step()
  }
  try {
    const isNew = new Set<string>()
    for (const event of batch.events)
      if (event.type === 'canvas-sent' && event.redrives === undefined) isNew.add(event.id)
    const put = rows.puts(batch.rows, (id) => isNew.has(id))
    if (put === undefined) return undefined
    const { ended, ...changes } = put
    const row = log.next(batch.events, rows)
    steps.push(() => log.takeBack(row))
    for (const root of ended) retention.ended(root)
    const excess = retention.takeExcess()
    steps.push(() => retention.takeBack(ended, excess))
    return { row, written: writeEntry({ ...changes, excess }), takeBack }
  } catch (error) {
    takeBack()
    throw error
  }
}
