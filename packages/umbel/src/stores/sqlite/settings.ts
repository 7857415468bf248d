import type { Clock } from '@umbel/core'
import type { Sync } from './database.ts'
import type { Keeping } from './retention.ts'
import type { Tables } from './tables.ts'

/** What a file has lost: events that were committed once, and are not in its log any more. */
export interface Loss {
  readonly file: string
  /** Number of the first event that is gone, and of the last. */
  readonly first: number
  readonly last: number
}

/** Options of the store with everything filled in. */
export interface SqliteSettings {
  readonly file: string
  readonly sync: Sync
  readonly keeping: Keeping
  readonly keepEvents: number
  readonly keepLetters: number
  readonly keepKeys: number
  readonly whenOwned: 'fail' | 'wait'
  readonly onLoss: (loss: Loss) => void
  readonly setup: ((tables: Tables) => unknown) | undefined
  /** Milliseconds that an owner may be silent. */
  readonly lease: number
  /** What tells how old something is. Leases go by the machine's own time: they are between processes. */
  readonly clock: Clock
}
