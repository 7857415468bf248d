import { appendFileSync } from 'node:fs'
import { defineTasks, task } from 'umbel'

/** Tell the world outside of the store that something was done: a label, and the key under which it was. */
const sink = (effects: string, label: string, key: string): void => appendFileSync(effects, `${label} ${key}\n`)

const DONE = 'INSERT INTO done (label, task) VALUES (?, ?)'

/** Tasks whose every run leaves a line behind, in the file `effects`; their outcome a row in the table `done`. */
export const work = defineTasks(import.meta, 'work', {
  effect: (ctx, effects: string, label: string, millis: number): Promise<string> => {
    sink(effects, label, ctx.id)
    ctx.write(DONE, [label, ctx.id])
    return new Promise((resolve) => setTimeout(() => resolve(label), millis))
  },
  keyed: task(
    (ctx, effects: string, label: string, millis: number): Promise<string> => {
      sink(effects, label, ctx.id)
      return new Promise((resolve) => setTimeout(() => resolve(label), millis))
    },
    { idempotencyKey: (_effects, label) => label },
  ),
  flaky: task(
    (ctx, effects: string, label: string): string => {
      sink(effects, label, ctx.id)
      ctx.write(DONE, [label, ctx.id])
      if (ctx.attempt < 3) throw new RangeError('not yet')
      return label
    },
    { retry: { max: 3, backoff: { base: 20, jitter: false } } },
  ),
  gather: (ctx, parts: readonly string[], effects: string, label: string): string => {
    sink(effects, label, ctx.id)
    ctx.write(DONE, [label, ctx.id])
    return parts.join('+')
  },
  failing: (ctx, effects: string, label: string): string => {
    sink(effects, label, ctx.id)
    ctx.write(DONE, [label, ctx.id])
    throw new RangeError(label)
  },
})
