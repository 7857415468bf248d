import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { KeyRow } from '@umbel/core'
import { type Packed, pack, unpack } from './pack.ts'

/** Keys of tasks in a table of their own: all that are held, and of those that are kept so many; the oldest go first. All within the transactions of the store. */
export class KeyTable {
  readonly #keep: number
  /** Keys that are kept; at most, as one that is put again is counted again until the bound is looked at. */
  #count: number
  readonly #statements: Record<'put' | 'get' | 'drop' | 'held' | 'all' | 'oldest' | 'count', StatementSync>

  constructor(database: DatabaseSync, keep: number) {
    this.#keep = keep
    this.#statements = {
      put: database.prepare(`INSERT INTO keys (id, kept_at, body) VALUES (?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET kept_at = excluded.kept_at, body = excluded.body`),
      get: database.prepare('SELECT body FROM keys WHERE id = ?'),
      drop: database.prepare('DELETE FROM keys WHERE id = ?'),
      held: database.prepare('SELECT body FROM keys WHERE kept_at IS NULL ORDER BY n'),
      all: database.prepare('SELECT body FROM keys ORDER BY n'),
      oldest: database.prepare(`DELETE FROM keys WHERE n IN
        (SELECT n FROM keys WHERE kept_at IS NOT NULL ORDER BY kept_at, n LIMIT ?)`),
      count: database.prepare('SELECT count(*) AS count FROM keys WHERE kept_at IS NOT NULL'),
    }
    this.#count = this.#counted()
  }

  /** Put a key in the place of the one of its id; one that is free is dropped. */
  put(row: KeyRow): void {
    if (row.state === 'free') return this.drop(row.id)
    this.#statements.put.run(row.id, row.state === 'kept' ? (row.endedAt ?? row.heldAt) : null, pack(row))
    if (row.state === 'held') return
    this.#count += 1
    // to count them takes time with their number: a hundredth more may be there until that is done
    if (this.#count <= this.#keep + Math.floor(this.#keep / 100)) return
    this.recount()
    if (this.#count > this.#keep) this.#count -= Number(this.#statements.oldest.run(this.#count - this.#keep).changes)
  }

  get(id: string): KeyRow | undefined {
    const found = this.#statements.get.get(id)
    return found === undefined ? undefined : keyIn(found)
  }

  drop(id: string): void {
    this.#statements.drop.run(id)
  }

  /** Those whose holders have not ended. */
  *held(): Generator<KeyRow> {
    for (const found of this.#statements.held.all()) yield keyIn(found)
  }

  /** Every key there is, in the order they came to be. */
  *all(): Generator<KeyRow> {
    for (const found of this.#statements.all.iterate()) yield keyIn(found)
  }

  /** Count again: the transaction was rolled back. */
  recount(): void {
    this.#count = this.#counted()
  }

  #counted(): number {
    return Number(this.#statements.count.get()?.count)
  }
}

/** Fields that are left out where there is nothing in them. */
const BARE = { kwargs: undefined, version: undefined, ttl: undefined, result: undefined, endedAt: undefined }

const keyIn = ({ body }: Record<string, unknown>): KeyRow => ({ ...BARE, ...(unpack(body as Packed) as KeyRow) })
