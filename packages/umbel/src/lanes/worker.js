import { workerData } from 'node:worker_threads'

/** @typedef {(work: readonly unknown[]) => Promise<unknown>} RunWork */
/** @typedef {{ readonly runWork: RunWork }} Runtime */

/**
 * The file every thread starts with. It can hardly fail to load, which matters: Piscina never replaces a thread that does.
 * So it imports nothing of the user's, and the runtime beside its own loading: a thread that takes another's place is soon
 * warm, and a failure is told once there is someone to tell.
 * @type {Promise<Runtime>}
 */
const loading = import(workerData.runtime)
loading.catch(() => {})

/** @type {Runtime | undefined} */
let runtime

/** @type {RunWork} */
export default async function work(items) {
  runtime ??= await loading
  return runtime.runWork(items)
}
