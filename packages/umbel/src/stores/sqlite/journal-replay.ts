import type { DatabaseSync } from 'node:sqlite'
import { Backlog } from './backlog.ts'
import { rollBack } from './database.ts'
import { JournalTable } from './journal-table.ts'

/** Put what stands in the journal into its tables, in a transaction of its own: whoever put it there has ended before it did. */
export function replayJournal(database: DatabaseSync): void {
  if (new JournalTable(database).empty) return
  database.exec('BEGIN IMMEDIATE')
  try {
    const backlog = new Backlog(database)
    backlog.read()
    backlog.finish()
    backlog.leave()
    database.exec('COMMIT')
  } catch (error) {
    rollBack(database)
    throw error
  }
}
