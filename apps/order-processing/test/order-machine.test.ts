import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createApp, graphOf, SimulatedClock } from 'umbel'
import { sqliteStore } from 'umbel/sqlite'
import { afterAll, expect, test } from 'vitest'
import { BOOKS, balanceOf } from '../src/books.ts'
import { ordersOfDay } from '../src/day.ts'
import type { Order } from '../src/order.ts'
import { orderMachine } from '../src/order-machine.ts'
import { paymentReport, startPayments } from '../src/start-payments.ts'
import { shop } from '../src/tasks.ts'

const folder = mkdtempSync(join(tmpdir(), 'umbel-order-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const large = (id: string): Order => ({
  id,
  customer: 'ann',
  article: 'samovar',
  count: 4,
  total: 3_600,
  card: '4242',
  address: '1 Main Street',
})

test('a large order waits for a person, for a day at most, and is not charged before', async () => {
  const payments = await startPayments(100, 5)
  const clock = new SimulatedClock()
  const file = join(folder, 'approval.db')
  const app = createApp({
    tasks: [shop],
    workflows: [orderMachine],
    store: sqliteStore(file, { setup: (db) => db.exec(BOOKS), sync: 'off' }),
    lanes: { default: { threads: 0, inline: 10 } },
    limits: { payments: '100/s' },
    clock,
  })
  try {
    const [yes, no, forgotten] = ['yes', 'no', 'forgotten'].map((id) =>
      app.workflow(orderMachine).start({ id, input: { order: large(id), payments: payments.url } }),
    ) as never as ReturnType<ReturnType<typeof app.workflow<typeof orderMachine>>['start']>[]
    for (const run of [yes, no, forgotten]) await run?.waitFor('WAITING_APPROVAL')
    expect((await paymentReport(payments.url)).requests).toBe(0)
    yes?.send({ type: 'APPROVE' }, { by: 'ann' })
    no?.send({ type: 'REJECT' }, { by: 'ann' })
    expect(await no?.result.get()).toEqual({ order: 'no', outcome: 'NOT_APPROVED' })
    let over = false
    const both = Promise.all([yes?.result.get(), forgotten?.result.get()]).finally(() => {
      over = true
    })
    while (!over) await clock.advance('1h')
    expect(await both).toEqual([
      { order: 'yes', outcome: 'DELIVERED' },
      { order: 'forgotten', outcome: 'NOT_APPROVED' },
    ])
    expect((await yes?.history())?.map(({ state, by }) => `${state} ${by ?? ''}`.trim())).toContain('RESERVING ann')
    const report = await paymentReport(payments.url)
    const orders = ['yes', 'no', 'forgotten'].map(large)
    expect(balanceOf(file, orders, report).faults).toEqual([])

    // books that do not balance are noticed
    const books = new DatabaseSync(file)
    books.exec("UPDATE stock SET pieces = 1 WHERE article = 'samovar'; DELETE FROM closed WHERE id = 'no'")
    books.close()
    expect(balanceOf(file, orders, { ...report, charges: [] }).faults).toEqual([
      'yes ended DELIVERED and was nothing',
      'no has not ended',
      '1 of samovar are left and should be 8',
    ])
  } finally {
    await app.stop({ deadline: 0 })
    await payments.stop()
  }
})

test('a day is the same for the same seed, and has orders of all kinds', () => {
  const orders = ordersOfDay(300, 9)
  expect(ordersOfDay(300, 9)).toEqual(orders)
  expect(ordersOfDay(300, 8)).not.toEqual(orders)
  expect(orders.some(({ count }) => count === 0)).toBe(true)
  expect(orders.some(({ total }) => total > 3_000)).toBe(true)
  expect(orders.some(({ card }) => card === '0000')).toBe(true)
  expect(orders.some(({ address }) => address === '')).toBe(true)
})

test('what everyone sees of an order are the tags of its machine', () => {
  const tags = graphOf(orderMachine as never).nodes.flatMap((node) => node.tags)
  expect([...new Set(tags)]).toEqual(
    'VALIDATING WAITING_APPROVAL RESERVING CHARGING SHIPPING COMPENSATING CLOSING'.split(' '),
  )
})
