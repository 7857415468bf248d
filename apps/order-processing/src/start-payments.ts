import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { PaymentReport } from './ledger.ts'

/** A payment server that runs. */
export interface Payments {
  /** Its address, without a slash at the end. */
  readonly url: string
  stop(): Promise<void>
}

/** Start the payment server in a thread of its own, with a quota of requests a second for each customer. */
export async function startPayments(quota: number, seed: number): Promise<Payments> {
  const thread = new Worker(new URL('./payment-server.ts', import.meta.url), { workerData: { quota, seed } })
  const [port] = await once(thread, 'message')
  return { url: `http://127.0.0.1:${port}`, stop: async () => void (await thread.terminate()) }
}

/** Ask a payment server what it has done. */
export const paymentReport = async (url: string): Promise<PaymentReport> =>
  (await fetch(`${url}/report`)).json() as Promise<PaymentReport>
