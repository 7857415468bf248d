import { constants, DatabaseSync } from 'node:sqlite'
import { umbelError } from '@umbel/core'
import { OWN_TABLES } from './schema.ts'

const {
  SQLITE_OK,
  SQLITE_DENY,
  SQLITE_SELECT,
  SQLITE_READ,
  SQLITE_INSERT,
  SQLITE_UPDATE,
  SQLITE_DELETE,
  SQLITE_FUNCTION,
} = constants

/** What SQL may do to rows of tables that are not ours. Endless queries (recursive ones) would keep the main loop busy for ever. */
const ROWS: ReadonlySet<number> = new Set([
  SQLITE_SELECT,
  SQLITE_READ,
  SQLITE_INSERT,
  SQLITE_UPDATE,
  SQLITE_DELETE,
  SQLITE_FUNCTION,
])

/** What a user's own code outside of handlers may do besides: make and change its tables. */
const TABLES: ReadonlySet<number> = new Set([
  ...ROWS,
  constants.SQLITE_RECURSIVE,
  constants.SQLITE_CREATE_TABLE,
  constants.SQLITE_CREATE_INDEX,
  constants.SQLITE_CREATE_VIEW,
  constants.SQLITE_CREATE_TRIGGER,
  constants.SQLITE_ALTER_TABLE,
  constants.SQLITE_DROP_TABLE,
  constants.SQLITE_DROP_INDEX,
  constants.SQLITE_DROP_VIEW,
  constants.SQLITE_DROP_TRIGGER,
  constants.SQLITE_REINDEX,
  constants.SQLITE_CREATE_VTABLE,
  constants.SQLITE_DROP_VTABLE,
])

/** What asks about a table as its second argument, after a name of something that belongs to it. */
const OF_TABLE: ReadonlySet<number> = new Set([
  constants.SQLITE_CREATE_INDEX,
  constants.SQLITE_CREATE_TRIGGER,
  constants.SQLITE_ALTER_TABLE,
  constants.SQLITE_DROP_INDEX,
  constants.SQLITE_DROP_TRIGGER,
])

/** The table that an action is about. */
function tableOf(action: number, first: string | null, second: string | null): string | undefined {
  if (action === SQLITE_FUNCTION) return undefined
  return (OF_TABLE.has(action) ? second : first)?.toLowerCase()
}

/** Whose SQL it is: of a handler, which may be wrong or worse, or of the app's own code. */
export type Whose = 'handler' | 'app'

/** Whether this Node lets us see what a statement does before it does it: from 24.10 on. */
export const CAN_GUARD: boolean = typeof DatabaseSync.prototype.setAuthorizer === 'function'

/**
 * Keeps the SQL of users from the store's own tables, and from transactions, pragmas and other files. SQLite asks it about all that a
 * statement touches, by its triggers too, as the statement is prepared.
 */
export class Guard {
  readonly #database: DatabaseSync
  #whose: Whose | undefined
  #refused: string | undefined
  #installed = false

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** Do something with SQL of a user's. @throws UMBEL_CANNOT_WRITE where it touches what it may not; what SQLite throws */
  run<T>(whose: Whose, act: () => T): T {
    this.#install()
    this.#whose = whose
    this.#refused = undefined
    try {
      return act()
    } catch (cause) {
      if (this.#refused === undefined) throw cause
      throw umbelError('UMBEL_CANNOT_WRITE', `A statement was refused: ${this.#refused}.`, { cause })
    } finally {
      this.#whose = undefined
    }
  }

  /** Once: every statement prepared so far is prepared anew after it. */
  #install(): void {
    if (this.#installed) return
    this.#database.setAuthorizer((action, first, second) =>
      this.#whose === undefined || this.#allows(action, first, second) ? SQLITE_OK : SQLITE_DENY,
    )
    this.#installed = true
  }

  #allows(action: number, first: string | null, second: string | null): boolean {
    // full-text tables ask for it whenever they are read
    if (action === constants.SQLITE_PRAGMA && first === 'data_version') return true
    const allowed = this.#whose === 'app' ? TABLES : ROWS
    if (!allowed.has(action)) return this.#refuse(`it does more than to change rows (action ${action} of SQLite)`)
    const table = tableOf(action, first, second)
    if (table === undefined) return true
    if (OWN_TABLES.has(table) || table.startsWith('umbel_'))
      return this.#refuse(`${table} is a table of the store's own`)
    if (this.#whose === 'handler' && table.startsWith('sqlite_'))
      return this.#refuse(`${table} is a table of SQLite's own`)
    return true
  }

  #refuse(why: string): false {
    this.#refused ??= why
    return false
  }
}
