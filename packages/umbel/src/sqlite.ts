/** The store that survives its process: one SQLite file, by Node's own driver. An entry of its own, so that others load no SQLite. */
export {
  type OwnedStore,
  type SqliteSenderOptions,
  type SqliteStoreOptions,
  sqliteStore,
} from './stores/sqlite/sqlite-store.ts'
export type { Loss } from './stores/sqlite/store.ts'
export type { TableRow, Tables } from './stores/sqlite/tables.ts'
