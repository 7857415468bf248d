import { defineTasks, fromTask, task } from 'umbel'
import { type AnyStateMachine, setup } from 'xstate'

export const shop = defineTasks('replayed-order', { charge: task((): string => 'r', { inline: true }) })

/** The machine of an order, with the state that a charge leads to. */
export const orderLeadingTo = (next: string): AnyStateMachine =>
  setup({ actors: { charge: fromTask(shop.charge) } }).createMachine({
    id: 'order',
    initial: 'charging',
    states: {
      charging: { tags: 'CHARGING', invoke: { src: 'charge', input: [], onDone: next } },
      [next]: { tags: next.toUpperCase(), on: { DONE: 'closed' } },
      closed: { type: 'final' },
    },
  }) as unknown as AnyStateMachine

export const order = orderLeadingTo('shipping')
