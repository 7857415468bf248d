import {
  type Clock,
  type Duration,
  didYouMean,
  milliseconds,
  type SenderStore,
  type Store,
  umbelError,
} from '@umbel/core'
import { systemClock, warn } from '../../system.ts'
import type { Sync } from './database.ts'
import { SqliteSenderStore } from './sender-store.ts'
import type { Loss } from './settings.ts'
import { SqliteStore } from './store.ts'
import type { Tables } from './tables.ts'

/** The ways in which something ends. */
type EndState = 'SUCCESS' | 'FAILURE' | 'REVOKED' | 'REJECTED' | 'IGNORED'

/** How a SQLite store keeps what it keeps. */
export interface SqliteStoreOptions {
  /** `owner` (default): this process runs what is in the file. See `SqliteSenderOptions` for the other way. */
  readonly as?: 'owner'
  /**
   * What a stored batch has survived once `accepted` resolves. `full` (default): the end of the process and of the machine's
   * power. `normal`: the end of the process; a loss of power may take the last commits, and never parts of one. `off`: the
   * end of the process; a loss of power may damage the file.
   */
  readonly sync?: Sync
  /** Rows kept of what has ended in each state, one number for all or one for each; the oldest go first. Default 100,000. */
  readonly keepEnded?: number | Partial<Readonly<Record<EndState, number>>>
  /** How long what has ended is kept at most. Default: as long as `keepEnded` allows. */
  readonly resultTtl?: Duration
  /** Events kept in the log. Default 10,000. */
  readonly keepEvents?: number
  /** Dead letters kept, whatever else is; the oldest go first. Default 10,000. */
  readonly keepLetters?: number
  /** Keys of tasks kept with their results, whatever else is, and a hundredth more at most; the oldest go first. Default 100,000. */
  readonly keepKeys?: number
  /** What to do while another app owns the file: `fail` (default) with UMBEL_STORE_OWNED, or `wait` for it to end. */
  readonly whenOwned?: 'fail' | 'wait'
  /** How long an owner may be silent (its process stopped, or its main loop blocked) before another may follow it. Default `10s`. */
  readonly lease?: Duration
  /**
   * Called as the file is opened and has less in it than was committed: it was removed or replaced by an older copy, a part of SQLite's
   * log was damaged, or the power was lost where `sync` does not wait for the disk. What is there is sound. Default: a warning of the process, with the code UMBEL_STORE_LOST.
   */
  readonly onLoss?: (loss: Loss) => void
  /**
   * Make your own tables in the file, as it is opened and before any task starts: in a transaction, each time. It must not be
   * asynchronous. Tables may not be called as the store's own are, nor `umbel_...`, and need Node 24.10 or newer.
   */
  readonly setup?: (tables: Tables) => unknown
  /** Source of time by which `resultTtl` goes, for tests a `SimulatedClock`. Default: the machine's. */
  readonly clock?: Clock
}

/** How a process has a SQLite file that another one owns. */
export interface SqliteSenderOptions {
  /** This process only sends: the app runs nothing, claims nothing, and leaves what it sends to the owner of the file. */
  readonly as: 'sender'
  /** What a send has survived once `accepted` resolves: as for the owner. Default `full`. */
  readonly sync?: Sync
  /** Things that may wait in the file for an owner, those of all senders together, before a send is refused with UMBEL_INBOX_FULL. Default 100,000. */
  readonly mostSent?: number
}

const SENDER_OPTIONS = ['as', 'sync', 'mostSent']
const OPTIONS = [
  'as',
  'sync',
  'keepEnded',
  'resultTtl',
  'keepEvents',
  'keepLetters',
  'keepKeys',
  'whenOwned',
  'lease',
  'onLoss',
  'setup',
  'clock',
]
/** A store that its app owns. */
export interface OwnedStore extends Store {
  /**
   * Change your own tables and send, both or neither: rows and tasks are stored in one transaction. `act` is called once its turn has come, must not be
   * asynchronous, reads what it has written, and sends by `delay`; resolves with what it gives once that is stored. Where it throws, nothing is stored, and
   * what it sent is refused. It starts its app.
   * @throws what `act` throws; UMBEL_BAD_TRANSACTION, UMBEL_NO_APP, UMBEL_APP_STOPPED, or the store's own errors
   */
  transaction<T>(act: (tables: Tables) => T): Promise<T>
}

const END_STATES: readonly EndState[] = ['SUCCESS', 'FAILURE', 'REVOKED', 'REJECTED', 'IGNORED']

/**
 * Keep everything in a SQLite file, which is made where there is none: the app goes on where it was when its process ended. One process
 * owns the file and runs what is in it; with `as: 'sender'` any other one of the machine sends to it and awaits results.
 * @throws UMBEL_BAD_OPTION, UMBEL_BAD_DURATION
 */
export function sqliteStore(file: string, options?: SqliteStoreOptions): OwnedStore
export function sqliteStore(file: string, options: SqliteSenderOptions): SenderStore
export function sqliteStore(file: string, options: SqliteStoreOptions | SqliteSenderOptions): Store | SenderStore
export function sqliteStore(file: string, options: SqliteStoreOptions | SqliteSenderOptions = {}): Store | SenderStore {
  if (typeof file !== 'string' || file === '' || file.includes('\0') || file.startsWith(':memory:'))
    throw umbelError('UMBEL_BAD_OPTION', 'sqliteStore() takes the path of a file.')
  if (oneOf('as', options.as ?? 'owner', ['owner', 'sender']) === 'sender')
    return senderStore(file, options as SqliteSenderOptions)
  return ownerStore(file, options as SqliteStoreOptions)
}

function senderStore(file: string, options: SqliteSenderOptions): SenderStore {
  checkOptions(options, SENDER_OPTIONS)
  return new SqliteSenderStore({
    file,
    sync: oneOf('sync', options.sync ?? 'full', ['full', 'normal', 'off']),
    mostSent: whole('mostSent', options.mostSent ?? 100_000),
  })
}

function ownerStore(file: string, options: SqliteStoreOptions): OwnedStore {
  checkOptions(options, OPTIONS)
  const { resultTtl, setup, clock = systemClock } = options
  if (setup !== undefined && typeof setup !== 'function')
    throw umbelError('UMBEL_BAD_OPTION', `setup of sqliteStore() is ${typeof setup}, not a function.`)
  const most = mostOf(options.keepEnded ?? 100_000)
  return new SqliteStore({
    file,
    sync: oneOf('sync', options.sync ?? 'full', ['full', 'normal', 'off']),
    keeping: { most, ttl: resultTtl === undefined ? undefined : milliseconds(resultTtl, 'resultTtl') },
    keepEvents: whole('keepEvents', options.keepEvents ?? 10_000),
    keepLetters: whole('keepLetters', options.keepLetters ?? 10_000),
    keepKeys: whole('keepKeys', options.keepKeys ?? 100_000),
    whenOwned: oneOf('whenOwned', options.whenOwned ?? 'fail', ['fail', 'wait']),
    onLoss: options.onLoss ?? warnOfLoss,
    setup,
    lease: Math.max(100, milliseconds(options.lease ?? '10s', 'lease')),
    clock,
  })
}

function checkOptions(options: object, known: readonly string[]): void {
  const strange = Object.keys(options).find((name) => !known.includes(name))
  if (strange === undefined) return
  const owners = OPTIONS.includes(strange) ? ' for a sender' : ''
  throw umbelError(
    'UMBEL_BAD_OPTION',
    `sqliteStore() has no option ${strange.slice(0, 80)}${owners}.${didYouMean(strange, known)}`,
  )
}

function warnOfLoss({ file, first, last }: Loss): void {
  const message = `${file} has lost the events ${first} to ${last}, which were committed: it was removed or replaced, or its log damaged.`
  warn(message, 'UMBEL_STORE_LOST')
}

function mostOf(keepEnded: NonNullable<SqliteStoreOptions['keepEnded']>): (state: string) => number {
  if (typeof keepEnded === 'number') {
    const most = whole('keepEnded', keepEnded)
    return () => most
  }
  const byState = new Map<string, number>()
  for (const [state, most] of Object.entries(keepEnded)) {
    oneOf('keepEnded', state, END_STATES)
    byState.set(state, whole(`keepEnded.${state}`, most))
  }
  return (state) => byState.get(state) ?? 100_000
}

function oneOf<T extends string>(option: string, value: T, known: readonly T[]): T {
  if (known.includes(value)) return value
  throw umbelError(
    'UMBEL_BAD_OPTION',
    `${option} of sqliteStore() is ${String(value).slice(0, 80)}, not one of ${known.join(', ')}.`,
  )
}

function whole(option: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw umbelError('UMBEL_BAD_OPTION', `${option} of sqliteStore() is ${String(value)}, not a number from 1.`)
}
