import { chain, fromCanvas, fromTask, group } from 'umbel'
import { assign, setup } from 'xstate'
import { CHANNELS, NEEDS_APPROVAL, type Order, type Outcome } from './order.ts'
import { Declined } from './pay.ts'
import { shop } from './tasks.ts'

/** Tell a customer on every channel, side by side, then write down how the order ended. */
const closing = (order: Order, outcome: Outcome) =>
  chain(group(CHANNELS.map((channel) => shop.notify.s(order, channel, outcome))), shop.close.si(order, outcome))

/** The life of an order. Its tags are what everyone sees. */
export const orderMachine = setup({
  types: {} as {
    context: { order: Order; payments: string; outcome: Outcome }
    input: { order: Order; payments: string }
    events: { type: 'APPROVE' } | { type: 'REJECT' }
    output: { order: string; outcome: Outcome }
    tags: 'VALIDATING' | 'WAITING_APPROVAL' | 'RESERVING' | 'CHARGING' | 'SHIPPING' | 'COMPENSATING' | 'CLOSING'
  },
  actors: {
    validate: fromTask(shop.validate),
    reserve: fromTask(shop.reserve),
    release: fromTask(shop.release),
    charge: fromTask(shop.charge),
    refund: fromTask(shop.refund),
    ship: fromTask(shop.ship),
    close: fromCanvas(closing),
  },
  guards: { needsApproval: ({ context }) => context.order.total > NEEDS_APPROVAL },
  delays: { patience: 86_400_000 },
}).createMachine({
  id: 'order',
  context: ({ input }) => ({ ...input, outcome: 'DELIVERED' }),
  output: ({ context }) => ({ order: context.order.id, outcome: context.outcome }),
  initial: 'validating',
  states: {
    validating: {
      tags: 'VALIDATING',
      invoke: {
        src: 'validate',
        input: ({ context }) => [context.order],
        onDone: [{ guard: 'needsApproval', target: 'approval' }, { target: 'reserving' }],
        onError: { target: 'closing', actions: assign({ outcome: 'INVALID' }) },
      },
    },
    approval: {
      tags: 'WAITING_APPROVAL',
      on: { APPROVE: 'reserving', REJECT: { target: 'closing', actions: assign({ outcome: 'NOT_APPROVED' }) } },
      after: { patience: { target: 'closing', actions: assign({ outcome: 'NOT_APPROVED' }) } },
    },
    reserving: {
      tags: 'RESERVING',
      invoke: {
        src: 'reserve',
        input: ({ context }) => [context.order],
        onDone: 'charging',
        onError: { target: 'closing', actions: assign({ outcome: 'OUT_OF_STOCK' }) },
      },
    },
    charging: {
      tags: 'CHARGING',
      invoke: {
        src: 'charge',
        input: ({ context }) => [context.order, context.payments],
        onDone: 'shipping',
        // if it is not known whether it was charged, what there may be is given back
        onError: [
          {
            guard: ({ event }) => event.error instanceof Declined,
            target: 'releasing',
            actions: assign({ outcome: 'DECLINED' }),
          },
          { target: 'refunding', actions: assign({ outcome: 'RETURNED' }) },
        ],
      },
    },
    shipping: {
      tags: 'SHIPPING',
      invoke: {
        src: 'ship',
        input: ({ context }) => [context.order],
        onDone: 'closing',
        onError: { target: 'refunding', actions: assign({ outcome: 'RETURNED' }) },
      },
    },
    refunding: {
      tags: 'COMPENSATING',
      invoke: { src: 'refund', input: ({ context }) => [context.order, context.payments], onDone: 'releasing' },
    },
    releasing: {
      tags: 'COMPENSATING',
      invoke: { src: 'release', input: ({ context }) => [context.order], onDone: 'closing' },
    },
    closing: {
      tags: 'CLOSING',
      invoke: { src: 'close', input: ({ context }) => [context.order, context.outcome], onDone: 'closed' },
    },
    closed: { type: 'final' },
  },
})
