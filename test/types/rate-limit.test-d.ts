// What the compiler knows of the callbacks of rate limits: they are typed by the handler, which they never change.
import { createApp, defineTasks, type NoKeywords, type Task, task } from 'umbel'
import { holds, type Same } from './same.ts'

const limited = task.extend({ rateLimit: { limit: 'stripe', key: (...args) => String(args.length) } })

const { call, none, shared } = defineTasks('typed', {
  call: task(async (_ctx, user: string, pages: number) => user.repeat(pages), {
    rateLimit: { rate: '10/s', burst: 5, key: (user) => user.trim(), weight: (_user, pages) => pages * 2 },
  }),
  none: task((_ctx, pages: number) => pages, { rateLimit: { window: '10/s', key: () => 'all' } }),
  shared: limited((_ctx, page: string) => page),
})
holds<Same<typeof call, Task<[user: string, pages: number], string, NoKeywords, 'typed.call'>>>
export const calls: readonly unknown[] = [call.s('ann', 2), none.s(3), shared.s('a')]

// @ts-expect-error a key is text or a number
task((_ctx, user: string) => user, { rateLimit: { rate: '1/s', key: () => true } })
// @ts-expect-error the handler has no second argument
task((_ctx, user: string) => user, { rateLimit: { rate: '1/s', key: (_user: string, other: string) => other } })
// @ts-expect-error no unit of time
task((_ctx, user: string) => user, { rateLimit: '10/x' })
createApp({ limits: { stripe: '100/m', pages: { rate: '1/s', burst: 2 }, all: { window: '1000/h' } } })
