// What the compiler knows of unique tasks: their keys are typed by the handler, and their modes exclude one another.
import { defineTasks, type NoKeywords, type Task, task } from 'umbel'
import { holds, type Same } from './same.ts'

const { sync, save, ping } = defineTasks('typed', {
  sync: task(async (_ctx, user: string, pages: number) => user.repeat(pages), {
    unique: { key: (user, pages) => `${user.trim()} ${pages.toFixed()}`, until: 'started' },
  }),
  save: task((_ctx, doc: string) => doc, { unique: { key: (doc) => doc.trim(), debounce: '5s', maxWait: '1m' } }),
  ping: task((_ctx, host: string) => host, { unique: { throttle: '1m' } }),
})
holds<Same<typeof sync, Task<[user: string, pages: number], string, NoKeywords, 'typed.sync'>>>
export const calls: readonly unknown[] = [sync.s('ann', 5), save.s('a'), ping.s('h'), task(() => 1, { unique: {} })]

// @ts-expect-error a key is text
task((_ctx, user: number) => user, { unique: { key: (user) => user } })
// @ts-expect-error one mode, not two
task((_ctx, user: string) => user, { unique: { debounce: '1s', throttle: '1s' } })
// @ts-expect-error maxWait is of debounce
task((_ctx, user: string) => user, { unique: { maxWait: '1s' } })
// @ts-expect-error no such moment
task((_ctx, user: string) => user, { unique: { until: 'done' } })
