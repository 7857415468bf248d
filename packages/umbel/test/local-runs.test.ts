import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import {
  type ActorRefFrom,
  assign,
  createMachine,
  emit,
  fromCallback,
  fromObservable,
  fromPromise,
  fromTransition,
  log,
  sendTo,
  setup,
} from 'xstate'
import { chain, defineTasks, fromCanvas, fromTask, SimulatedClock, task, workflow } from '../src/index.ts'
import { sqliteStore } from '../src/sqlite.ts'
import { next, open, record } from './fixtures/open-app.ts'
import { asIfKilled, newFile } from './fixtures/store-file.ts'

const LOCAL = { local: true } as const

/** Counts what it is told, until it is told to end. */
const counter = setup({
  types: {} as {
    context: { n: number; double: (n: number) => number }
    events: { type: 'ADD'; by: number } | { type: 'OPEN' } | { type: 'END' }
    emitted: { type: 'COUNTED'; n: number }
    output: () => number
    tags: 'CLOSED' | 'COUNTING'
  },
}).createMachine({
  id: 'counter',
  context: { n: 0, double: (n) => n * 2 },
  output:
    ({ context }) =>
    () =>
      context.n,
  initial: 'closed',
  states: {
    closed: { tags: 'CLOSED', on: { OPEN: 'counting' } },
    counting: {
      tags: 'COUNTING',
      on: {
        ADD: {
          guard: ({ event }) => event.by !== 0,
          actions: [
            assign({ n: ({ context, event }) => context.n + context.double(event.by) }),
            emit(({ context }) => ({ type: 'COUNTED', n: context.n })),
          ],
        },
        END: 'over',
      },
    },
    over: { type: 'final' },
  },
})

describe('what cannot be stored runs', () => {
  test('promises, with what they give and what they throw', async () => {
    class Lost extends Error {
      readonly where = new Map([['here', () => 1]])
    }
    const fetching = setup({
      types: {} as { context: { said: unknown }; input: boolean; output: unknown },
      actors: {
        fetch: fromPromise<() => string, boolean>(async ({ input }) => {
          if (!input) throw new Lost('lost')
          return () => 'found'
        }),
      },
    }).createMachine({
      id: 'fetching',
      context: ({ input }) => ({ said: input }),
      output: ({ context }: { context: { said: unknown } }) => context.said,
      initial: 'on',
      states: {
        on: {
          invoke: {
            src: 'fetch',
            input: ({ context }) => context.said as boolean,
            onDone: { target: 'off', actions: assign({ said: ({ event }) => event.output }) },
          },
        },
        off: { type: 'final' },
      },
    })
    const app = open()
    expect(() => app.workflow(fetching)).toThrow(expect.objectContaining({ code: 'UMBEL_BAD_MACHINE' }))
    const runs = app.workflow(fetching, LOCAL)
    const found = (await runs.start({ input: true }).result.get()) as () => string
    expect(found()).toBe('found')
    const run = runs.start({ input: false })
    const failure = await run.result.get().catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(Lost)
    expect((failure as Lost).where.get('here')?.()).toBe(1)
    expect([run.result.state, run.result.failed(), run.result.info, run.getSnapshot()?.status]).toEqual([
      'FAILURE',
      true,
      failure,
      'error',
    ])
  })

  test('callbacks, observables, transition logic, functions as actions, and live references in context', async () => {
    const steps: unknown[] = []
    const watchers = new Set<{ next(value: number): void }>()
    const ticks = fromObservable(
      () =>
        ({
          subscribe: (observer: { next(value: number): void }) => {
            watchers.add(observer)
            return { unsubscribe: () => steps.push(['unsubscribed', watchers.delete(observer)]) }
          },
        }) as never,
    )
    const echo = fromCallback<{ type: 'PING' }>(({ sendBack, receive }) => {
      receive(() => sendBack({ type: 'PONG' }))
      return () => steps.push('hung up')
    })
    const sums = fromTransition((sum: number, event: { type: 'SUM'; n: number }) => sum + event.n, 10)
    const alive = setup({
      types: {} as {
        context: { sums: ActorRefFrom<typeof sums>; heard: unknown[] }
        events: { type: 'ASK' } | { type: 'PONG' } | { type: 'END' }
        output: unknown
      },
      actors: { ticks, echo, sums },
    }).createMachine({
      id: 'alive',
      context: ({ spawn }) => ({ sums: spawn('sums'), heard: [] }),
      output: ({ context }: { context: { sums: ActorRefFrom<typeof sums>; heard: unknown[] } }) => [
        context.sums.getSnapshot().context,
        context.heard,
      ],
      entry: () => steps.push('entered'),
      invoke: [
        { src: 'echo', id: 'echo' },
        {
          src: 'ticks',
          id: 'ticks',
          onSnapshot: {
            actions: assign({ heard: ({ context, event }) => [...context.heard, event.snapshot.context] }),
          },
        },
      ],
      initial: 'on',
      states: {
        on: {
          on: {
            ASK: {
              actions: [sendTo('echo', { type: 'PING' }), sendTo(({ context }) => context.sums, { type: 'SUM', n: 5 })],
            },
            PONG: { actions: assign({ heard: ({ context }) => [...context.heard, 'PONG'] }) },
            END: 'off',
          },
        },
        off: { type: 'final' },
      },
    })
    const app = open()
    expect(() => app.workflow(alive)).toThrow(expect.objectContaining({ code: 'UMBEL_BAD_MACHINE' }))
    const run = app.workflow(alive, LOCAL).start()
    await run.accepted
    for (const watcher of watchers) watcher.next(7)
    await run.send({ type: 'ASK' }).accepted
    expect(run.getSnapshot()?.context.sums.getSnapshot().context).toBe(15)
    await run.send({ type: 'END' }).accepted
    expect(await run.result.get()).toEqual([15, [undefined, 7, 'PONG']])
    expect(steps).toEqual(['entered', 'hung up', ['unsubscribed', true]])
  })

  test('a machine that fails leaves none of its actors running', async () => {
    const hungUp: string[] = []
    const failing = setup({
      types: {} as { events: { type: 'BREAK' } },
      actors: {
        line: fromCallback(() => () => hungUp.push('line')),
        nested: createMachine({ id: 'nested', invoke: { src: fromCallback(() => () => hungUp.push('nested')) } }),
      },
    }).createMachine({
      id: 'failing',
      invoke: [{ src: 'line' }, { src: 'nested' }],
      on: {
        BREAK: {
          actions: () => {
            throw new RangeError('broken')
          },
        },
      },
    })
    const run = open().workflow(failing, LOCAL).start()
    await run.send({ type: 'BREAK' }).accepted
    await expect(run.result.get()).rejects.toThrow(new RangeError('broken'))
    expect(hungUp).toEqual(['line', 'nested'])
  })

  test('what no actor could run either is refused with its place', () => {
    const wrong = createMachine({ id: 'wrong', tags: 'SUCCESS', invoke: { src: 'nobody' }, entry: 'nothing' })
    expect(() => open().workflow(wrong, LOCAL)).toThrow(
      /wrong\.tags\[0\] is "SUCCESS".*wrong\.invoke\[0\] names an actor nobody.*wrong\.entry\[0\] names an action nothing/,
    )
    const spins = createMachine({ id: 'spins', initial: 'a', states: { a: { always: 'b' }, b: { always: 'a' } } })
    return expect(open().workflow(spins, LOCAL).start().result.get()).rejects.toMatchObject({
      code: 'UMBEL_MACHINE_LOOP',
    })
  })
})

describe('tasks of a local run', () => {
  let gate = Promise.withResolvers<void>()
  const ran: string[] = []
  class Declined extends Error {
    override readonly name = 'Declined'
  }
  const work = defineTasks(
    'local',
    {
      double: (_ctx, n: number): number => n * 2,
      decline: (_ctx): number => {
        throw new Declined('no')
      },
      slow: task(
        async (ctx, label: string): Promise<string> => {
          ctx.progress(1, 2)
          ctx.setState('WAITING_FOR_IT', { label })
          ctx.signal.addEventListener('abort', () => ran.push(`${label} aborted`))
          await Promise.race([gate.promise, new Promise((_, no) => ctx.signal.addEventListener('abort', no))])
          return label
        },
        { states: ['WAITING_FOR_IT'] },
      ),
      tells: (ctx, run: string): void => ctx.tell(run, { type: 'TOLD', by: ctx.id }, { by: 'task' }),
    },
    { errors: [Declined] },
  )

  test('are sent, and give their results and errors, also to machines within, and to what stands in the states itself', async () => {
    const within = setup({
      types: {} as { context: { n: number }; output: number },
      actors: { double: fromTask(work.double) },
    }).createMachine({
      id: 'within',
      context: { n: 0 },
      output: ({ context }) => context.n,
      initial: 'on',
      states: {
        on: {
          invoke: {
            src: 'double',
            input: [4],
            onDone: { target: 'off', actions: assign({ n: ({ event }) => event.output }) },
          },
        },
        off: { type: 'final' },
      },
    })
    const all = setup({
      types: {} as { context: { got: unknown[] }; output: unknown[] },
      actors: { within, flow: fromCanvas(chain(work.double.s(), work.double.s())) },
    }).createMachine({
      id: 'all',
      context: { got: [] },
      output: ({ context }) => context.got,
      initial: 'a',
      states: {
        a: {
          invoke: {
            src: 'within',
            onDone: { target: 'b', actions: assign({ got: ({ context, event }) => [...context.got, event.output] }) },
          },
        },
        b: {
          invoke: {
            src: 'flow',
            input: [3],
            onDone: { target: 'c', actions: assign({ got: ({ context, event }) => [...context.got, event.output] }) },
          },
        },
        c: {
          invoke: {
            src: fromTask(work.decline),
            onError: { target: 'd', actions: assign({ got: ({ context, event }) => [...context.got, event.error] }) },
          },
        },
        d: { type: 'final' },
      },
    })
    const app = open({ tasks: [work] })
    const run = app.workflow(all, LOCAL).start()
    const [one, two, error] = await run.result.get()
    expect([one, two]).toEqual([8, 12])
    expect(error).toBeInstanceOf(Declined)
    const children = await run.result.children
    expect(children.map(({ state }) => state)).toEqual(['SUCCESS', 'SUCCESS', 'FAILURE'])
    expect((await app.inspect.stats()).tasks['local.double']).toMatchObject({ succeeded: 3 })
  })

  test('show how far they are, are revoked as their state is left, and can tell the run', async () => {
    gate = Promise.withResolvers()
    const slow = setup({
      types: {} as {
        context: { seen: unknown[] }
        events: { type: 'LEAVE' } | { type: 'TOLD'; by: string }
        output: unknown[]
        tags: 'SLOW' | 'TELLING'
      },
      actors: { slow: fromTask(work.slow), tells: fromTask(work.tells) },
    }).createMachine({
      id: 'slow',
      context: { seen: [] },
      output: ({ context }) => context.seen,
      initial: 'on',
      states: {
        on: {
          tags: 'SLOW',
          invoke: {
            src: 'slow',
            input: ['it'],
            onSnapshot: {
              actions: assign({
                seen: ({ context, event }) => [...context.seen, [event.snapshot.state, event.snapshot.info]],
              }),
            },
          },
          on: { LEAVE: 'telling' },
        },
        telling: {
          tags: 'TELLING',
          invoke: { src: 'tells', input: ['slow-1'] },
          on: { TOLD: 'off' },
        },
        off: { type: 'final' },
      },
    })
    const app = open({ tasks: [work] })
    const run = app.workflow(slow, LOCAL).start({ id: 'slow-1' })
    await run.waitFor(({ context }) => context.seen.length === 3)
    const [child] = await run.result.children
    expect((await app.inspect.runs()).runs).toMatchObject([
      { id: 'slow-1', local: true, state: 'SLOW', waits: [{ kind: 'child', on: child?.id, src: 'slow' }] },
    ])
    await run.send({ type: 'LEAVE' }).accepted
    expect(await run.result.get()).toEqual([
      ['PENDING', undefined],
      ['STARTED', { done: 1, total: 2 }],
      ['WAITING_FOR_IT', { label: 'it' }],
    ])
    await expect(child?.get()).rejects.toMatchObject({ code: 'UMBEL_REVOKED' })
    expect(ran.splice(0)).toEqual(['it aborted'])
    expect((await run.history()).at(-1)).toMatchObject({ state: 'SUCCESS', by: 'task', event: { type: 'TOLD' } })
  })

  test('are revoked with the run: where it is cancelled half-way, and where the app stops', async () => {
    gate = Promise.withResolvers()
    const one = setup({
      types: {} as { input: string; context: { label: string } },
      actors: { slow: fromTask(work.slow) },
    }).createMachine({
      id: 'one',
      context: ({ input }) => ({ label: input }),
      exit: () => ran.push('exit'),
      invoke: { src: 'slow', input: ({ context }) => [context.label] },
    })
    const file = newFile()
    const app = open({ tasks: [work], store: sqliteStore(file) })
    const [cancelled, stopped] = ['cancelled', 'stopped'].map((input) =>
      app.workflow(one, LOCAL).start({ id: input, input }),
    )
    const waits = [cancelled, stopped].map((run) => run?.result.get().catch((error: unknown) => error))
    await Promise.all(
      ['cancelled', 'stopped'].map((label) =>
        next(app, 'task-state', ({ meta }) => (meta as { label: string }).label === label),
      ),
    )
    const revoked = next(app, 'task-revoked')
    await cancelled?.cancel()
    await revoked
    expect(await waits[0]).toMatchObject({ code: 'UMBEL_REVOKED' })
    expect([cancelled?.result.state, ran.splice(0)]).toEqual(['REVOKED', ['cancelled aborted']])
    const [child] = (await stopped?.result.children) ?? []
    const late = stopped?.waitFor(() => false).catch((error: unknown) => error)
    await app.stop({ deadline: 0 })
    expect(await Promise.all([waits[1], late])).toMatchObject([
      { code: 'UMBEL_APP_STOPPED' },
      { code: 'UMBEL_APP_STOPPED' },
    ])
    expect(ran.splice(0)).toEqual(['stopped aborted'])
    await expect(stopped?.send({ type: 'X' } as never).accepted).rejects.toMatchObject({ code: 'UMBEL_APP_STOPPED' })
    expect(() => app.workflow(one, LOCAL).start({ input: 'x' })).toThrow(
      expect.objectContaining({ code: 'UMBEL_APP_STOPPED' }),
    )
    const again = open({ tasks: [work], store: sqliteStore(asIfKilled(file)) })
    await again.start()
    expect((await again.result(child?.id as string)).state).toBe('REVOKED') // nobody would hear of it
  })

  test('are waited for as the app stops in time, and so are those that come after them', async () => {
    const two = setup({ actors: { double: fromTask(work.double) } }).createMachine({
      id: 'two',
      initial: 'a',
      states: {
        a: { invoke: { src: 'double', input: [1], onDone: 'b' } },
        b: { invoke: { src: 'double', input: [2], onDone: 'c' } },
        c: { type: 'final' },
      },
    })
    const app = open({ tasks: [work] })
    const run = app.workflow(two, LOCAL).start()
    await run.accepted
    await app.stop()
    expect(run.result.state).toBe('SUCCESS')
  })

  test('may be started by a handler, which is not waited for by them', async () => {
    const nested = setup({
      types: {} as { output: string },
      actors: { double: fromTask(work.double) },
    }).createMachine({
      id: 'nested',
      output: 'done',
      initial: 'a',
      states: { a: { invoke: { src: 'double', input: [1], onDone: 'b' } }, b: { type: 'final' } },
    })
    const inline = defineTasks('starter', {
      starts: task((): void => void app.workflow(nested, LOCAL).start({ id: 'of-handler' }), { inline: true }),
    })
    const app = open({ tasks: [work, inline] })
    await app.delay(inline.starts.s()).get()
    const run = await app.workflow(nested, LOCAL).get('of-handler')
    expect(await run.result.get()).toBe('done')
  })
})

describe('the verbs of a local run', () => {
  test('an event that comes too early is kept, one under a dedupe id counts once, and update gives what is emitted', async () => {
    const run = open().workflow(counter, LOCAL).start()
    expect([run.getSnapshot(), run.result.state]).toEqual([undefined, 'PENDING'])
    await run.send({ type: 'ADD', by: 1 }).accepted
    await expect(run.update({ type: 'ADD', by: 1 })).rejects.toMatchObject({ code: 'UMBEL_EVENT_NOT_TAKEN' })
    const seen: unknown[] = []
    run.on('COUNTED', ({ n }) => seen.push(n))
    const { unsubscribe } = run.subscribe(({ context }) => seen.push(['context', context.n]))
    await run.send({ type: 'OPEN' }, { by: 'ann' }).accepted
    expect(await run.query(({ context }) => context.n)).toBe(2)
    unsubscribe()
    expect(await run.update({ type: 'ADD', by: 2 }, { dedupe: 'a' })).toEqual({ type: 'COUNTED', n: 6 })
    expect(await run.update({ type: 'ADD', by: 2 }, { dedupe: 'a' })).toEqual({ type: 'COUNTED', n: 6 })
    const end = run.send({ type: 'END' })
    await end.accepted
    expect(seen).toEqual([['context', 0], 2, ['context', 2], 6])
    expect((await run.result.get())()).toBe(6)
    expect((await run.history()).map(({ state, by, event }) => [state, by, event])).toEqual([
      ['CLOSED', undefined, undefined],
      ['COUNTING', 'ann', { type: 'OPEN' }],
      ['SUCCESS', undefined, undefined],
    ])
    await run.send({ type: 'ADD', by: 2 }, { dedupe: 'a' }).accepted // it was heard while it could be
  })

  test('two starts under one id are one run, also once it has ended; another machine is refused the id', async () => {
    const app = open()
    const counters = app.workflow(counter, LOCAL)
    const [one, two] = [counters.start({ id: 'c' }), counters.start({ id: 'c' })]
    await one.send({ type: 'OPEN' }).accepted
    expect(two.result.states).toEqual(['COUNTING'])
    await two.send({ type: 'END' }).accepted
    expect(counters.start({ id: 'c' }).result.state).toBe('SUCCESS')
    expect((await counters.get('c')).result.ready()).toBe(true)
    const other = app.workflow(createMachine({ id: 'other' }), LOCAL)
    await expect(other.start({ id: 'c' }).accepted).rejects.toMatchObject({ code: 'UMBEL_DUPLICATE_ID' })
    for (const id of ['c', 'nobody', 5 as never])
      await expect(other.get(id)).rejects.toMatchObject({ code: 'UMBEL_UNKNOWN_RESULT' })
    expect(() => counters.start({ id: 'a/b' })).toThrow(expect.objectContaining({ code: 'UMBEL_BAD_OPTION' }))
    expect(() => one.send({ kind: 'x' } as never)).toThrow(expect.objectContaining({ code: 'UMBEL_BAD_OPTION' }))
  })

  test('what is refused is refused as by a run that is stored', async () => {
    const app = open()
    const refusals = async (runs: ReturnType<typeof app.workflow<typeof plain>>) => {
      const run = runs.start()
      const codes: unknown[] = []
      const told = (promise: Promise<unknown>) =>
        promise.then(
          () => codes.push('taken'),
          ({ code, message }) => codes.push([code, message.replaceAll(run.id, 'ID')]),
        )
      await told(run.send({ type: 'EARLY' }).accepted)
      await told(run.send({ type: 'EARLY' }).accepted)
      await told(run.update({ type: 'EARLY' }))
      await told(run.waitFor(({ value }) => value === 'nowhere', { timeout: 1 }))
      await run.cancel()
      await told(run.send({ type: 'EARLY' }).accepted)
      await told(run.result.get())
      await told(run.waitFor('ON'))
      codes.push([run.result.state, run.result.states, run.getSnapshot()?.status])
      return codes
    }
    const plain = setup({ types: {} as { events: { type: 'EARLY' }; tags: 'ON' } }).createMachine({
      id: 'plain',
      tags: 'ON',
    })
    const local = await refusals(app.workflow(plain, { local: true, keep: 1 }))
    expect(local).toEqual(await refusals(app.workflow(workflow(plain, { keep: 1 }))))
    expect(local).toHaveLength(8)
  })

  test('the app’s clock drives what is delayed, and observers hear of the run as of any other', async () => {
    const clock = new SimulatedClock()
    const app = open({ clock })
    const told = record(app, 'workflow-state', 'workflow-log', 'workflow-ended')
    const delayed = setup({ types: {} as { tags: 'SOON' | 'LATER' } }).createMachine({
      id: 'delayed',
      initial: 'soon',
      states: {
        soon: { tags: 'SOON', after: { 86400000: 'later' } },
        later: { tags: 'LATER', entry: log('by now', 'delayed'), after: { 1000: 'over' } },
        over: { type: 'final' },
      },
    })
    const run = app.workflow(delayed, LOCAL).start({ id: 'd' })
    await run.accepted
    const begun = clock.now()
    expect(await app.inspect.runs({ workflow: 'delayed' })).toEqual({
      total: 1,
      runs: [
        {
          id: 'd',
          workflow: 'delayed',
          version: '1',
          local: true,
          state: 'SOON',
          states: ['SOON'],
          since: begun,
          startedAt: begun,
          kept: 0,
          waits: [{ kind: 'timer', until: begun + 86_400_000 }],
          next: [expect.objectContaining({ on: { kind: 'after', delay: 86_400_000 } })],
        },
      ],
    })
    await clock.advance('1d')
    expect(run.result.state).toBe('LATER')
    await clock.advance('1s')
    expect(run.result.state).toBe('SUCCESS')
    expect(told.map(({ name, event }) => [name, 'state' in event ? event.state : event.value])).toEqual([
      ['workflow-state', 'SOON'],
      ['workflow-log', 'by now'],
      ['workflow-state', 'LATER'],
      ['workflow-ended', 'SUCCESS'],
    ])
    expect((await app.inspect.stats()).workflows).toEqual({
      delayed: { started: 1, succeeded: 1, failed: 0, revoked: 0 },
    })
    expect(await app.inspect.runs()).toEqual({ total: 0, runs: [] })
  })
})

test('what only a stored run can have is refused', () => {
  const app = open()
  const machine = createMachine({ id: 'm' })
  const refused = (make: () => unknown) => expect(make).toThrow(expect.objectContaining({ code: 'UMBEL_NOT_LOCAL' }))
  refused(() => app.workflow(machine, { local: true, version: '2' } as never))
  refused(() => app.workflow(machine, { local: true, migrate: {} } as never))
  refused(() => app.workflow(workflow(machine) as never, LOCAL))
  refused(() => workflow(machine, LOCAL as never))
  const { pay, refund } = defineTasks('bank', {
    pay: (_ctx): number => 5,
    refund: (_ctx, paid: number): number => paid,
  })
  const paying = setup({ actors: { pay: fromTask(pay, { compensate: refund }) } }).createMachine({
    id: 'paying',
    invoke: { src: 'pay' },
  })
  refused(() => app.workflow(createMachine({ id: 'shop', invoke: { src: paying } }), LOCAL))
  expect(() => app.workflow(machine, { local: false } as never)).toThrow(
    expect.objectContaining({ code: 'UMBEL_BAD_OPTION' }),
  )
  const sender = open({ store: sqliteStore(newFile(), { as: 'sender' }) })
  expect(() => sender.workflow(machine, LOCAL)).toThrow(expect.objectContaining({ code: 'UMBEL_NOT_OWNER' }))
})

test('of runs that have ended the last thousand can be found, and nothing of them is alive', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const held: WeakRef<object>[] = []
  const brief = setup({
    types: {} as { events: { type: 'END' }; output: string },
    actors: {
      actor: fromCallback(({ self }) => {
        held.push(new WeakRef(self))
      }),
    },
  }).createMachine({
    id: 'brief',
    output: 'over',
    initial: 'on',
    states: { on: { invoke: { src: 'actor' }, on: { END: 'off' } }, off: { type: 'final' } },
  })
  const runs = open().workflow(brief, LOCAL)
  const first = runs.start({ id: 'r0' })
  for (let n = 0; n <= 1_000; n += 1) await runs.start({ id: `r${n}` }).send({ type: 'END' }).accepted
  await expect(runs.get('r0')).rejects.toMatchObject({ code: 'UMBEL_UNKNOWN_RESULT' })
  expect(await first.result.get()).toBe('over') // who has a handle keeps what it has seen
  expect((await runs.get('r1')).result.state).toBe('SUCCESS')
  await (await runs.get('r1')).result.forget()
  await expect(runs.get('r1')).rejects.toMatchObject({ code: 'UMBEL_UNKNOWN_RESULT' })
  expect(held).toHaveLength(1_001)
  await expect
    .poll(() => {
      collect()
      return held.filter((one) => one.deref() !== undefined).length
    })
    .toBe(0)
})
