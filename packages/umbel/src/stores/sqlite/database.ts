import { accessSync, closeSync, constants, linkSync, openSync, readSync, rmSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { umbelError } from '@umbel/core'
import { isOpenHere, openedHere } from './open-here.ts'
import { APPLICATION_ID, MIGRATIONS, OWN_TABLES, SCHEMA_VERSION, TABLES } from './schema.ts'
import { storeError } from './sqlite-error.ts'

/** When SQLite waits for the disk: see `SqliteStoreOptions.sync`. */
export type Sync = 'full' | 'normal' | 'off'

/** The largest file whose whole structure is looked through as it is opened, in bytes. */
const CHECKED_WHOLE = 64 * 2 ** 20

/**
 * Pages of SQLite's log at which the commit that comes to them moves them into the file, and the log begins anew. A thread has moved nearly
 * all of them by then (`checkpoints.ts`): what a commit finds left is what was committed in the last moments.
 */
export const CHECKPOINT_PAGES = 4_000

/** Milliseconds to wait for another process that is writing at this moment. */
const BUSY = 1_000

/**
 * Open the file of a store as its owner does, or make it where there is none: a file that is not too large is looked through.
 * Whatever it is, nothing of it is overwritten.
 * @throws UMBEL_STORE_FOREIGN, UMBEL_STORE_CORRUPT, UMBEL_STORE_NEWER, UMBEL_STORE_READ_ONLY, UMBEL_STORE_FULL,
 * UMBEL_STORE_FAILED
 */
export function openDatabase(file: string, sync: Sync): DatabaseSync {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  const database = connect(file, sync)
  try {
    if (size <= CHECKED_WHOLE) checkStructure(file, database)
    return database
  } catch (error) {
    database.close()
    throw storeError(error, file)
  }
}

/** Open the file of a store without looking through it, or make it where there is none. @throws the same */
export function connect(file: string, sync: Sync): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    const stats = statSync(file, { throwIfNoEntry: false })
    if (stats === undefined) makeFile(file)
    else checkFile(file, stats)
    checkWritable(file)
    database = new DatabaseSync(file)
    openedHere(statSync(file), database)
    database.exec(`PRAGMA busy_timeout = ${BUSY}; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;
      PRAGMA journal_mode = WAL; PRAGMA synchronous = ${sync.toUpperCase()}; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};`)
    checkSchema(file, database)
    return database
  } catch (error) {
    database?.close()
    throw storeError(error, file)
  }
}

/** Bring the schema to the version that is known here, one version after the other. */
export function migrate(database: DatabaseSync): void {
  for (let version = versionOf(database); version < SCHEMA_VERSION; version += 1)
    database.exec(`BEGIN IMMEDIATE; ${MIGRATIONS[version]} PRAGMA user_version = ${version + 1}; COMMIT;`)
}

/** End a transaction without it. SQLite has rolled back by itself after some errors, and then has none to end. */
export function rollBack(database: DatabaseSync): void {
  try {
    database.exec('ROLLBACK')
  } catch {
    // nothing was open any more
  }
}

/** Version of the schema that a file has. */
export const versionOf = (database: DatabaseSync): number =>
  Number(database.prepare('PRAGMA user_version').get()?.user_version)

/** Make a new store beside its place and put it there whole: a process that dies meanwhile leaves no half of one. */
function makeFile(file: string): void {
  const beside = `${file}.new-${process.pid}`
  rmSync(beside, { force: true })
  try {
    closeSync(openSync(beside, 'wx', 0o600))
    const database = new DatabaseSync(beside)
    try {
      database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA application_id = ${APPLICATION_ID};`)
      migrate(database)
    } finally {
      database.close()
    }
    linkSync(beside, file)
  } catch (error) {
    // another process was faster
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    for (const suffix of ['', '-wal', '-shm']) rmSync(beside + suffix, { force: true })
  }
}

/** Refuse what is no store before SQLite has touched it. */
function checkFile(file: string, stats: Stats): void {
  if (!stats.isFile()) throw umbelError('UMBEL_STORE_FOREIGN', `${file} is no file.`)
  if (stats.size === 0) throw umbelError('UMBEL_STORE_CORRUPT', `${file} is empty.`)
  if (isOpenHere(stats)) return // it was looked at before
  const head = Buffer.alloc(100)
  const descriptor = openSync(file, 'r')
  try {
    readSync(descriptor, head, 0, 100, 0)
  } finally {
    closeSync(descriptor)
  }
  if (head.toString('latin1', 0, 16) !== 'SQLite format 3\0')
    throw umbelError('UMBEL_STORE_FOREIGN', `${file} is no SQLite file.`)
  if (head.readUInt32BE(68) !== APPLICATION_ID)
    throw umbelError('UMBEL_STORE_FOREIGN', `${file} is a SQLite file of something else.`)
}

function checkWritable(file: string): void {
  try {
    accessSync(file, constants.R_OK | constants.W_OK)
    accessSync(dirname(file), constants.W_OK)
  } catch (cause) {
    throw umbelError('UMBEL_STORE_READ_ONLY', `${file} or its folder cannot be written.`, { cause })
  }
}

function checkSchema(file: string, database: DatabaseSync): void {
  const version = versionOf(database)
  if (version > SCHEMA_VERSION) {
    const message = `${file} has version ${version} of the schema; this Umbel knows ${SCHEMA_VERSION}.`
    throw umbelError('UMBEL_STORE_NEWER', message)
  }
  const entries = database.prepare('SELECT type, name, lower(tbl_name) AS of FROM sqlite_schema').all()
  const has = (name: string): boolean => entries.some((entry) => entry.type === 'table' && entry.name === name)
  const lacking = TABLES.find((name) => !has(name))
  if (lacking !== undefined) throw umbelError('UMBEL_STORE_CORRUPT', `${file} has no table ${lacking}.`)
  // a trigger on a table of ours would run as part of every commit; tables of users may have some
  const strange = entries.find(({ type, of }) => (type === 'trigger' || type === 'view') && OWN_TABLES.has(`${of}`))
  if (strange !== undefined) throw umbelError('UMBEL_STORE_FOREIGN', `${file} has a ${strange.type}: ${strange.name}.`)
  checkReferences(file, database)
}

/** What a table of a user's refers to could not be dropped any more. */
function checkReferences(file: string, database: DatabaseSync): void {
  const references = database.prepare(`SELECT schema.name, lower(fk."table") AS of
    FROM sqlite_schema AS schema, pragma_foreign_key_list(schema.name) AS fk WHERE schema.type = 'table'`)
  const strange = references.all().find(({ of }) => OWN_TABLES.has(`${of}`))
  if (strange === undefined) return
  throw umbelError(
    'UMBEL_STORE_FOREIGN',
    `The table ${strange.name} of ${file} refers to ${strange.of}, which is the store's own.`,
  )
}

function checkStructure(file: string, database: DatabaseSync): void {
  const found = database.prepare('PRAGMA quick_check(1)').get()?.quick_check
  if (found !== 'ok') throw umbelError('UMBEL_STORE_CORRUPT', `${file} is damaged: ${String(found)}.`)
}
