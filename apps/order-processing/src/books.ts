import { DatabaseSync } from 'node:sqlite'
import type { PaymentReport } from './ledger.ts'
import { ARTICLES, CHANNELS, type Order, type Outcome } from './order.ts'

/** The tables of the shop, in the file of the store. */
export const BOOKS = `
  CREATE TABLE IF NOT EXISTS stock (article TEXT PRIMARY KEY, pieces INTEGER NOT NULL CHECK (pieces >= 0));
  CREATE TABLE IF NOT EXISTS reserved (id TEXT PRIMARY KEY, article TEXT NOT NULL, count INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS shipped (id TEXT PRIMARY KEY, address TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS told (id TEXT, channel TEXT, outcome TEXT, PRIMARY KEY (id, channel));
  CREATE TABLE IF NOT EXISTS closed (id TEXT PRIMARY KEY, outcome TEXT NOT NULL);
  ${Object.entries(ARTICLES)
    .map(([article, { stock }]) => `INSERT INTO stock VALUES ('${article}', ${stock}) ON CONFLICT DO NOTHING;`)
    .join('\n  ')}
`

/** What became of a day. */
export interface Balance {
  readonly orders: number
  readonly outcomes: Readonly<Record<string, number>>
  readonly charged: number
  readonly refunded: number
  /** What does not add up, in words. */
  readonly faults: readonly string[]
}

/** Hold the books of the shop against the orders and the ledger of the payment server. */
export function balanceOf(file: string, orders: readonly Order[], { charges }: PaymentReport): Balance {
  const books = new DatabaseSync(file, { readOnly: true })
  try {
    const rows = (sql: string) => books.prepare(sql).all() as Record<string, string | number>[]
    const outcomes = new Map(rows('SELECT id, outcome FROM closed').map(({ id, outcome }) => [id, outcome as Outcome]))
    const faults = [
      ...orders.flatMap((order) => orderFaults(order, outcomes.get(order.id), charges)),
      ...charges.flatMap(({ key }) =>
        orders.some(({ id }) => id === key) ? [] : [`${key} was charged and is no order`],
      ),
      ...stockFaults(orders, outcomes, rows('SELECT article, pieces FROM stock')),
      ...rowFaults(
        'shipped',
        rows('SELECT id FROM shipped'),
        orders,
        (order) => outcomes.get(order.id) === 'DELIVERED',
      ),
      ...rowFaults(
        'reserved',
        rows('SELECT id FROM reserved'),
        orders,
        (order) => outcomes.get(order.id) === 'DELIVERED',
      ),
    ]
    const told = rows('SELECT count(*) AS told FROM told')[0]?.['told']
    if (told !== orders.length * CHANNELS.length) faults.push(`${told} notices were sent for ${orders.length} orders`)
    return {
      orders: orders.length,
      outcomes: countsOf([...outcomes.values()]),
      charged: sumOf(charges),
      refunded: sumOf(charges.filter(({ refunded }) => refunded)),
      faults,
    }
  } finally {
    books.close()
  }
}

type Charges = PaymentReport['charges']

/** What may stand in the ledger for each end; who returns an order may not have been charged yet. */
const FITS: Readonly<Record<Outcome, readonly string[]>> = {
  DELIVERED: ['charged'],
  RETURNED: ['refunded', 'nothing'],
  INVALID: ['nothing'],
  NOT_APPROVED: ['nothing'],
  OUT_OF_STOCK: ['nothing'],
  DECLINED: ['nothing'],
}

function orderFaults(order: Order, outcome: Outcome | undefined, charges: Charges): string[] {
  if (outcome === undefined) return [`${order.id} has not ended`]
  const mine = charges.filter(({ key }) => key === order.id)
  if (mine.length > 1) return [`${order.id} was charged ${mine.length} times`]
  const [charge] = mine
  const found = charge === undefined ? 'nothing' : charge.refunded ? 'refunded' : 'charged'
  if (!FITS[outcome].includes(found)) return [`${order.id} ended ${outcome} and was ${found}`]
  return charge !== undefined && charge.amount !== order.total ? [`${order.id} was charged ${charge.amount}`] : []
}

function stockFaults(
  orders: readonly Order[],
  outcomes: ReadonlyMap<unknown, Outcome>,
  stock: readonly Record<string, string | number>[],
): string[] {
  return Object.entries(ARTICLES).flatMap(([article, { stock: morning }]) => {
    const sold = orders.filter((order) => order.article === article && outcomes.get(order.id) === 'DELIVERED')
    const expected = morning - sold.reduce((sum, { count }) => sum + count, 0)
    const left = stock.find((row) => row['article'] === article)?.['pieces']
    return left === expected ? [] : [`${left} of ${article} are left and should be ${expected}`]
  })
}

function rowFaults(
  table: string,
  rows: readonly Record<string, string | number>[],
  orders: readonly Order[],
  belongs: (order: Order) => boolean,
): string[] {
  const expected = orders
    .filter(belongs)
    .map(({ id }) => id)
    .sort()
  const found = rows.map(({ id }) => id as string).sort()
  return expected.join() === found.join() ? [] : [`${table} holds ${found.length} orders, not ${expected.length}`]
}

const sumOf = (charges: Charges): number => charges.reduce((sum, { amount }) => sum + amount, 0)

function countsOf(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const value of values.toSorted()) counts[value] = (counts[value] ?? 0) + 1
  return counts
}
