import { fdatasyncSync, openSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'

// What the thread of `syncs.ts` runs: asked by a message, it waits until all that was written to SQLite's log is on the disk.
const log = openSync(workerData.log, 'r+')

parentPort?.on('message', () => {
  fdatasyncSync(log)
  parentPort?.postMessage(undefined)
})
parentPort?.postMessage(undefined)
