import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { TaskSpec } from '@umbel/core'
import { type Packed, pack, unpack } from './pack.ts'

/** Most specs that are kept in the table; what is more stands in the rows themselves. */
const MOST_SPECS = 10_000

/**
 * Keeps once the specs that several tasks share: those of calls without options of their own. A spec that was met once may be
 * the only one of its kind, so it stands in its row until it is met again.
 */
export class SpecTable {
  readonly #insert: StatementSync
  readonly #select: StatementSync
  readonly #find: StatementSync
  readonly #numbers = new WeakMap<TaskSpec, number>()
  readonly #met = new WeakSet<TaskSpec>()
  readonly #specs = new Map<number, TaskSpec>()
  /** Those of the transaction that is open, which may yet be rolled back. */
  #fresh: TaskSpec[] = []
  #count: number

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare('INSERT INTO specs (spec) VALUES (?)')
    this.#select = database.prepare('SELECT spec FROM specs WHERE n = ?')
    this.#find = database.prepare('SELECT n FROM specs WHERE spec = ?')
    this.#count = Number(database.prepare('SELECT count(*) AS count FROM specs').get()?.count)
  }

  /** The number under which a spec is kept, or is from now on; `undefined` where its row has to hold it. */
  numberOf(spec: TaskSpec): number | undefined {
    const known = this.#numbers.get(spec)
    if (known !== undefined) return known
    if (!this.#met.has(spec)) {
      this.#met.add(spec)
      return undefined
    }
    const packed = pack(spec)
    let n = this.#find.get(packed)?.n as number | undefined
    if (n === undefined) {
      if (this.#count >= MOST_SPECS) return undefined
      n = Number(this.#insert.run(packed).lastInsertRowid)
      this.#count += 1
    }
    this.#numbers.set(spec, n)
    this.#fresh.push(spec)
    return n
  }

  /** The number under which a spec is kept already. */
  known(spec: TaskSpec): number | undefined {
    return this.#numbers.get(spec)
  }

  /** What was met is stored. */
  committed(): void {
    this.#fresh = []
  }

  /** What was met since `committed` is not stored. */
  rolledBack(): void {
    for (const spec of this.#fresh) this.#numbers.delete(spec)
    this.#fresh = []
  }

  /** The spec of a number: one object for all rows, so that what is made for it is made once. */
  get(n: number): TaskSpec | undefined {
    let spec = this.#specs.get(n)
    if (spec === undefined) {
      const packed = this.#select.get(n)?.spec as Packed | undefined
      if (packed === undefined) return undefined
      spec = unpack(packed) as TaskSpec
      this.#specs.set(n, spec)
      this.#numbers.set(spec, n)
    }
    return spec
  }
}
