import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

// What the thread of `checkpoints.ts` runs: asked by a message, it moves pages from SQLite's log into the file, and answers with how many
// the log had that had not been moved before.
const database = new DatabaseSync(workerData.file)
database.exec(`PRAGMA busy_timeout = 0; PRAGMA synchronous = ${workerData.sync}`)
const checkpoint = database.prepare('PRAGMA wal_checkpoint(PASSIVE)')

/** Pages from the beginning of the log that had been moved the last time. */
let before = 0

parentPort?.on('message', () => {
  let pages = 0
  try {
    const { log, checkpointed } = checkpoint.get() ?? {}
    // a log that is shorter than that has begun anew
    pages = Number(log) - (Number(log) < before ? 0 : before)
    before = Number(checkpointed)
  } catch {
    // the pages stay in the log, and are moved the next time
  }
  parentPort?.postMessage(pages)
})
