// What the compiler knows of what takes back what machines have invoked. Checked by `npm run check:types`; nothing here runs.
import { type App, chain, defineTasks, fromCanvas, fromTask, group, type NoKeywords, task } from 'umbel'
import { setup } from 'xstate'
import { z } from 'zod'
import { holds, type Same } from './same.ts'

interface Order {
  readonly id: string
}
interface Receipt {
  readonly charge: string
}
declare const app: App
const shop = defineTasks(import.meta, 'shop', {
  charge: async (_ctx, order: Order, times?: number): Promise<Receipt> => ({ charge: order.id + (times ?? 1) }),
  refund: async (_ctx, receipt: Receipt): Promise<boolean> => receipt.charge !== '',
  refundOrder: async (_ctx, order: Order, receipt: Receipt): Promise<boolean> => order.id === receipt.charge,
  ship: async (_ctx, order: Order): Promise<number> => order.id.length,
  unship: async (_ctx, parcel: number): Promise<number> => parcel,
  sweep: async () => 'swept' as const,
  mail: task(async (ctx) => ctx.kwargs.to, { kwargs: z.object({ to: z.string() }) }),
})

fromTask(shop.charge, { compensate: shop.refund })
fromTask(shop.charge, { compensate: shop.sweep.si(), retry: { max: 2, backoff: '1m' } })
fromTask(shop.charge, { compensate: chain(shop.refund.s(), shop.sweep.si()) })
fromTask(shop.charge, {
  compensate: (receipt, { args: [order, times], kwargs }) => {
    holds<Same<typeof receipt, Receipt>>()
    holds<Same<typeof order, Order>>()
    holds<Same<typeof times, number | undefined>>()
    holds<Same<typeof kwargs, NoKeywords>>()
    return shop.refundOrder.s(order, receipt)
  },
})
fromTask(shop.mail, { compensate: (to, { kwargs }) => shop.mail.kw({ to: to + kwargs.to }) })
fromCanvas(group([shop.ship.s(), shop.ship.s()]), {
  compensate: (parcels) => group(parcels.map((parcel) => shop.unship.s(parcel))),
})
fromCanvas((order: Order, times: number) => chain(shop.charge.s(order, times), shop.refund.s()), {
  compensate: (done, { args: [order, times] }) => {
    holds<Same<typeof done, boolean>>()
    holds<Same<typeof times, number>>()
    return shop.ship.s(order)
  },
})

// @ts-expect-error it takes a number, and a receipt is what is to be taken back
fromTask(shop.charge, { compensate: shop.unship })
// @ts-expect-error it takes an order and a receipt
fromTask(shop.charge, { compensate: shop.refundOrder })
// @ts-expect-error the receipt is missing
fromTask(shop.charge, { compensate: (_receipt, { args: [order] }) => shop.refundOrder.s(order) })
// @ts-expect-error the keyword arguments are missing
fromTask(shop.charge, { compensate: () => shop.mail })
// @ts-expect-error no signature
fromTask(shop.charge, { compensate: () => 5 })
// @ts-expect-error no such option
fromTask(shop.charge, { compensate: shop.refund, tries: 5 })
// @ts-expect-error what compensates is missing
fromTask(shop.charge, { retry: { max: 5 } })
// @ts-expect-error every error of a compensation is one to send it again for
fromTask(shop.charge, { compensate: shop.refund, retry: { on: [Error] } })

const order = setup({
  types: {} as { input: Order; context: Order; events: { type: 'GO' }; tags: 'CHARGING' },
  actors: { charge: fromTask(shop.charge, { compensate: shop.refund }), ship: fromTask(shop.ship) },
}).createMachine({
  id: 'order',
  context: ({ input }) => input,
  // its input and output are those of any task
  invoke: {
    src: 'charge',
    input: ({ context }) => [context],
    onDone: { actions: ({ event }) => holds<Same<typeof event.output, Receipt>>() },
  },
})
const run = app.workflow(order).start({ input: { id: 'a' } })
run.send({ type: 'GO' })
run.send({ type: 'RETRY' })
run.update({ type: 'SKIP' })
run.waitFor('CHARGING')
run.waitFor('COMPENSATION_FAILED')
run.waitFor('COMPENSATING')
// @ts-expect-error no such event
run.send({ type: 'UNDO' })
// @ts-expect-error no such tag
run.waitFor('COMPENSATED')

const plain = setup({
  types: {} as { events: { type: 'GO' }; tags: 'SHIPPING' },
  actors: { ship: fromTask(shop.ship) },
}).createMachine({ id: 'plain' })
const other = app.workflow(plain).start()
other.send({ type: 'GO' })
// @ts-expect-error nothing of it compensates
other.send({ type: 'RETRY' })
// @ts-expect-error nothing of it compensates
other.waitFor('COMPENSATING')
