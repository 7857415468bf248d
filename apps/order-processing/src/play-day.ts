import { type App, createApp, type Run } from 'umbel'
import { sqliteStore } from 'umbel/sqlite'
import { AdaptiveRate } from './adaptive-rate.ts'
import { BOOKS } from './books.ts'
import { isApproved } from './day.ts'
import { LARGE, NEEDS_APPROVAL, type Order, type Outcome } from './order.ts'
import { orderMachine } from './order-machine.ts'
import { shop } from './tasks.ts'

/** A day to play. */
export interface Day {
  readonly orders: readonly Order[]
  /** Address of the payment server. */
  readonly payments: string
  /** File of the store, and of the shop's books. A day that was cut off goes on in it. */
  readonly file: string
  /** Told as an order has ended. */
  readonly onEnd?: (order: string, outcome: Outcome) => void
  /** Told as the pace of payments changes. */
  readonly onRate?: (perSecond: number) => void
}

/** Take all orders of a day from validation to their end. Started again with the same file it goes on where it was cut off. */
export async function playDay({ orders, payments, file, onEnd, onRate }: Day): Promise<void> {
  const rate = new AdaptiveRate(10, { least: 1, most: 50 }, performance.now())
  const app = createApp({
    tasks: [shop],
    workflows: [orderMachine],
    store: sqliteStore(file, { setup: (db) => db.exec(BOOKS) }),
    lanes: { high: { threads: 0, inline: 10 }, default: { threads: 0, inline: 20 } },
    // by content: what is worth much goes first
    routes: [({ args: [order] }) => ((order as Order).total > LARGE ? { lane: 'high' } : undefined)],
    limits: { payments: { rate: `${rate.rate}/s`, burst: 1 } },
  })
  adapt(app, rate, onRate)
  try {
    await app.start()
    await Promise.all(
      orders.map(async (order) => {
        const run = app.workflow(orderMachine).start({ id: order.id, input: { order, payments } })
        if (order.total > NEEDS_APPROVAL) approve(run, order)
        const { outcome } = await run.result.get()
        onEnd?.(order.id, outcome)
      }),
    )
  } finally {
    await app.stop({ deadline: '1s' })
  }
}

/** Let the pace at which each customer is charged follow what the payment server refuses. */
function adapt(app: App, rate: AdaptiveRate, onRate: Day['onRate']): void {
  const set = (perSecond: number | undefined): void => {
    if (perSecond === undefined) return
    onRate?.(perSecond)
    void app.control.rateLimit('payments', { rate: `${perSecond}/s`, burst: 1 })
  }
  app.on('task-retry', ({ error }) => error?.name === 'TooManyRequests' && set(rate.refused(performance.now())))
  app.on('task-success', () => set(rate.allowed(performance.now())), { task: 'shop.charge' })
}

/** The person: looks at an order that waits for approval, and says yes or no. Said twice it counts once. */
function approve(run: Run<typeof orderMachine>, order: Order): void {
  const type = isApproved(order) ? 'APPROVE' : 'REJECT'
  run
    .waitFor('WAITING_APPROVAL')
    .then(() => run.send({ type }, { by: 'ann', dedupe: `approval-of-${order.id}` }))
    .catch(() => {}) // it was approved before the restart, and has ended since
}
