import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { LetterChange, LetterRow } from '@umbel/core'
import { type Packed, pack, unpack } from './pack.ts'

/** Fields that are left out where there is nothing in them. */
const BARE = { kwargs: undefined, workflow: undefined, parent: undefined, settles: undefined, redrivenAs: undefined }

/** Dead letters in a table of their own, up to a bound; the oldest go first. All within the transactions of the store. */
export class LetterTable {
  readonly #keep: number
  #count: number
  readonly #statements: Record<'put' | 'get' | 'list' | 'discard' | 'oldest' | 'count', StatementSync>

  constructor(database: DatabaseSync, keep: number) {
    this.#keep = keep
    this.#statements = {
      put: database.prepare(
        'INSERT INTO letters (id, body) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body',
      ),
      get: database.prepare('SELECT body FROM letters WHERE id = ?'),
      list: database.prepare('SELECT body FROM letters WHERE id > ? ORDER BY id LIMIT ?'),
      discard: database.prepare('DELETE FROM letters WHERE id = ?'),
      oldest: database.prepare('DELETE FROM letters WHERE n IN (SELECT n FROM letters ORDER BY n LIMIT ?)'),
      count: database.prepare('SELECT count(*) AS count FROM letters'),
    }
    this.#count = this.#counted()
  }

  change(change: LetterChange): void {
    switch (change.type) {
      case 'add':
        this.#put(change.letter)
        this.#count += 1 // at most: one that was there already is counted twice until the bound is looked at
        return this.#prune()
      case 'redriven': {
        const letter = this.get(change.id)
        if (letter !== undefined) this.#put({ ...letter, redrivenAs: change.as })
        return
      }
      case 'discard':
        this.#count -= Number(this.#statements.discard.run(change.id).changes)
    }
  }

  get(id: string): LetterRow | undefined {
    const found = this.#statements.get.get(id)
    return found === undefined ? undefined : letterIn(found)
  }

  list(after: string, limit: number): LetterRow[] {
    return this.#statements.list.all(after, limit).map(letterIn)
  }

  /** Count again: the transaction was rolled back. */
  recount(): void {
    this.#count = this.#counted()
  }

  #put(letter: LetterRow): void {
    this.#statements.put.run(letter.id, pack(letter))
  }

  #prune(): void {
    if (this.#count <= this.#keep) return
    this.recount()
    if (this.#count > this.#keep) this.#count -= Number(this.#statements.oldest.run(this.#count - this.#keep).changes)
  }

  #counted(): number {
    return Number(this.#statements.count.get()?.count)
  }
}

function letterIn({ body }: Record<string, unknown>): LetterRow {
  const letter = unpack(body as Packed) as LetterRow
  const attempts = letter.attempts.map((past) => ({ ...past, startedAt: past.startedAt, error: past.error }))
  return { ...BARE, ...letter, attempts, spec: withAll(letter.spec) }
}

/** A spec with the fields that are left out where there is nothing in them. */
const withAll = (spec: LetterRow['spec']): LetterRow['spec'] => ({
  ...spec,
  countdown: spec.countdown,
  eta: spec.eta,
  expires: spec.expires,
})
