import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Effect, Encoded } from '@umbel/core'
import { type Packed, pack, unpack } from './pack.ts'

/** What effects came to, in a table of their own. They go with the row of their task. All within the transactions of the store. */
export class EffectTable {
  readonly #statements: Record<'put' | 'get' | 'drop', StatementSync>
  /** Whether there may be any: where nobody uses them, dropping costs nothing. */
  #any: boolean

  constructor(database: DatabaseSync) {
    this.#statements = {
      put: database.prepare('INSERT INTO umbel_effects (task, name, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING'),
      get: database.prepare('SELECT body FROM umbel_effects WHERE task = ? AND name = ?'),
      // of a workflow those of its nodes: their ids begin with its own and a slash, behind which 0 is the next sign
      drop: database.prepare(`DELETE FROM umbel_effects WHERE n IN (SELECT n FROM umbel_effects WHERE task = ?1
        UNION ALL SELECT n FROM umbel_effects WHERE task > ?1 || '/' AND task < ?1 || '0')`),
    }
    this.#any = database.prepare('SELECT 1 FROM umbel_effects LIMIT 1').get() !== undefined
  }

  /** The first that is recorded under a name stands. */
  put({ task, name, result }: Effect): void {
    this.#any = true
    this.#statements.put.run(task, name, pack({ result }))
  }

  get(task: string, name: string): Encoded | undefined {
    const row = this.#any ? this.#statements.get.get(task, name) : undefined
    return row === undefined ? undefined : (unpack(row.body as Packed) as { readonly result: Encoded }).result
  }

  /** Drop those of a task, or of all nodes of a workflow. */
  drop(id: string): void {
    if (this.#any) this.#statements.drop.run(id)
  }
}
