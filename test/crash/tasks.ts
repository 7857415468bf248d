import { appendFileSync } from 'node:fs'
import { setTimeout as after } from 'node:timers/promises'
import { defineTasks, task } from 'umbel'

/** Tell the world outside of the store that something was done: a label, and the key under which it was. */
export const sink = (effects: string, label: string, key: string): void => appendFileSync(effects, `${label} ${key}\n`)

/** What the saga of the load is started with. */
export interface SagaInput {
  readonly effects: string
  readonly label: string
  /** The part that fails. */
  readonly fails: string
}

const DONE = 'INSERT INTO done (label, task) VALUES (?, ?)'

/** A row whose second value must be at least 3: what is too early is refused. */
const LATE = 'INSERT INTO late (label, attempt) VALUES (?, ?)'

/** Tasks whose every run leaves a line behind, in the file `effects`; their outcome a row in the table `done`. */
export const work = defineTasks(import.meta, 'work', {
  effect: async (ctx, effects: string, label: string, millis: number): Promise<string> => {
    sink(effects, label, ctx.id)
    ctx.write(DONE, [label, ctx.id])
    await after(millis)
    return label
  },
  /** The same, which ends as soon as it is revoked. */
  obedient: async (ctx, effects: string, label: string, millis: number): Promise<string> => {
    sink(effects, label, ctx.id)
    ctx.write(DONE, [label, ctx.id])
    await after(millis, undefined, { signal: ctx.signal })
    return label
  },
  /** The same once for all who ask for its label, whoever is the first. */
  keyed: task(
    async (ctx, effects: string, label: string): Promise<string> => {
      sink(effects, label, ctx.id)
      ctx.write(DONE, [label, ctx.id])
      await after(10)
      return label
    },
    { idempotencyKey: (_effects, label) => label },
  ),
  /** One at a time: all that is sent beside it has its result. */
  only: task((_ctx, millis: number): Promise<string> => after(millis, 'only'), { unique: { key: () => 'one' } }),
  flaky: task(
    async (ctx, effects: string, label: string): Promise<string> => {
      await ctx.once('sink', (key) => sink(effects, label, key))
      ctx.write(DONE, [label, ctx.id])
      if (ctx.attempt < 3) throw new RangeError('not yet')
      return label
    },
    { retry: { max: 3, backoff: { base: 20, jitter: false } } },
  ),
  gather: async (ctx, parts: readonly string[], effects: string, label: string): Promise<string> => {
    ctx.write(DONE, [label, ctx.id])
    await ctx.once('sink', (key) => sink(effects, label, key))
    return parts.join('+')
  },
  failing: (ctx, effects: string, label: string): string => {
    sink(effects, label, ctx.id)
    ctx.write(DONE, [label, ctx.id])
    throw new RangeError(label)
  },
  /** Fails as it was sent first, and not with the arguments that it is sent again with. */
  mended: (ctx, effects: string, label: string, fails: boolean): string => {
    sink(effects, label, ctx.id)
    ctx.write(DONE, [label, ctx.id])
    if (fails) throw new RangeError(label)
    return label
  },
  /** Sent in one transaction with a row of the table `requests`. */
  requested: (ctx, effects: string, label: string): string => {
    sink(effects, label, ctx.id)
    ctx.write(DONE, [label, ctx.id])
    return label
  },
  /** Writes two rows, of which the second is refused until the third attempt. */
  early: task(
    (ctx, effects: string, label: string): string => {
      sink(effects, label, ctx.id)
      ctx.write(DONE, [label, ctx.id])
      ctx.write(LATE, [label, ctx.attempt])
      return label
    },
    { retry: { max: 3, backoff: { base: 20, jitter: false } } },
  ),
  /** The same, always refused. */
  refused: task(
    (ctx, effects: string, label: string): string => {
      sink(effects, label, ctx.id)
      ctx.write(DONE, [label, ctx.id])
      ctx.write(LATE, [label, 0])
      return label
    },
    { retry: { max: 1, backoff: { base: 20, jitter: false } } },
  ),
  /** Tells a run that it was here. */
  teller: (ctx, effects: string, label: string, run: string): string => {
    sink(effects, label, ctx.id)
    ctx.write(DONE, [label, ctx.id])
    ctx.tell(run, { type: 'TOLD' }, { dedupe: label })
    return label
  },
  /** A part of a saga: one that fails, where it is to. */
  part: (ctx, { effects, label, fails }: SagaInput, which: string): string => {
    sink(effects, `${label}.${which}`, ctx.id)
    ctx.write(DONE, [`${label}.${which}`, ctx.id])
    if (which === fails) throw new RangeError(label)
    return JSON.stringify([effects, `${label}.${which}`])
  },
  /** Takes back what a part came to. */
  undo: (ctx, came: string): void => {
    const [effects, label] = JSON.parse(came) as [string, string]
    sink(effects, `${label}.undone`, ctx.id)
    ctx.write(DONE, [`${label}.undone`, ctx.id])
  },
})
