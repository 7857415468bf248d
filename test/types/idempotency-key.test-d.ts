// What the compiler knows of idempotency keys: they are typed by the handler, which they never change.
import { defineTasks, type NoKeywords, type Task, task } from 'umbel'
import { holds, type Same } from './same.ts'

const { charge, timed } = defineTasks('typed', {
  charge: task(async (_ctx, order: string, cents: number) => order.repeat(cents), {
    idempotencyKey: (order, cents) => `${order.trim()} ${cents.toFixed()}`,
  }),
  timed: task((_ctx, order: string) => order, { idempotencyKey: { key: (order) => order.trim(), ttl: '1h' } }),
})
holds<Same<typeof charge, Task<[order: string, cents: number], string, NoKeywords, 'typed.charge'>>>
export const calls: readonly unknown[] = [charge.s('o1', 5), timed.s('o1')]

// @ts-expect-error a key is text
task((_ctx, order: number) => order, { idempotencyKey: (order) => order })
// @ts-expect-error the handler has no second argument
task((_ctx, order: string) => order, { idempotencyKey: (order: string, other: string) => order + other })
// @ts-expect-error no option of a base, which knows no arguments
task.extend({ idempotencyKey: () => 'a' })
