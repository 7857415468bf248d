import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { parentPort, workerData } from 'node:worker_threads'
import { QUOTA, type Report, TOTAL_WEIGHT } from './contract.ts'
import { Quota } from './quota.ts'

// The API, in a thread of its own: its clock and its event loop know nothing of the worker's.

const WINDOW = 1_000
const { pagesOfUser } = workerData as { readonly pagesOfUser: number }
const account = new Quota(QUOTA.account, WINDOW)
const users = new Map<string, Quota>()
let slowest = 0

const server = createServer((request, response) => {
  const now = performance.now()
  const sent = Number(request.headers['x-sent-at'])
  if (sent > 0) slowest = Math.max(slowest, Date.now() - sent)
  answer(request, response, now).catch(() => response.writeHead(500).end())
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as AddressInfo).port))

async function answer(request: IncomingMessage, response: ServerResponse, now: number): Promise<void> {
  const reply = (status: number, body: unknown): unknown =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  const [, , user = '', what = '', page] = request.url?.split('/') ?? []
  if (request.url === '/report') return void reply(200, report())
  const wait = what === 'pages' ? quotaOf(user).arrive(now, 1) : account.arrive(now, what === '' ? 1 : TOTAL_WEIGHT)
  if (wait > 0) {
    response.setHeader('retry-after', Math.ceil(wait / 1_000))
    reply(429, { error: `Too many requests: this one is ${wait.toFixed(1)} ms early.` })
  } else if (what === '') reply(200, { pages: pagesOfUser })
  else if (what === 'pages') reply(200, amountsOf(Number(page)))
  else {
    const total = await json(request)
    reply(total === rightTotal() ? 200 : 422, total)
  }
}

function quotaOf(user: string): Quota {
  const quota = users.get(user) ?? new Quota(QUOTA.pages, WINDOW)
  users.set(user, quota)
  return quota
}

function report(): Report {
  const seen = [...users].flatMap(([user, quota]) => (quota.seen ? [[user, quota.seen] as const] : []))
  return { pages: Object.fromEntries(seen), account: account.seen, slowest }
}

/** A page holds ten amounts, every one on all pages of a user another. */
function amountsOf(page: number): number[] {
  return Array.from({ length: 10 }, (_, index) => page * 10 + index)
}

/** What the pages of a user come to when none is missing and none was counted twice. */
function rightTotal(): number {
  const pages = Array.from({ length: pagesOfUser }, (_, page) => amountsOf(page))
  return pages.flat().reduce((sum, amount) => sum + amount, 0)
}
