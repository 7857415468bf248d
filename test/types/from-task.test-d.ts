// What the compiler knows of the tasks that machines invoke. Checked by `npm run check:types`; nothing here runs.
import { chain, defineTasks, fromCanvas, fromTask, group, task } from 'umbel'
import { assign, setup } from 'xstate'
import { z } from 'zod'
import { holds, type Same } from './same.ts'

interface Order {
  readonly id: string
  readonly total: number
}
interface Receipt {
  readonly charge: string
}

const shop = defineTasks(import.meta, 'shop', {
  charge: async (_ctx, order: Order, times?: number): Promise<Receipt> => ({ charge: order.id + (times ?? 1) }),
  ship: async (_ctx, receipt: Receipt, address: string): Promise<number> => receipt.charge.length + address.length,
  sweep: async () => 'swept' as const,
  mail: task(async (ctx) => ctx.kwargs.to, { kwargs: z.object({ to: z.string(), copies: z.number().default(1) }) }),
})

const { createMachine } = setup({
  types: {} as {
    context: { order: Order; receipt: Receipt | undefined; parcel: number }
    events: { type: 'GO' }
    tags: 'CHARGING' | 'SHIPPING'
    input: Order
  },
  actors: {
    charge: fromTask(shop.charge),
    ship: fromTask(shop.ship.s('Main Street').set({ lane: 'high' })),
    sweep: fromTask(shop.sweep),
    mail: fromTask(shop.mail),
    mailed: fromTask(shop.mail.kw({ to: 'a' })),
    deliver: fromCanvas(chain(shop.charge.s(), shop.ship.s('Main Street'))),
    notify: fromCanvas((order: Order, channels: readonly string[]) =>
      group(channels.map((to) => shop.mail.kw({ to: to + order.id }))),
    ),
  },
})

createMachine({
  context: ({ input }) => ({ order: input, receipt: undefined, parcel: 0 }),
  initial: 'charging',
  states: {
    charging: {
      tags: 'CHARGING',
      invoke: {
        src: 'charge',
        input: ({ context }) => [context.order, 2],
        onDone: {
          target: 'shipping',
          actions: assign({
            receipt: ({ event }) => {
              holds<Same<typeof event.output, Receipt>>()
              return event.output
            },
          }),
        },
        onError: { target: 'cleaning', actions: ({ event }) => holds<Same<typeof event.error, unknown>>() },
        onSnapshot: { actions: ({ event }) => holds<Same<typeof event.snapshot.info, unknown>>() },
      },
    },
    shipping: {
      invoke: {
        src: 'ship',
        input: ({ context }) => ({ args: [context.receipt ?? { charge: '' }], lane: 'high' }),
        onDone: { actions: assign({ parcel: ({ event }) => event.output }) },
      },
    },
    cleaning: {
      invoke: { src: 'sweep', onDone: { actions: ({ event }) => holds<Same<typeof event.output, 'swept'>>() } },
    },
    mailing: {
      invoke: [{ src: 'mail', input: { kwargs: { to: 'a' } } }, { src: 'mailed' }, { src: 'mailed', input: [] }],
    },
    delivering: {
      invoke: {
        src: 'deliver',
        input: ({ context }) => [context.order],
        onDone: { actions: ({ event }) => holds<Same<typeof event.output, number>>() },
      },
    },
    notifying: {
      invoke: {
        src: 'notify',
        input: ({ context }) => [context.order, ['mail', 'phone']],
        onDone: { actions: ({ event }) => holds<Same<typeof event.output, string[]>>() },
      },
    },
  },
})

// @ts-expect-error a tag that is not declared
createMachine({ context: { order: { id: '', total: 1 }, receipt: undefined, parcel: 0 }, tags: 'CHARGIN' })
createMachine({
  context: { order: { id: '', total: 1 }, receipt: undefined, parcel: 0 },
  invoke: [
    // @ts-expect-error no such actor
    { src: 'chrage', input: [{ id: '', total: 1 }] },
    // @ts-expect-error the order's id is a text
    { src: 'charge', input: [{ id: 1, total: 1 }] },
    // @ts-expect-error the input is a list of arguments
    { src: 'charge', input: { id: '', total: 1 } },
    // @ts-expect-error one too many
    { src: 'charge', input: [{ id: '', total: 1 }, 1, 2] },
    // @ts-expect-error the order is missing
    { src: 'charge', input: { lane: 'high' } },
    // @ts-expect-error to is missing
    { src: 'mail', input: [] },
    // @ts-expect-error an engine's child has an id of the engine's
    { src: 'sweep', input: { id: 'a' } },
    // @ts-expect-error the channels are missing
    { src: 'notify', input: [{ id: '', total: 1 }] },
  ],
})
// @ts-expect-error the charge misses its order
fromCanvas((times: number) => shop.charge.s(times))
// @ts-expect-error the mail misses its keyword arguments
fromCanvas(() => shop.mail)
// @ts-expect-error no signature
fromTask(() => 5)
