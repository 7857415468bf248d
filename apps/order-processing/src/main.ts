import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Balance, balanceOf } from './books.ts'
import { ordersOfDay } from './day.ts'
import { playDay } from './play-day.ts'
import { paymentReport, startPayments } from './start-payments.ts'

const usage = `Play a day of a shop: orders from validation to delivery, payments that fail and refuse, people who approve.

  --orders N       orders of the day                             (default: 60)
  --seed N         which day                                     (default: 1)
  --quota N        payments a second that the API allows a customer (default: 6)
  --store FILE     file of the store; a day that was cut off goes on in it   (default: a new one, which is dropped)
  --payments URL   a payment server that runs already            (default: one of its own)

Exit codes: 0 the books balance, 1 they do not or it failed, 2 wrong options.`

const options = readOptions()
if (options === undefined) process.exitCode = 2
else process.exitCode = await play(options)

interface Options {
  readonly orders: number
  readonly seed: number
  readonly quota: number
  readonly store: string | undefined
  readonly payments: string | undefined
}

function readOptions(): Options | undefined {
  const text = (value: string) => ({ type: 'string', default: value }) as const
  const known = {
    orders: text('60'),
    seed: text('1'),
    quota: text('6'),
    store: { type: 'string' },
    payments: { type: 'string' },
  } as const
  try {
    const { orders, seed, quota, store, payments } = parseArgs({ options: known }).values
    for (const value of [orders, seed, quota])
      if (!/^[1-9]\d{0,3}$/.test(value)) throw new Error(`${value} is no whole number from 1 to 9999`)
    return { orders: Number(orders), seed: Number(seed), quota: Number(quota), store, payments }
  } catch (error) {
    console.error(`orders: ${(error as Error).message}\n\n${usage}`)
    return undefined
  }
}

async function play({ orders: count, seed, quota, store, payments }: Options): Promise<number> {
  const folder = store === undefined ? mkdtempSync(join(tmpdir(), 'umbel-orders-')) : undefined
  const file = store ?? join(folder as string, 'orders.db')
  const own = payments === undefined ? await startPayments(quota, seed) : undefined
  const url = payments ?? (own?.url as string)
  try {
    await paymentReport(url) // a server that is not there is better missed now
    const orders = ordersOfDay(count, seed)
    await playDay({
      orders,
      payments: url,
      file,
      onEnd: (order, outcome) => console.error(order, outcome),
      onRate: (perSecond) => console.error(`payments go at ${perSecond} a second for each customer`),
    })
    const report = await paymentReport(url)
    return say(balanceOf(file, orders, report), report.refused)
  } finally {
    await own?.stop()
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  }
}

/** Print what became of the day, the figures as the last line; gives the exit code. */
function say(balance: Balance, refused: number): number {
  for (const [outcome, count] of Object.entries(balance.outcomes)) console.log(`${outcome.padEnd(14)}${count}`)
  const { charged, refunded, faults } = balance
  console.log(`\n${charged} were charged, ${refunded} of it given back; ${refused} requests were over a quota.`)
  for (const fault of faults) console.log(`FAULT: ${fault}`)
  console.log(JSON.stringify({ ...balance, refused, faults: faults.length }))
  return faults.length === 0 ? 0 : 1
}
