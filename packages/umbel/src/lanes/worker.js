import { workerData } from 'node:worker_threads'

/**
 * The file every thread starts with. It can hardly fail to load, which matters: Piscina never replaces a thread that does.
 * So it imports nothing of the user's, and the runtime beside its own loading: a thread that takes another's place is soon
 * warm, and a failure is told once there is someone to tell.
 * @type {Promise<unknown>}
 */
const loading = import(workerData.runtime)
loading.catch(() => {})

/** What Piscina runs in a thread, once: what it has to do comes through the port that the runtime says hello with. */
export default async function load() {
  await loading
}
