import { fdatasyncSync, openSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'

// What the thread of `syncs.ts` runs: each time the number in the cell has grown, it waits until all that was written to SQLite's log is on
// the disk. It sleeps on the cell, as a message would take three times as long to wake it.
const log = openSync(workerData.log, 'r+')
const asked = /** @type {Int32Array} */ (workerData.asked)

parentPort?.postMessage(undefined)
for (let answered = 0; ; ) {
  Atomics.wait(asked, 0, answered)
  answered = Atomics.load(asked, 0)
  fdatasyncSync(log)
  parentPort?.postMessage(undefined)
}
