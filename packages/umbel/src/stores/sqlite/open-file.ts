import type { DatabaseSync } from 'node:sqlite'
import { pause } from '../../system.ts'
import { migrate } from './database.ts'
import { EffectTable } from './effect-table.ts'
import { EventLog } from './event-log.ts'
import { Guard } from './guard.ts'
import { replayJournal } from './journal-replay.ts'
import type { JournaledParts } from './journaled.ts'
import { KeyTable } from './key-table.ts'
import type { Lease } from './lease.ts'
import { LetterTable } from './letter-table.ts'
import { Retention } from './retention.ts'
import { RowTable } from './row-table.ts'
import type { SqliteSettings } from './settings.ts'
import { storeError } from './sqlite-error.ts'
import { Statements } from './statements.ts'
import type { TablesParts } from './tables.ts'
import { UserWrites } from './user-writes.ts'

/** Milliseconds between two looks at a store that another process owns. */
const LOOK_AGAIN = 50

/** What there is while the file is open. */
export interface Open extends JournaledParts {
  readonly letters: LetterTable
  readonly keys: KeyTable
  readonly effects: EffectTable
  readonly writes: UserWrites
  readonly tables: TablesParts
}

/** Make a file ready for the owner it has now: its schema is brought up to date, and what an owner before has left in the journal goes to its tables. */
export function openFile(database: DatabaseSync, lease: Lease, settings: SqliteSettings): Open {
  const { keeping, keepEvents, keepLetters, keepKeys } = settings
  migrate(database)
  replayJournal(database)
  const effects = new EffectTable(database)
  const rows = new RowTable(database, effects)
  const guard = new Guard(database)
  return {
    database,
    rows,
    log: new EventLog(database, keepEvents),
    retention: new Retention(database, rows, keeping),
    letters: new LetterTable(database, keepLetters),
    keys: new KeyTable(database, keepKeys),
    effects,
    lease,
    writes: new UserWrites(database, guard),
    tables: { database, guard, statements: new Statements(database) },
  }
}

/** Become the owner, or wait until that is possible where so asked. @throws UMBEL_STORE_OWNED */
export async function own(lease: Lease, { file, whenOwned }: SqliteSettings, isClosed: () => boolean): Promise<void> {
  for (;;) {
    try {
      return lease.take()
    } catch (cause) {
      const error = storeError(cause, file)
      if (error.code !== 'UMBEL_STORE_OWNED' || whenOwned === 'fail') throw error
      if (isClosed()) throw error
      await pause(LOOK_AGAIN)
    }
  }
}
