import { expect, test } from 'vitest'
import { assign, emit, enqueueActions, log, setup, spawnChild, stopChild } from 'xstate'
import { chord, defineTasks, fromCanvas, fromTask, SimulatedClock, task } from '../src/index.ts'
import { next, open, record } from './fixtures/open-app.ts'

const gate = { open: Promise.resolve() }
const work = defineTasks('verbs', {
  double: (_ctx, n: number): number => n * 2,
  sum: (_ctx, ns: readonly number[]): number => ns.reduce((all, one) => all + one, 0),
  slow: task(
    async (ctx, steps: number): Promise<number> => {
      for (let done = 1; done <= steps; done += 1) ctx.progress(done, steps)
      ctx.setState('POLISHING', { with: 'wax' })
      await gate.open
      return steps
    },
    { states: ['POLISHING'] },
  ),
})

/** A counter that is told things. */
const counter = setup({
  types: {} as {
    context: { n: number; log: unknown[] }
    events: { type: 'ADD'; by: number } | { type: 'STOP' } | { type: 'IGNORED' } | { type: 'ASK' }
    emitted: { type: 'COUNTED'; n: number } | { type: 'ASKED' }
    output: number
  },
}).createMachine({
  id: 'counter',
  tags: 'COUNTING',
  context: { n: 0, log: [] },
  output: ({ context }) => context.n,
  initial: 'on',
  on: { IGNORED: {} },
  states: {
    on: {
      on: {
        ADD: {
          guard: ({ event }) => event.by > 0,
          actions: [
            assign({ n: ({ context, event }) => context.n + event.by }),
            emit(({ context }) => ({ type: 'COUNTED', n: context.n })),
          ],
        },
        ASK: {
          actions: enqueueActions(({ enqueue, context }) => {
            if (context.n > 1) enqueue.emit({ type: 'ASKED' })
          }),
        },
        STOP: 'off',
      },
    },
    off: { type: 'final' },
  },
})

test('update gives what the machine emits for the event, and is refused where no transition takes it', async () => {
  const run = open().workflow(counter).start()
  expect(await run.update({ type: 'ADD', by: 2 })).toEqual({ type: 'COUNTED', n: 2 })
  expect(await run.update({ type: 'ASK' })).toEqual({ type: 'ASKED' })
  expect(await run.update({ type: 'IGNORED' })).toBeUndefined()
  await expect(run.update({ type: 'ADD', by: -1 })).rejects.toMatchObject({ code: 'UMBEL_EVENT_NOT_TAKEN' })
  expect(await run.query(({ context }) => context.n)).toBe(2)
})

test('an event under a dedupe id counts once, and the second send is answered as the first was', async () => {
  const run = open().workflow(counter).start()
  const add = { type: 'ADD', by: 1 } as const
  await Promise.all([run.send(add, { dedupe: 'a' }).accepted, run.send(add, { dedupe: 'a' }).accepted])
  expect(await run.update(add, { dedupe: 'b' })).toEqual({ type: 'COUNTED', n: 2 })
  expect(await run.update(add, { dedupe: 'b' })).toEqual({ type: 'COUNTED', n: 2 })
  await run.send({ type: 'STOP' }).accepted
  await run.send(add, { dedupe: 'b' }).accepted // it was heard while it could be
  expect(await run.result.get()).toBe(2)
})

test('what is emitted reaches who listens, each snapshot who subscribes; what they throw harms nobody', async () => {
  const app = open()
  const failed = next(app, 'internal-error')
  const run = app.workflow(counter).start()
  const seen: unknown[] = []
  run.on('COUNTED', ({ n }) => seen.push(n))
  run.on('*', ({ type }) => seen.push(type))
  const { unsubscribe } = run.subscribe(({ context, status }) => seen.push([status, context.n]))
  run.subscribe(() => {
    throw new RangeError('listener')
  })
  await run.send({ type: 'ADD', by: 1 }).accepted
  await run.send({ type: 'ADD', by: 2 }).accepted
  unsubscribe()
  await run.send({ type: 'STOP' }).accepted
  await run.result.get()
  expect(seen).toEqual([['active', 0], ['active', 1], 1, 'COUNTED', ['active', 3], 3, 'COUNTED'])
  expect((await failed).error).toBeInstanceOf(RangeError)
})

test('a machine hears of the progress and the states of what it invokes where it asks for it', async () => {
  const held = Promise.withResolvers<void>()
  gate.open = held.promise
  const watching = setup({
    types: {} as { context: { seen: unknown[] }; output: unknown[] },
    actors: { slow: fromTask(work.slow) },
  }).createMachine({
    id: 'watching',
    context: { seen: [] },
    output: ({ context }) => context.seen,
    initial: 'on',
    states: {
      on: {
        invoke: {
          src: 'slow',
          input: [2] as const,
          onSnapshot: {
            actions: assign({
              seen: ({ context, event }) => [...context.seen, [event.snapshot.state, event.snapshot.info]],
            }),
          },
          onDone: 'off',
        },
      },
      off: { type: 'final' },
    },
  })
  const run = open({ tasks: [work] })
    .workflow(watching)
    .start()
  await run.waitFor((snapshot) => snapshot.context.seen.length === 3)
  held.resolve()
  expect(await run.result.get()).toEqual([
    ['STARTED', { done: 1, total: 2 }],
    ['STARTED', { done: 2, total: 2 }],
    ['POLISHING', { with: 'wax' }],
  ])
})

test('canvases are invoked and spawned like tasks, by name, with their input made into arguments', async () => {
  const adding = setup({
    types: {} as { context: { total: number; spawned: number }; output: number },
    actors: {
      double: fromTask(work.double),
      total: fromCanvas((...ns: number[]) =>
        chord(
          ns.map((n) => work.double.s(n)),
          work.sum.s(),
        ),
      ),
    },
  }).createMachine({
    id: 'adding',
    context: { total: 0, spawned: 0 },
    output: ({ context }) => context.total + context.spawned,
    entry: [
      spawnChild('double', { id: 'extra', input: [50] }),
      spawnChild('double', { id: 'stopped', input: [1] }),
      stopChild('stopped'),
    ],
    on: {
      'xstate.done.actor.extra': {
        actions: assign({ spawned: ({ event }) => (event as unknown as { output: number }).output }),
      },
    },
    initial: 'on',
    states: {
      on: {
        invoke: {
          src: 'total',
          input: [1, 2, 3],
          onDone: { target: 'wait', actions: assign({ total: ({ event }) => event.output }) },
        },
      },
      wait: { always: { guard: ({ context }) => context.spawned > 0, target: 'off' } },
      off: { type: 'final' },
    },
  })
  const app = open({ tasks: [work] })
  const run = app.workflow(adding).start({ id: 'a' })
  expect(await run.result.get()).toBe(112)
  expect((await run.result.children).map(({ id }) => id)).toEqual(['a/extra.1', 'a/0.adding.on.2'])
})

test('states are the tags of what is active: the deepest is the state, all are listed, and both are told', async () => {
  const clock = new SimulatedClock()
  const deep = setup({
    types: {} as { tags: 'OPEN' | 'CHECKING' | 'PACKING'; events: { type: 'NEXT' } },
  }).createMachine({
    id: 'deep',
    initial: 'open',
    states: {
      open: {
        tags: 'OPEN',
        type: 'parallel',
        states: {
          check: { initial: 'a', states: { a: { tags: 'CHECKING', on: { NEXT: 'b' } }, b: { type: 'final' } } },
          pack: { initial: 'a', states: { a: { tags: 'PACKING', after: { 1000: 'b' } }, b: { type: 'final' } } },
        },
        onDone: 'over',
      },
      over: { entry: log('over', 'deep'), type: 'final' },
    },
  })
  const app = open({ clock })
  const told = record(app, 'workflow-state', 'workflow-ended', 'workflow-log')
  const run = app.workflow(deep).start({ id: 'd' })
  await run.accepted
  expect([run.result.state, run.result.states]).toEqual(['CHECKING', ['OPEN', 'CHECKING', 'PACKING']])
  await run.send({ type: 'NEXT' }).accepted
  expect([run.result.state, run.result.states]).toEqual(['PACKING', ['OPEN', 'PACKING']])
  expect(await app.inspect.runs()).toEqual({
    total: 1,
    runs: [
      {
        id: 'd',
        workflow: 'deep',
        version: '1',
        local: false,
        state: 'PACKING',
        states: ['OPEN', 'PACKING'],
        since: clock.now(),
        startedAt: clock.now(),
        kept: 0,
        waits: [{ kind: 'timer', until: clock.now() + 1_000 }],
        next: [
          expect.objectContaining({ from: 'deep.open', on: { kind: 'done' } }),
          expect.objectContaining({ from: 'deep.open.pack.a', on: { kind: 'after', delay: 1_000 } }),
        ],
      },
    ],
  })
  await clock.advance('1s')
  expect([run.result.state, run.result.states]).toEqual(['SUCCESS', []])
  expect(told.map(({ name, event }) => [name, 'state' in event ? event.state : event.value])).toEqual([
    ['workflow-state', 'CHECKING'],
    ['workflow-state', 'PACKING'],
    ['workflow-log', 'over'],
    ['workflow-ended', 'SUCCESS'],
  ])
})

test('a handler tells a run what it has to know, and the run is found by its id', async () => {
  const app = open({
    tasks: [
      defineTasks('teller', {
        report: (ctx, run: string): void => {
          ctx.tell(run, { type: 'ADD', by: 5 }, { dedupe: 'report', by: ctx.id })
          ctx.tell(run, { type: 'ADD', by: 5 }, { dedupe: 'report' })
          ctx.tell('nobody', { type: 'ADD', by: 5 })
          ctx.tell(run, { type: 'STOP' })
        },
      }),
    ],
  })
  const refused = next(app, 'send-failed')
  const run = app.workflow(counter).start({ id: 'told' })
  await run.accepted
  const teller = defineTasks('teller', { report: (_ctx, _run: string): void => {} })
  app.delay(teller.report.s('told'))
  expect(await run.result.get()).toBe(5)
  expect(await refused).toMatchObject({ id: 'nobody', error: { code: 'UMBEL_UNKNOWN_RESULT' } })
  expect((await app.inspect.stats()).workflows).toEqual({
    counter: { started: 1, succeeded: 1, failed: 0, revoked: 0 },
  })
})
