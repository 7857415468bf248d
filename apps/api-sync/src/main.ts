import { parseArgs } from 'node:util'
import type { Report } from './contract.ts'
import { headroom } from './limits.ts'
import { runSync } from './run-sync.ts'
import { startServer } from './start-server.ts'
import { summaryOf, table } from './summary.ts'

const usage = `Fetch the pages of many users from an API that allows 10 a second for each of them, and counts.

  --users N      users                        (default: 5)
  --pages N      pages of each user           (default: 30)
  --rate N       pages a second of each user  (default: 7)
  --unlimited    without limits: the API then counts violations

Exit codes: 0 no violation, 1 violations or failed, 2 wrong options.`

const options = readOptions()
if (options === undefined) process.exitCode = 2
else process.exitCode = await syncAll(options)

interface Options {
  readonly users: number
  /** Of each user. */
  readonly pages: number
  /** Pages a second of each user; `undefined` for no limits. */
  readonly rate: number | undefined
}

function readOptions(): Options | undefined {
  const text = (value: string) => ({ type: 'string', default: value }) as const
  const known = { users: text('5'), pages: text('30'), rate: text('7'), unlimited: { type: 'boolean' } } as const
  try {
    const { users, pages, rate, unlimited } = parseArgs({ options: known }).values
    for (const value of [users, pages, rate])
      if (!/^[1-9]\d{0,2}$/.test(value)) throw new Error(`${value} is no whole number from 1 to 999`)
    return { users: Number(users), pages: Number(pages), rate: unlimited ? undefined : Number(rate) }
  } catch (error) {
    console.error(`api-sync: ${(error as Error).message}\n\n${usage}`)
    return undefined
  }
}

async function syncAll({ users, pages, rate }: Options): Promise<number> {
  const server = await startServer(pages)
  try {
    const since = performance.now()
    const sum = await runSync({
      api: server.url,
      users: Array.from({ length: users }, (_, index) => `user${index + 1}`),
      rate,
      onState: (state, about) => console.error(state, JSON.stringify(about)),
    })
    const seconds = (performance.now() - since) / 1_000
    console.log(`The totals of ${users} users come to ${sum.toLocaleString('en')}.\n`)
    return say(await server.report(), rate, seconds)
  } finally {
    await server.stop()
  }
}

/** Print what the server saw, the figures as the last line; gives the exit code. */
function say(report: Report, rate: number | undefined, seconds: number): number {
  const summary = summaryOf(report, seconds)
  const limits = rate === undefined ? 'no limits' : `limits with a headroom of ${headroom(rate)} ms`
  console.log(`${table(report)}\n\nThe slowest request was ${report.slowest} ms on its way, under ${limits}.`)
  console.log(JSON.stringify(summary))
  return summary.violations === 0 ? 0 : 1
}
