import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { parentPort, workerData } from 'node:worker_threads'
import { Ledger, type PaymentReport } from './ledger.ts'
import { Quota } from './quota.ts'
import { seeded, seedOf } from './seeded.ts'

// The payment API, in a thread of its own. It holds each customer to a quota, fails as its seed says, and charges each key once.

const { quota, seed } = workerData as { readonly quota: number; readonly seed: number }
const ledger = new Ledger()
const quotas = new Map<string, Quota>()
const times = new Map<string, number>()
let refused = 0
let requests = 0

const server = createServer((request, response) => {
  answer(request, response, performance.now()).catch(() => response.destroy())
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as AddressInfo).port))

interface Asked {
  readonly key: string
  readonly customer: string
  readonly amount: number
  readonly card: string
}

async function answer(request: IncomingMessage, response: ServerResponse, now: number): Promise<void> {
  const reply = (status: number, body: unknown): unknown =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  if (request.url === '/report') {
    const report: PaymentReport = { charges: ledger.charges, refused, requests }
    return void reply(200, report)
  }
  const asked = (await json(request)) as Asked
  requests += 1
  const wait = quotaOf(asked.customer).arrive(now)
  if (wait > 0) {
    refused += 1
    response.setHeader('retry-after', Math.ceil(wait / 1_000))
    return void reply(429, { error: `Too many requests of ${asked.customer}.`, wait })
  }
  const fate = fateOf(asked.key)
  if (fate < 0.1) return void reply(503, { error: 'The bank does not answer.' })
  if (request.url === '/refunds') return void reply(200, ledger.refund(asked.key) ?? null)
  if (asked.card.startsWith('0')) return void reply(402, { error: 'The card was declined.' })
  const charge = ledger.charge(asked.key, asked.customer, asked.amount)
  // the worst that can happen: it is done, and nobody is told
  if (fate < 0.2) return void response.destroy()
  reply(200, charge)
}

function quotaOf(customer: string): Quota {
  const known = quotas.get(customer) ?? new Quota(quota, 1_000)
  quotas.set(customer, known)
  return known
}

/** What becomes of a request: another each time the key comes, the same for the same seed. */
function fateOf(key: string): number {
  const time = (times.get(key) ?? 0) + 1
  times.set(key, time)
  return seeded(seedOf(`${seed} ${key} ${time}`))()
}
