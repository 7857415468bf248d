import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

// What the thread of `checkpoints.ts` runs: asked by a message, it moves pages from SQLite's log into the file, and answers with how many the log had.
const database = new DatabaseSync(workerData.file)
database.exec(`PRAGMA busy_timeout = 0; PRAGMA synchronous = ${workerData.sync}`)
const checkpoint = database.prepare('PRAGMA wal_checkpoint(PASSIVE)')

parentPort?.on('message', () => {
  let pages = 0
  try {
    pages = Number(checkpoint.get()?.log)
  } catch {
    // the pages stay in the log, and are moved the next time
  }
  parentPort?.postMessage(pages)
})
