import { defineTasks, type TaskContext, task } from 'umbel'
import { ARTICLES, type Order, type Outcome } from './order.ts'
import { ask, Declined, PaymentsDown, TooManyRequests } from './pay.ts'

/** What is wrong with an order. */
class InvalidOrder extends Error {
  override readonly name = 'InvalidOrder'
}

/** What asks the payment server: at the pace of the customer's quota, and again until it knows what became of it. */
const asking = task.extend({
  inline: true,
  retry: { on: [TooManyRequests, PaymentsDown], max: 50, backoff: { base: '100ms', max: '2s' } },
})
const ofCustomer = { limit: 'payments', key: (order: Order): string => order.customer } as const

/** Ask, and where the server says for how long not to, do not. */
async function patiently(ctx: TaskContext, work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (error instanceof TooManyRequests) ctx.retry({ error, countdown: error.wait })
    throw error
  }
}

/** The tasks of the shop. What they write to its books is written exactly once, in the transaction that stores that they have ended. */
export const shop = defineTasks(
  import.meta,
  'shop',
  {
    validate: task(
      (_ctx, order: Order): void => {
        const { price } = ARTICLES[order.article] ?? { price: Number.NaN }
        if (!(order.count > 0)) throw new InvalidOrder(`${order.count} pieces of ${order.article} are none.`)
        if (order.total !== price * order.count) throw new InvalidOrder(`${order.total} is not what this costs.`)
      },
      { inline: true },
    ),

    /** Take the pieces from the shelf: the table refuses to have less than none. */
    reserve: task(
      (ctx, { id, article, count }: Order): void => {
        ctx.write('UPDATE stock SET pieces = pieces - ? WHERE article = ?', [count, article])
        ctx.write('INSERT INTO reserved (id, article, count) VALUES (?, ?, ?)', [id, article, count])
      },
      { inline: true },
    ),

    /** Put the pieces back. */
    release: task(
      (ctx, { id, article, count }: Order): void => {
        ctx.write('UPDATE stock SET pieces = pieces + ? WHERE article = ?', [count, article])
        ctx.write('DELETE FROM reserved WHERE id = ?', [id])
      },
      { inline: true },
    ),

    charge: asking(
      (ctx, order: Order, payments: string): Promise<void> => {
        ctx.setState('PAYING', { customer: order.customer, total: order.total })
        return patiently(ctx as never, () => ask(payments, 'charges', order, ctx.signal))
      },
      { states: ['PAYING'], rateLimit: ofCustomer },
    ),

    refund: asking(
      (ctx, order: Order, payments: string): Promise<void> =>
        patiently(ctx, () => ask(payments, 'refunds', order, ctx.signal)),
      { rateLimit: ofCustomer },
    ),

    ship: task(
      (ctx, { id, address }: Order): void => {
        ctx.setState('PACKING')
        if (address === '') throw new Error(`${id} has no address.`)
        ctx.setState('HANDED_OVER', { address })
        ctx.write('INSERT INTO shipped (id, address) VALUES (?, ?)', [id, address])
      },
      { inline: true, states: ['PACKING', 'HANDED_OVER'] },
    ),

    /** Tell a customer on one channel what became of an order. */
    notify: task(
      (ctx, { id }: Order, channel: string, outcome: Outcome): string => {
        ctx.write('INSERT INTO told (id, channel, outcome) VALUES (?, ?, ?)', [id, channel, outcome])
        return channel
      },
      { inline: true },
    ),

    /** Write down how an order ended: the table has room for one end. */
    close: task(
      (ctx, { id }: Order, outcome: Outcome): void => {
        ctx.write('INSERT INTO closed (id, outcome) VALUES (?, ?)', [id, outcome])
      },
      { inline: true },
    ),
  },
  { errors: [TooManyRequests, PaymentsDown, Declined, InvalidOrder] },
)
