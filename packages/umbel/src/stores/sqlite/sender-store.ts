import { closeSync, fdatasyncSync, openSync } from 'node:fs'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import {
  type EngineEvent,
  type Entry,
  type Owner,
  type Reply,
  type SenderStore,
  type Standing,
  umbelError,
} from '@umbel/core'
import { pause, systemClock } from '../../system.ts'
import { Bell } from './bell.ts'
import { connect, type Sync, versionOf } from './database.ts'
import { InboxTable } from './inbox-table.ts'
import { isOwned, type OwnerRow } from './lease.ts'
import { SCHEMA_VERSION } from './schema.ts'
import { isBusy, storeError } from './sqlite-error.ts'
import { StoredRows } from './stored-rows.ts'

/** Milliseconds for which the thread waits for a lock, between one try and the next, and after which nothing is tried any more. */
const LOCK_WAIT = 20
const TRY_AGAIN = 10
const GIVE_UP = 5_000

/** Milliseconds to wait for a lock while reading: nobody keeps readers out but for a moment. */
const READ_WAIT = 1_000

/** Milliseconds for which an owner on another machine may be silent. */
const SILENCE = 10_000

/** How a sender has a file. */
export interface SenderSettings {
  readonly file: string
  readonly sync: Sync
  /** Most entries in the inbox. */
  readonly mostSent: number
}

interface Open {
  readonly database: DatabaseSync
  readonly inbox: InboxTable
  readonly statements: Record<'used' | 'version' | 'token' | 'noteworthy' | 'data' | 'owner', StatementSync>
  /** Made anew for each owner: it remembers plans by numbers that the next one may give again. */
  rows: StoredRows
  token: unknown
}

/** The file of a store as a process has it that only sends: it writes to the inbox, in transactions of its own, and reads. */
export class SqliteSenderStore implements SenderStore {
  readonly as = 'sender'
  readonly file: string
  readonly #settings: SenderSettings
  readonly #bell: Bell
  #open: Open | undefined
  #closed = false
  #seen: unknown
  /** SQLite's log. */
  #log: number | undefined

  constructor(settings: SenderSettings) {
    this.#settings = settings
    this.file = settings.file
    this.#bell = new Bell(settings.file)
  }

  async open(): Promise<void> {
    const { file, sync } = this.#settings
    const database = connect(file, sync)
    try {
      const version = versionOf(database)
      if (version < SCHEMA_VERSION) throw older(file, version)
      const prepare = (sql: string): StatementSync => database.prepare(sql)
      this.#open = {
        database,
        inbox: new InboxTable(database),
        rows: new StoredRows(database),
        token: undefined,
        statements: {
          used: prepare(`SELECT 1 FROM rows WHERE id = ?1
            UNION ALL SELECT 1 FROM umbel_inbox WHERE id = ?1 AND kind IN ('canvas-sent', 'chart-started') LIMIT 1`),
          version: prepare('PRAGMA user_version'),
          token: prepare('SELECT token FROM owner'),
          noteworthy:
            prepare(`SELECT asked.value AS id FROM json_each(?) AS asked LEFT JOIN rows ON rows.id = asked.value
            WHERE rows.ended_at IS NOT NULL OR rows.kind = 'join'
              OR (rows.id IS NULL AND NOT EXISTS (SELECT 1 FROM umbel_inbox WHERE umbel_inbox.id = asked.value AND kind IN ('canvas-sent', 'chart-started')))`),
          data: prepare('PRAGMA data_version'),
          owner: prepare('SELECT token, pid, host, since, at FROM owner'),
        },
      }
    } catch (error) {
      database.close()
      throw storeError(error, file)
    }
  }

  async put(entries: readonly Entry[]): Promise<void> {
    const begun = systemClock.monotonic()
    for (;;) {
      try {
        this.#write((open) => this.#put(open, entries))
        return this.#bell.ring()
      } catch (cause) {
        if (!isBusy(cause)) throw storeError(cause, this.file)
        const waited = Math.round(systemClock.monotonic() - begun)
        if (waited < GIVE_UP) await pause(TRY_AGAIN)
        if (waited >= GIVE_UP || this.#closed)
          throw umbelError('UMBEL_STORE_BUSY', `${this.file} has been locked for ${waited} ms.`, { cause })
      }
    }
  }

  standing(id: string): Standing {
    return this.#read(({ rows, inbox }) => {
      const row = rows.get(id)
      if (row !== undefined) return { at: 'rows', row }
      const event = inbox.sent(id)
      if (event !== undefined) return { at: 'inbox', event }
      const answer = inbox.answer(id)
      return answer !== undefined && 'error' in answer ? { at: 'refused', error: answer.error } : { at: 'nowhere' }
    })
  }

  children(id: string): readonly string[] {
    return this.#read(({ rows }) => rows.children(id))
  }

  noteworthy(ids: readonly string[]): readonly string[] {
    const found = this.#read(({ statements }) => statements.noteworthy.all(JSON.stringify(ids)))
    if (found.length > 0) this.#wait()
    return found.map(({ id }) => id as string)
  }

  changed(): boolean {
    const before = this.#seen
    this.#seen = this.#opened().statements.data.get()?.data_version
    return this.#seen !== before
  }

  answer(id: string): Reply | undefined {
    return this.#read(({ inbox }) => inbox.answer(id))
  }

  withdraw(id: string): void {
    try {
      this.#write(({ inbox }) => inbox.withdraw(id))
    } catch {
      // it is answered after all, and nobody reads it
    }
  }

  owner(): Owner | undefined {
    const row = this.#read(({ statements }) => statements.owner.get()) as unknown as OwnerRow
    const { pid, host } = row
    return pid !== null && host !== null && isOwned(row, systemClock.now(), SILENCE) ? { pid, host } : undefined
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#bell.close()
    if (this.#log !== undefined) closeSync(this.#log)
    this.#log = undefined
    this.#open?.database.close()
    this.#open = undefined
  }

  /** Wait until the disk has what was just read: its owner may wait for that still. */
  #wait(): void {
    if (this.#settings.sync !== 'full') return
    try {
      this.#log ??= openSync(`${this.file}-wal`, 'r+')
      fdatasyncSync(this.#log)
    } catch (error) {
      throw storeError(error, this.file)
    }
  }

  #put(open: Open, entries: readonly Entry[]): void {
    const { inbox, statements } = open
    const version = Number(statements.version.get()?.user_version)
    if (version > SCHEMA_VERSION)
      throw umbelError('UMBEL_STORE_NEWER', `${this.file} has version ${version} of the schema by now.`)
    const { mostSent } = this.#settings
    const size = inbox.size()
    if (size + entries.length > mostSent)
      throw umbelError('UMBEL_INBOX_FULL', `${size} things wait in ${this.file} for an owner, of ${mostSent} that may.`)
    const now = systemClock.now()
    for (const entry of entries) {
      if (entry.kind === 'event' && isTaken(open, entry.event))
        throw umbelError('UMBEL_DUPLICATE_ID', `The id ${entry.event.id} was used before.`)
      inbox.put(entry, now)
    }
  }

  /** Write all of it or nothing. Throws what SQLite throws. */
  #write(write: (open: Open) => void): void {
    const open = this.#opened()
    const { database } = open
    database.exec(`PRAGMA busy_timeout = ${LOCK_WAIT}`)
    try {
      database.exec('BEGIN IMMEDIATE')
      write(open)
      database.exec('COMMIT')
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK')
      throw error
    } finally {
      database.exec(`PRAGMA busy_timeout = ${READ_WAIT}`)
    }
  }

  /** Read as of one moment. */
  #read<T>(read: (open: Open) => T): T {
    const open = this.#opened()
    const { database, statements } = open
    try {
      database.exec('BEGIN')
      const token = statements.token.get()?.token
      if (token !== open.token) {
        open.rows = new StoredRows(database)
        open.token = token
      }
      return read(open)
    } catch (error) {
      throw storeError(error, this.file)
    } finally {
      if (database.isTransaction) database.exec('COMMIT')
    }
  }

  #opened(): Open {
    if (this.#open !== undefined) return this.#open
    throw umbelError('UMBEL_STORE_FAILED', `${this.file} is not open.`)
  }
}

/** Whether something else has the id under which an event sends something or starts a run. */
function isTaken({ rows, inbox, statements }: Open, event: EngineEvent): boolean {
  // its owner may have it in the journal only
  if (event.type === 'canvas-sent')
    return statements.used.get(event.id) !== undefined || rows.get(event.id) !== undefined
  if (event.type !== 'chart-started') return false
  const row = rows.get(event.id)
  if (row !== undefined) return row.kind !== 'chart' || row.machine !== event.machine
  const sent = inbox.sent(event.id)
  return sent !== undefined && (sent.type !== 'chart-started' || sent.machine !== event.machine)
}

const older = (file: string, version: number): Error =>
  umbelError(
    'UMBEL_STORE_OLDER',
    `${file} has version ${version} of the schema; senders of this Umbel need ${SCHEMA_VERSION}.`,
  )
