import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Report } from './contract.ts'

/** A server that runs. */
export interface RunningServer {
  /** Its address, without a slash at the end. */
  readonly url: string
  /** Ask it what it saw. */
  report(): Promise<Report>
  stop(): Promise<void>
}

/** Start the API in a thread of its own; each of its users has so many pages. */
export async function startServer(pagesOfUser: number): Promise<RunningServer> {
  const thread = new Worker(new URL('./server.ts', import.meta.url), { workerData: { pagesOfUser } })
  const [port] = await once(thread, 'message')
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    report: async () => (await fetch(`${url}/report`)).json() as Promise<Report>,
    stop: async () => void (await thread.terminate()),
  }
}
