import { afterEach, expect, test } from 'vitest'
import { type App, chain, chord, createApp, defineTasks, group, task, type UmbelError } from '../src/index.ts'

const grow = defineTasks('grow', {
  add: (_ctx, x: number, y: number): number => x + y,
  fail: (_ctx): number => {
    throw new RangeError('added in vain')
  },
  /** Adds one more member to the header it belongs to. */
  extend: (ctx, x: number): number => {
    ctx.addToChord(grow.add.s(x, 100))
    return x
  },
  /** Adds a whole canvas. */
  extendByChain: (ctx, x: number): number => {
    ctx.addToChord(chain(grow.add.s(x, 1), group([grow.add.s(1), grow.extend.s()])))
    return x
  },
  extendByFailure: (ctx, x: number): number => {
    ctx.addToChord(grow.fail.s())
    return x
  },
  extendTwice: task(
    (ctx, x: number): number => {
      ctx.addToChord(grow.add.s(x, ctx.attempt))
      if (ctx.attempt === 1) ctx.retry({ countdown: 1 })
      return x
    },
    { retry: { max: 1 } },
  ),
  handOver: (ctx, x: number): number => ctx.replace(chain(grow.add.s(x, 1), grow.extend.s())),
  all: (_ctx, numbers: readonly unknown[]): readonly unknown[] => numbers,
})

let app: App
const open = (): App => {
  app = createApp({ tasks: [grow] })
  return app
}
afterEach(() => app.stop())

test('what a member adds is one more member, behind the others', async () => {
  open()
  expect(
    await chord([grow.extend.s(1), grow.add.s(2, 2)], grow.all.s())
      .delay()
      .get(),
  ).toEqual([1, 4, 101])
})

test('the last step of a member can add, and so can what replaced one', async () => {
  open()
  const header = [chain(grow.add.s(1, 1), grow.extend.s()), grow.handOver.s(5)]
  const got = (await chord(header, grow.all.s()).delay().get()) as number[]
  expect([got.slice(0, 2), got.slice(2).sort()]).toEqual([[2, 6], [102, 106]]) // biome-ignore format: one line
})

test('what is added that fails fails the chord', async () => {
  open()
  const result = chord([grow.extendByFailure.s(1), grow.add.s(2, 2)], grow.all.s()).delay()
  await expect(result.get()).rejects.toMatchObject({ code: 'UMBEL_CHORD_FAILED', cause: { message: 'added in vain' } })
  expect((result.info as UmbelError).details).toMatchObject({ dependency: expect.any(String) })
})

test('what an attempt added stays when it is retried', async () => {
  open()
  expect(
    await chord([grow.extendTwice.s(1)], grow.all.s())
      .delay()
      .get(),
  ).toEqual([1, 2, 3])
})

test('only a task that ends a member of a header can add', async () => {
  open()
  const code = expect.objectContaining({ code: 'UMBEL_NO_CHORD' })
  await expect(grow.extend.s(1).delay().get()).rejects.toEqual(code)
  await expect(
    group([grow.extend.s(1)])
      .delay()
      .get(),
  ).rejects.toEqual(code)
  await expect(
    chord([chain(grow.extend.s(1), grow.add.s(1))], grow.all.s())
      .delay()
      .get(),
  ).rejects.toEqual(code)
  // what was added is a member, but its own steps are none
  const result = chord([grow.extendByChain.s(1)], grow.all.s()).delay()
  await expect(result.get()).rejects.toMatchObject({ cause: { cause: { code: 'UMBEL_NO_CHORD' } } })
})
