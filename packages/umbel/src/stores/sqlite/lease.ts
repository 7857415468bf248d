import { hostname } from 'node:os'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type Clock, umbelError } from '@umbel/core'
import { isProcessAlive } from '../../system.ts'

/** What stands in the file about who owns it. */
export interface OwnerRow {
  readonly token: number
  readonly pid: number | null
  readonly host: string | null
  /** When it became the owner, and when it last said that it still is, in milliseconds since the epoch. */
  readonly since: number | null
  readonly at: number | null
}

/**
 * Who may write: one owner at a time, by a lease that it renews. Each has a number greater than all before it, which stands in
 * the file and is looked at in every transaction: an owner that was thought dead finds another's there and writes nothing.
 */
export class Lease {
  readonly #file: string
  readonly #clock: Clock
  readonly #length: number
  readonly #select: StatementSync
  readonly #take: StatementSync
  readonly #renew: StatementSync
  readonly #release: StatementSync
  readonly #database: DatabaseSync
  #token = -1

  /** `length`: milliseconds after which an owner that has not renewed its lease may be followed by another. */
  constructor(file: string, database: DatabaseSync, clock: Clock, length: number) {
    this.#file = file
    this.#clock = clock
    this.#length = length
    this.#database = database
    this.#select = database.prepare('SELECT token, pid, host, since, at FROM owner')
    this.#take = database.prepare(
      'UPDATE owner SET token = token + 1, pid = ?, host = ?, since = ?, at = ? RETURNING token',
    )
    this.#renew = database.prepare('UPDATE owner SET at = ? WHERE token = ?')
    this.#release = database.prepare('UPDATE owner SET pid = NULL, host = NULL, at = NULL WHERE token = ?')
  }

  /** The owner's number. */
  get token(): number {
    return this.#token
  }

  /** Become the owner. @throws UMBEL_STORE_OWNED while another one is */
  take(): void {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      const owner = this.#select.get() as unknown as OwnerRow
      const now = this.#clock.now()
      if (isOwned(owner, now, this.#length)) throw this.#owned(owner, now)
      this.#token = this.#take.get(process.pid, hostname(), now, now)?.token as number
      this.#database.exec('COMMIT')
    } catch (error) {
      this.#database.exec('ROLLBACK')
      throw error
    }
  }

  /** Within a transaction, before anything is written: make sure to be the owner still. @throws UMBEL_STORE_FENCED */
  check(): void {
    if (this.#select.get()?.token === this.#token) return
    throw umbelError('UMBEL_STORE_FENCED', `${this.#file} has another owner by now.`)
  }

  /** Say that it is still alive. @throws UMBEL_STORE_FENCED */
  renew(): void {
    if (this.#renew.run(this.#clock.now(), this.#token).changes === 1) return
    throw umbelError('UMBEL_STORE_FENCED', `${this.#file} has another owner by now.`)
  }

  /** Let the next one have it. */
  release(): void {
    this.#release.run(this.#token)
  }

  #owned({ pid, host, at }: OwnerRow, now: number): Error {
    const age = now - (at ?? now)
    return umbelError(
      'UMBEL_STORE_OWNED',
      `${this.#file} is owned by process ${pid} on ${host}, which was last heard of ${age} ms ago.`,
      { details: { pid, host, age } },
    )
  }
}

/** Whether the owner that is written down may be at work: it has not been silent for too long, and its process is not known to be gone. */
export function isOwned({ pid, host, since, at }: OwnerRow, now: number, length: number): boolean {
  if (pid === null || at === null || now - at >= length) return false
  if (host !== hostname()) return true
  // in a container the next process may have the number of the one before
  return isProcessAlive(pid, since ?? now)
}
