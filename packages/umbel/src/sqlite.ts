/** The store that survives its process: one SQLite file, by Node's own driver. An entry of its own, so that others load no SQLite. */

export type { Loss } from './stores/sqlite/settings.ts'
export {
  type OwnedStore,
  type SqliteSenderOptions,
  type SqliteStoreOptions,
  sqliteStore,
} from './stores/sqlite/sqlite-store.ts'
export type { TableRow, Tables } from './stores/sqlite/tables.ts'
export type { Difference } from './workflows/course.ts'
export type { ReplayedRun } from './workflows/replay.ts'
export { breaks, type ReplayCode, replayRuns } from './workflows/replay-runs.ts'
