import { expect, test } from 'vitest'
import { assign, setup } from 'xstate'
import { chain, chord, defineTasks, fromCanvas, fromTask, group, workflow } from '../src/index.ts'
import { sqliteStore } from '../src/sqlite.ts'
import { next, open } from './fixtures/open-app.ts'
import { asIfKilled, newFile } from './fixtures/store-file.ts'

const work = defineTasks('steps', {
  add: (_ctx, a: number, b: number): number => a + b,
  sum: (_ctx, all: readonly number[]): number => all.reduce((sum, one) => sum + one, 0),
  fail: (_ctx, n: number): number => {
    throw new RangeError(`no ${n}`)
  },
})

/** Doubles a number, by a task; asks before it does where that is large. */
const doubling = workflow(
  setup({
    types: {} as {
      context: { n: number; twice: number }
      input: number
      events: { type: 'YES' } | { type: 'NO' }
      output: number
      tags: 'ASKING'
    },
    actors: { add: fromTask(work.add), fail: fromTask(work.fail) },
  }).createMachine({
    id: 'doubling',
    context: ({ input }) => ({ n: input, twice: 0 }),
    output: ({ context }) => context.twice,
    initial: 'new',
    states: {
      new: { always: [{ guard: ({ context }) => context.n > 99, target: 'asking' }, { target: 'on' }] },
      asking: { tags: 'ASKING', on: { YES: 'on', NO: 'refused' } },
      on: {
        invoke: {
          src: 'add',
          input: ({ context: { n } }) => [n, n] as const,
          onDone: { target: 'off', actions: assign({ twice: ({ event }) => event.output }) },
        },
      },
      refused: { invoke: { src: 'fail', input: ({ context }) => [context.n] as const } },
      off: { type: 'final' },
    },
  }),
)

test('a run is a step of a chain and a member of a group: it takes what came before, its output is what comes next', async () => {
  const app = open({ tasks: [work], workflows: [doubling] })
  expect(await chain(work.add.s(1, 2), doubling.s(), work.add.s(10)).delay().get()).toBe(16)
  expect(
    await group([doubling.s(1), doubling.s(2), work.add.s(1, 1)])
      .delay()
      .get(),
  ).toEqual([2, 4, 2])
  expect(
    await chord([doubling.s(1), doubling.s(2)], work.sum.s())
      .delay()
      .get(),
  ).toBe(6)
  expect(await chain(work.add.s(1, 2), doubling.si(20)).delay().get()).toBe(40)
  expect(await app.delay(doubling.s(4)).get()).toBe(8)
})

test('such a run is told things under the id of its step, and fails its canvas as a task would', async () => {
  const app = open({ tasks: [work], workflows: [doubling] })
  const asks = next(app, 'workflow-state', ({ state }) => state === 'ASKING')
  const result = app.delay(chain(work.add.s(100, 0), doubling.s(), work.add.s(1)).set({ id: 'c' }))
  expect((await asks).id).toBe('c/1.r1')
  const run = await app.workflow(doubling).get('c/1.r1')
  await run.waitFor('ASKING')
  expect((await app.result('c/1')).state).toBe('REPLACED')
  await run.send({ type: 'YES' }).accepted
  expect(await result.get()).toBe(201)

  const refused = app.delay(chain(doubling.s(500), work.add.s(1)).set({ id: 'd' }))
  await refused.accepted
  await (await app.workflow(doubling).get('d/0.r1')).send({ type: 'NO' }).accepted
  await expect(refused.get()).rejects.toThrow('no 500')
})

test('revoking the canvas revokes the run, and what that has invoked', async () => {
  const app = open({ tasks: [work], workflows: [doubling] })
  const result = app.delay(group([doubling.s(500), doubling.s(1)]).set({ id: 'g' }))
  await result.accepted
  const run = await app.workflow(doubling).get('g/1.r1')
  await run.waitFor('ASKING')
  await result.revoke()
  await expect(run.result.get()).rejects.toMatchObject({ code: 'UMBEL_REVOKED' })
  await expect(result.get()).rejects.toMatchObject({ code: 'UMBEL_REVOKED' })
})

test('a machine invokes a canvas that has runs in it, and what is given to another machine is a run of its own', async () => {
  const outer = setup({
    types: {} as { context: { got: number }; output: number },
    actors: {
      pair: fromCanvas((n: number) => chord([doubling.s(n), doubling.s(n + 1)], work.sum.s())),
      doubling: doubling.machine,
    },
  }).createMachine({
    id: 'outer',
    context: { got: 0 },
    output: ({ context }) => context.got,
    initial: 'pair',
    states: {
      pair: {
        invoke: {
          src: 'pair',
          input: [1],
          onDone: { target: 'one', actions: assign({ got: ({ event }) => event.output }) },
        },
      },
      one: {
        invoke: {
          src: 'doubling',
          input: ({ context }) => context.got,
          onDone: { target: 'off', actions: assign({ got: ({ event }) => event.output }) },
        },
      },
      off: { type: 'final' },
    },
  })
  const run = open({ tasks: [work] })
    .workflow(outer)
    .start()
  expect(await run.result.get()).toBe(12)
})

test('it goes on in the next process where the run waits, and the canvas behind it', async () => {
  const file = newFile()
  const options = { tasks: [work], workflows: [doubling] }
  const first = open({ ...options, store: sqliteStore(file, { sync: 'off' }) })
  await first.delay(chain(doubling.s(100), work.add.s(1)).set({ id: 'c' })).accepted
  await (await first.workflow(doubling).get('c/0.r1')).waitFor('ASKING')
  const second = open({ ...options, store: sqliteStore(asIfKilled(file), { sync: 'off' }) })
  await second.start()
  const run = await second.workflow(doubling).get('c/0.r1')
  await run.send({ type: 'YES' }).accepted
  expect(await (await second.result('c')).get()).toBe(201)
})

test('a canvas with a machine that is not registered, or with too many inputs, is refused at the call', () => {
  const app = open({ tasks: [work] })
  expect(() => app.delay(chain(work.add.s(1, 2), doubling.s()))).toThrow('No workflow doubling of version 1')
  app.workflow(doubling)
  expect(() => app.delay(doubling.s(...([1, 2] as unknown as [number])))).toThrow('workflow:doubling@1')
})
