// Handlers that refer to their own module, and generic handlers. Checked by `npm run check:types`; nothing here runs.
import { type AsyncResult, chain, defineTasks, type TaskContext, task } from 'umbel'
import { holds, type Same } from './same.ts'

// @ts-expect-error TS7022: a handler below refers to `circular` and leaves its return type to be inferred
const circular = defineTasks(import.meta, 'circular', {
  verify: (_ctx, order: number) => order,
  // @ts-expect-error TS7023
  pay: async (ctx, order: number) => ctx.replace(chain(circular.verify.s(order))),
})

const orders = defineTasks(import.meta, 'orders', {
  verify: (_ctx, order: number) => order > 0,
  pay: async (ctx, order: number): Promise<boolean> => ctx.replace(chain(orders.verify.s(order))),
  follow: task(
    (ctx, order: number): string => {
      const sent = ctx.send(orders.pay.s(order))
      holds<Same<typeof sent, AsyncResult<boolean>>>()
      return sent.id
    },
    { priority: 4 },
  ),
})
const paid = orders.pay.delay(5)
holds<Same<typeof paid, AsyncResult<boolean>>>()

// a generic handler loses its type parameters; an instantiation keeps them
function first<T>(_ctx: TaskContext, items: readonly T[]): T {
  return items[0] as T
}
const lists = defineTasks('lists', {
  first,
  firstNumber: first<number>,
  firstName: task(first<string>, { priority: 1 }),
})
const [some, number, name] = [lists.first.delay([1]), lists.firstNumber.delay([1]), lists.firstName.delay(['a'])]
holds<Same<typeof some, AsyncResult<unknown>>>()
holds<Same<typeof number, AsyncResult<number>>>()
holds<Same<typeof name, AsyncResult<string>>>()
// @ts-expect-error names are asked for
lists.firstName.delay([1])

export const all = [circular, orders, lists]
