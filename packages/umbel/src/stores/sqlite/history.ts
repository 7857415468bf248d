import { DatabaseSync } from 'node:sqlite'
import { type ChartRow, type StoredEvent, umbelError } from '@umbel/core'
import { versionOf } from './database.ts'
import { EventLog } from './event-log.ts'
import { SCHEMA_VERSION } from './schema.ts'
import { storeError } from './sqlite-error.ts'
import { StoredRows } from './stored-rows.ts'

/** What a file has of its runs, as of one moment. */
export interface History {
  /** The runs, as they stand. */
  readonly runs: readonly ChartRow[]
  /** The log of events, as far back as it is kept. */
  readonly events: readonly StoredEvent[]
}

/** Read the runs and the log of a file, whoever owns it. Nothing is written. @throws UMBEL_STORE_OLDER, UMBEL_STORE_NEWER, UMBEL_STORE_CORRUPT, UMBEL_STORE_FAILED */
export function readHistory(file: string): History {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(file, { readOnly: true })
    database.exec('BEGIN') // both as of one moment
    checkVersion(file, versionOf(database))
    const rows = new StoredRows(database)
    const log = new EventLog(database, Number.MAX_SAFE_INTEGER)
    const runs = [...rows.all()].filter((row) => row.kind === 'chart')
    return { runs, events: log.read(1, Number.MAX_SAFE_INTEGER, rows.table) }
  } catch (error) {
    throw storeError(error, file)
  } finally {
    database?.close()
  }
}

function checkVersion(file: string, version: number): void {
  if (version === SCHEMA_VERSION) return
  const says = `${file} has version ${version} of the schema; this Umbel reads ${SCHEMA_VERSION}.`
  throw umbelError(version < SCHEMA_VERSION ? 'UMBEL_STORE_OLDER' : 'UMBEL_STORE_NEWER', says)
}
