import { appendFileSync } from 'node:fs'
import { defineTasks, task } from 'umbel'

/** Tell the world outside of the store that something was done: a label, and the key under which it was. */
const sink = (label: string, key: string): void => appendFileSync(process.env.EFFECTS as string, `${label} ${key}\n`)

/** Tasks whose every run leaves a line behind. */
export const work = defineTasks(import.meta, 'work', {
  effect: (ctx, _before: unknown, label: string, millis: number): Promise<string> => {
    sink(label, ctx.id)
    return new Promise((resolve) => setTimeout(() => resolve(label), millis))
  },
  flaky: task(
    (ctx, _before: unknown, label: string): string => {
      sink(label, ctx.id)
      if (ctx.attempt < 3) throw new RangeError('not yet')
      return label
    },
    { retry: { max: 3, backoff: { base: 20, jitter: false } } },
  ),
  gather: (ctx, parts: readonly string[], label: string): string => {
    sink(label, ctx.id)
    return parts.join('+')
  },
  failing: (ctx, _before: unknown, label: string): string => {
    sink(label, ctx.id)
    throw new RangeError(label)
  },
})
