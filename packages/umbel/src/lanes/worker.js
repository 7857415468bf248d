import { workerData } from 'node:worker_threads'

/** @typedef {(work: readonly unknown[]) => Promise<unknown>} RunWork */

/**
 * The file every thread starts with. It can hardly fail to load, which matters: Piscina never replaces a thread that does.
 * So it imports nothing of the user's, and the runtime only once there is someone to tell when that fails.
 * @type {RunWork | undefined}
 */
let runWork

/** @type {RunWork} */
export default async function work(items) {
  if (runWork === undefined) {
    const runtime = await import(workerData.runtime)
    runWork = /** @type {RunWork} */ (runtime.runWork)
  }
  return runWork(items)
}
