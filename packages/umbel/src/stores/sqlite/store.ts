import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type Batch,
  type Between,
  type Encoded,
  isKeyRowId,
  isReady,
  type LetterRow,
  type Row,
  type Store,
  type StoredEvent,
  type TaskWrites,
  type Timer,
  umbelError,
} from '@umbel/core'
import { nextTurn, systemClock } from '../../system.ts'
import { Checkpoints } from './checkpoints.ts'
import { CommitSize } from './commit-size.ts'
import { openDatabase, rollBack } from './database.ts'
import { CAN_GUARD } from './guard.ts'
import { HighWaterMark } from './high-water-mark.ts'
import { SqliteInbox } from './inbox.ts'
import { Journaled, type Taken } from './journaled.ts'
import { Lease } from './lease.ts'
import { type Open, openFile, own } from './open-file.ts'
import type { Root } from './row-table.ts'
import type { SqliteSettings } from './settings.ts'
import { isFenced, storeError } from './sqlite-error.ts'
import { Syncs } from './syncs.ts'
import { type Tables, withTables } from './tables.ts'
import { refusedTogether } from './user-writes.ts'

/** `writes`: those of handlers that are among it. `waits`: whether the disk is waited for afterwards. */
type TransactionOptions = { readonly writes?: readonly TaskWrites[] | undefined; readonly waits?: boolean }

/** Keeps rows and events in one SQLite file: a batch is one transaction, by one owner at a time. */
export class SqliteStore implements Store {
  readonly takesWrites = CAN_GUARD
  readonly inbox: SqliteInbox
  readonly #settings: SqliteSettings
  readonly #size = new CommitSize()
  readonly #mark: HighWaterMark
  readonly #checkpoints: Checkpoints
  readonly #syncs: Syncs | undefined
  readonly #journaled: Journaled
  /** Resolves once the disk has what was committed last; `undefined` where it has. */
  #safe: Promise<void> | undefined
  #open: Open | undefined
  #closed = false
  #between: Between | undefined
  /** Whether a user's transaction is open. */
  #within = false
  #renewal: Timer | undefined

  constructor(settings: SqliteSettings) {
    this.#settings = settings
    this.#mark = new HighWaterMark(settings.file)
    this.#checkpoints = new Checkpoints(settings.file, settings.sync)
    this.#syncs = settings.sync === 'full' ? new Syncs(`${settings.file}-wal`) : undefined
    this.#journaled = new Journaled(settings)
    this.inbox = new SqliteInbox(settings.file, (write) => this.#transaction(write))
  }

  /** The main loop is busy while they are stored. */
  get mostEvents(): number {
    return this.#size.events
  }

  async open(): Promise<void> {
    const { file, sync, lease: length, setup } = this.#settings
    const database = openDatabase(file, sync)
    try {
      const lease = new Lease(file, database, systemClock, length)
      await own(lease, this.#settings, () => this.#closed)
      this.#open = openFile(database, lease, this.#settings)
      const { tables, log } = this.#open
      if (setup !== undefined) this.#transaction(() => withTables(tables, setup))
      this.inbox.open(database)
      this.#tellLoss(log.seq)
      this.#renewLater()
    } catch (error) {
      this.#open = undefined
      database.close()
      throw storeError(error, file)
    }
  }

  connect(between: Between): void {
    this.#between = between
  }

  /** Run a user's transaction, with all that is sent within it: see `OwnedStore`. */
  async transaction<T>(act: (tables: Tables) => T): Promise<T> {
    if (typeof act !== 'function')
      throw umbelError('UMBEL_BAD_TRANSACTION', `store.transaction() was given ${typeof act}, not a function.`)
    if (this.#within) throw umbelError('UMBEL_BAD_TRANSACTION', 'A transaction was begun within another one.')
    if (this.#between === undefined)
      throw umbelError('UMBEL_NO_APP', `No app has been created with the store of ${this.#settings.file}.`)
    const inContext = AsyncLocalStorage.snapshot() // of the caller: it is called later
    let thrown: { readonly error: unknown } | undefined
    let seq = 0
    try {
      const given = await this.#between((settle) =>
        this.#transaction((open) => {
          let done: T
          this.#within = true
          try {
            done = inContext(() => withTables(open.tables, act))
          } catch (error) {
            thrown = { error }
            throw error
          } finally {
            this.#within = false
          }
          seq = this.#write(open, settle())
          return done
        }),
      )
      this.#mark.move(seq)
      return given
    } catch (error) {
      throw thrown === undefined ? error : thrown.error
    }
  }

  async commit(batch: Batch): Promise<number> {
    const open = this.#opened()
    if (this.#journaled.takes(batch, open, this.inbox.idle)) {
      const waits = this.#syncs?.ready('elsewhere') === true
      const taken = this.#journaled.commit(batch, open, this.#syncs !== undefined && !waits)
      if (taken !== undefined) return this.#journaledAs(taken, batch, waits)
    }
    return this.#commitHere(batch)
  }

  /** By a transaction of the main loop's. */
  async #commitHere(batch: Batch): Promise<number> {
    await nextTurn() // what was worked out before it had a turn of the loop for itself
    const { writes } = batch
    const waits = this.#syncs?.ready() === true
    const write = (open: Open): number => {
      if (writes !== undefined) open.writes.run(writes)
      return this.#write(open, batch)
    }
    const seq = this.#transaction(write, { writes, waits })
    this.#size.took(batch.events.length, this.#open?.log.lastSize ?? 0)
    this.inbox.left(batch.events)
    if (waits) this.#waitFor((this.#syncs as Syncs).done(), () => this.#mark.move(seq))
    else this.#mark.move(seq)
    // what came in meanwhile belongs to the next transaction
    await nextTurn()
    return seq
  }

  /** A batch goes by way of the journal. `waits`: whether the disk is waited for afterwards. */
  async #journaledAs(taken: Promise<Taken>, batch: Batch, waits: boolean): Promise<number> {
    try {
      const stored = await taken
      if (stored.kind === 'lost') return this.#commitHere(batch)
      const { seq } = stored
      this.#size.took(batch.events.length, this.#open?.log.lastSize ?? 0)
      this.#checkpoints.committed()
      if (stored.kind === 'unsafe') this.#waitFor(nextTurn().then(() => Promise.reject(stored.cause)))
      else if (waits) this.#waitFor((this.#syncs as Syncs).done(), () => this.#mark.move(seq))
      else {
        this.#syncs?.waited(stored.waited)
        this.#mark.move(seq)
        await nextTurn() // the loop may have lingered for it
      }
      return seq
    } catch (error) {
      throw storeError(error, this.#settings.file)
    }
  }

  safe(): Promise<void> | undefined {
    return this.#safe
  }

  async get(id: string): Promise<Row | undefined> {
    return this.#row(id)
  }

  peek(id: string): Row | undefined {
    // before it is open nothing can be told at once
    return this.#open === undefined ? undefined : this.#row(id)
  }

  #row(id: string): Row | undefined {
    return this.#read(({ rows, keys }) => (isKeyRowId(id) ? keys.get(id) : rows.get(id)))
  }

  rest(id: string): void {
    this.#open?.rows.rest(id)
  }

  async children(id: string): Promise<readonly string[]> {
    return this.#read(({ rows }) => rows.children(id))
  }

  async *unfinished(): AsyncIterable<Row> {
    const rows = this.#read((open) => open.rows.unfinished())
    for (let next = this.#read(() => rows.next()); !next.done; next = this.#read(() => rows.next())) yield next.value
    yield* this.#read(({ keys }) => [...keys.held()])
  }

  async events(from: number, limit: number): Promise<readonly StoredEvent[]> {
    return this.#read(({ log, rows }) => log.read(from, limit, rows))
  }

  async effect(task: string, name: string): Promise<Encoded | undefined> {
    return this.#read(({ effects }) => effects.get(task, name))
  }

  async letter(id: string): Promise<LetterRow | undefined> {
    return this.#read(({ letters }) => letters.get(id))
  }

  async letters(after: string, limit: number): Promise<readonly LetterRow[]> {
    return this.#read(({ letters }) => letters.list(after, limit))
  }

  async drop(id: string): Promise<void> {
    const row = this.#row(id)
    if (row === undefined || row.kind === 'join') return
    if (row.kind === 'key') return row.state === 'held' ? undefined : this.#transaction(({ keys }) => keys.drop(id))
    if (row.kind === 'task' && (row.workflow !== undefined || !isReady(row.state))) return
    if ((row.kind === 'workflow' || row.kind === 'chart') && row.endedAt === undefined) return
    this.#transaction(({ rows, retention }) => {
      const root = rows.root(id) as Root
      rows.drop(root)
      if (row.kind !== 'stream') retention.dropped(root)
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#renewal?.cancel()
    await nextTurn() // what was to be committed before has its turn
    const open = this.#open
    if (open === undefined) return
    this.#open = undefined
    this.inbox.close()
    await this.#journaled.close()
    await this.#syncs?.close()
    this.#mark.close()
    await this.#checkpoints.close()
    try {
      open.lease.release()
    } finally {
      open.database.close()
    }
  }

  /** What a batch changes, within a transaction. Returns the number of its last event. */
  #write(open: Open, batch: Batch): number {
    for (const row of batch.rows) {
      const ended = row.kind === 'key' ? open.keys.put(row) : open.rows.put(row)
      if (ended !== undefined) open.retention.ended(ended)
    }
    for (const change of batch.letters ?? []) open.letters.change(change)
    for (const effect of batch.effects ?? []) open.effects.put(effect)
    open.retention.prune(this.#settings.clock.now())
    this.inbox.leave(batch.events)
    return open.log.append(batch.events, open.rows)
  }

  #tellLoss(seq: number): void {
    const { file, onLoss } = this.#settings
    const last = this.#mark.open()
    if (last > seq) onLoss({ file, first: seq + 1, last })
    this.#mark.move(seq)
  }

  #renewLater(): void {
    const { lease: length } = this.#settings
    this.#renewal = systemClock.setTimer(() => {
      try {
        this.#settled().lease.renew()
      } catch (error) {
        if (this.#closed || isFenced(error)) return // of another owner that has followed the next commit tells
      }
      this.#renewLater()
    }, length / 4)
    this.#renewal.keepAlive(false)
  }

  /** What was committed is known to be there once a thread has waited for the disk. */
  #waitFor(disk: Promise<void>, mark = () => {}): void {
    const safe = disk.then(mark, (cause: unknown) => {
      throw storeError(cause, this.#settings.file)
    })
    this.#safe = safe
    const end = (): void => {
      if (this.#safe === safe) this.#safe = undefined
    }
    safe.then(end, () => {}) // where it fails it stays, for whoever asks only then
  }

  /** Write all of it or nothing. */
  #transaction<T>(write: (open: Open) => T, { writes = [], waits = false }: TransactionOptions = {}): T {
    const open = this.#settled()
    const { database, lease, rows, log, retention, letters, keys } = open
    try {
      database.exec(waits ? 'PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE' : 'BEGIN IMMEDIATE')
      lease.check()
      const written = write(open)
      const since = systemClock.monotonic()
      database.exec(waits ? 'COMMIT; PRAGMA synchronous = FULL' : 'COMMIT')
      if (!waits) this.#syncs?.waited(systemClock.monotonic() - since)
      rows.committed()
      this.#checkpoints.committed()
      return written
    } catch (error) {
      rollBack(database)
      rows.rolledBack()
      log.reread()
      retention.recount()
      letters.recount()
      keys.recount()
      if (waits) database.exec('PRAGMA synchronous = FULL')
      throw refusedTogether(error, writes) ?? storeError(error, this.#settings.file)
    }
  }

  #read<T>(read: (open: Open) => T): T {
    const open = this.#settled()
    try {
      return read(open)
    } catch (error) {
      throw storeError(error, this.#settings.file)
    }
  }

  /** The open file, with all that went by way of the journal where it belongs. */
  #settled(): Open {
    const open = this.#opened()
    try {
      this.#journaled.settle(open)
      return open
    } catch (error) {
      throw storeError(error, this.#settings.file)
    }
  }

  #opened(): Open {
    if (this.#open !== undefined) return this.#open
    throw umbelError('UMBEL_STORE_FAILED', `${this.#settings.file} is not open.`)
  }
}
