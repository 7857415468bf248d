import { expect, test } from 'vitest'
import { assign, raise, setup } from 'xstate'
import { type App, type AppOptions, defineTasks, fromTask, SimulatedClock } from '../src/index.ts'
import { next, open } from './fixtures/open-app.ts'

class Declined extends Error {
  override readonly name = 'Declined'
  readonly limit = 1_000
}

/** A shop: its tasks, what they ran with, and its order as a machine. */
function shop(options: AppOptions = {}) {
  const ran: unknown[] = []
  const gate = Promise.withResolvers<void>()
  const tasks = defineTasks(
    'shop',
    {
      charge: (_ctx, amount: number): { paid: number; at: Date } => {
        ran.push(['charge', amount])
        if (amount > 1_000) throw new Declined('too much')
        return { paid: amount, at: new Date(0) }
      },
      ship: async (ctx, item: string): Promise<string> => {
        ran.push(['ship', item])
        if (item === 'slow')
          await Promise.race([gate.promise, new Promise((_, no) => ctx.signal.addEventListener('abort', no))])
        return `${item} shipped`
      },
    },
    { errors: [Declined] },
  )
  const order = setup({
    types: {} as {
      context: { item: string; amount: number; paid: Date | undefined; error: unknown }
      input: { item: string; amount: number }
      events: { type: 'APPROVE' } | { type: 'CANCEL'; why: string }
      output: { item: string; paid: Date | undefined; error: unknown }
      tags: 'APPROVING' | 'CHARGING' | 'SHIPPING'
    },
    actors: { charge: fromTask(tasks.charge), ship: fromTask(tasks.ship) },
  }).createMachine({
    id: 'order',
    context: ({ input }) => ({ ...input, paid: undefined, error: undefined }),
    output: ({ context: { item, paid, error } }) => ({ item, paid, error }),
    initial: 'approving',
    states: {
      approving: {
        tags: 'APPROVING',
        always: { guard: ({ context }) => context.amount < 100, target: 'charging' },
        on: { APPROVE: 'charging' },
        after: { 3600000: 'lapsed' },
      },
      charging: {
        tags: 'CHARGING',
        invoke: {
          src: 'charge',
          input: ({ context }) => [context.amount] as const,
          onDone: { target: 'shipping', actions: assign({ paid: ({ event }) => event.output.at }) },
          onError: { target: 'failed', actions: assign({ error: ({ event }) => event.error }) },
        },
      },
      shipping: {
        tags: 'SHIPPING',
        invoke: { src: 'ship', input: ({ context }) => [context.item] as const, onDone: 'shipped' },
        on: { CANCEL: 'failed' },
      },
      shipped: { type: 'final' },
      failed: { type: 'final' },
      lapsed: { type: 'final' },
    },
  })
  const app: App = open({ tasks: [tasks], ...options })
  return { app, tasks, order, ran, gate }
}

test('a run goes through its states, invokes tasks by name and ends with its output', async () => {
  const { app, order, ran } = shop()
  const run = app.workflow(order).start({ id: 'order-1', input: { item: 'book', amount: 20 } })
  expect(run.id).toBe('order-1')
  await run.accepted
  expect(await run.result.get()).toEqual({ item: 'book', paid: new Date(0), error: undefined })
  expect(ran).toEqual([
    ['charge', 20],
    ['ship', 'book'],
  ])
  expect(run.result.state).toBe('SUCCESS')
  expect(run.getSnapshot()).toMatchObject({ status: 'done', value: 'shipped', context: { paid: new Date(0) } })
})

test('onError is given the error of its own class; what a machine does not take fails its run with it', async () => {
  const { app, tasks, order } = shop()
  const orders = app.workflow(order)
  const dear = orders.start({ input: { item: 'boat', amount: 5_000 } })
  await dear.send({ type: 'APPROVE' }).accepted
  const { error } = await dear.result.get()
  expect(error).toBeInstanceOf(Declined)
  expect(error).toMatchObject({ message: 'too much', limit: 1_000 })

  const strict = setup({ actors: { charge: fromTask(tasks.charge) } }).createMachine({
    id: 'strict',
    invoke: { src: 'charge', input: [2_000] as const },
  })
  const run = app.workflow(strict).start({ id: 's' })
  await expect(run.result.get()).rejects.toBeInstanceOf(Declined)
  expect(run.result.state).toBe('FAILURE')
  expect(run.getSnapshot()).toMatchObject({ status: 'error' })
})

test('a second start under an id gives the run that exists, also once it has ended', async () => {
  const { app, order, ran } = shop()
  const orders = app.workflow(order)
  const input = { item: 'book', amount: 20 }
  const [first, second] = [orders.start({ id: 'twice', input }), orders.start({ id: 'twice', input })]
  const output = await first.result.get()
  expect(await second.result.get()).toEqual(output)
  const third = orders.start({ id: 'twice', input: { item: 'other', amount: 1 } })
  await third.accepted
  expect(await third.result.get()).toEqual(output)
  expect(await (await orders.get('twice')).result.get()).toEqual(output)
  expect(ran).toHaveLength(2)
})

test('an event with a deadline: one that comes in time moves the run, else the deadline does', async () => {
  const clock = new SimulatedClock()
  const { app, order, ran } = shop({ clock })
  const orders = app.workflow(order)
  const input = { item: 'sofa', amount: 500 }
  const [approved, late] = [orders.start({ input }), orders.start({ input })]
  await clock.advance(3_599_999)
  await approved.send({ type: 'APPROVE' }, { by: 'ann' }).accepted
  await clock.advance(1)
  expect(late.getSnapshot()?.value).toBe('lapsed')
  expect((await approved.result.get()).paid).toEqual(new Date(0))
  await clock.advance('1h')
  expect(ran).toHaveLength(2)
  expect(await approved.history()).toMatchObject([
    { state: 'APPROVING', by: undefined },
    { state: 'CHARGING', by: 'ann', event: { type: 'APPROVE' } },
    { state: 'SHIPPING' },
    { state: 'SUCCESS' },
  ])
})

test('an event that comes before a state takes it is kept, and told once that is so', async () => {
  const { app, order, gate } = shop()
  const run = app.workflow(order).start({ input: { item: 'slow', amount: 500 } })
  run.send({ type: 'CANCEL', why: 'early' })
  run.send({ type: 'APPROVE' })
  expect(await run.result.get()).toMatchObject({ item: 'slow' })
  expect(run.getSnapshot()?.value).toBe('failed')
  gate.resolve()
})

test('leaving a state revokes what it invoked', async () => {
  const { app, order } = shop()
  const run = app.workflow(order).start({ id: 'left', input: { item: 'slow', amount: 20 } })
  await run.waitFor('SHIPPING')
  const [, child] = await run.result.children
  expect(child?.id).toBe('left/0.order.shipping.2')
  await run.send({ type: 'CANCEL', why: 'changed' }).accepted
  await expect(child?.get()).rejects.toMatchObject({ code: 'UMBEL_REVOKED' })
  expect(run.getSnapshot()?.value).toBe('failed')
})

test('a run that is cancelled ends at once with what it invoked, and takes no more events', async () => {
  const { app, order } = shop()
  const run = app.workflow(order).start({ input: { item: 'slow', amount: 20 } })
  const shipping = await run.waitFor((snapshot) => snapshot.matches('shipping'))
  expect(shipping.hasTag('SHIPPING')).toBe(true)
  const [, child] = await run.result.children
  await run.cancel()
  await expect(run.result.get()).rejects.toMatchObject({ code: 'UMBEL_REVOKED' })
  await expect(child?.get()).rejects.toMatchObject({ code: 'UMBEL_REVOKED' })
  await expect(run.send({ type: 'APPROVE' }).accepted).rejects.toMatchObject({ code: 'UMBEL_RUN_ENDED' })
  await expect(run.waitFor('APPROVING')).rejects.toMatchObject({ code: 'UMBEL_RUN_ENDED' })
})

test('a machine that never comes to rest fails its run instead of the app', async () => {
  const { app } = shop()
  const spin = setup({}).createMachine({
    id: 'spin',
    initial: 'a',
    states: { a: { always: 'b' }, b: { always: 'a' } },
  })
  const echo = setup({ types: {} as { events: { type: 'PING' } } }).createMachine({
    id: 'echo',
    on: { PING: { actions: raise({ type: 'PING' }) } },
  })
  const runs = app.workflow(echo)
  await expect(app.workflow(spin).start().result.get()).rejects.toMatchObject({ code: 'UMBEL_MACHINE_LOOP' })
  const run = runs.start()
  run.send({ type: 'PING' })
  await expect(run.result.get()).rejects.toMatchObject({ code: 'UMBEL_MACHINE_LOOP' })
})

test('what cannot travel fails the run with the place of it', async () => {
  const { app } = shop()
  const bad = setup({ types: {} as { context: { at: unknown } } }).createMachine({
    id: 'bad',
    context: { at: 1 },
    entry: assign({ at: () => () => 1 }),
  })
  const error = await app
    .workflow(bad)
    .start()
    .result.get()
    .catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'UMBEL_CANNOT_TRAVEL', message: expect.stringContaining('context.at') })
  expect(() => app.workflow(bad).start({ input: () => 1 })).toThrow('input is a function')
})

test('a machine that stands in an invoke itself gets a run of its own, as one that has a name does', async () => {
  const inner = setup({ types: {} as { input: string; output: string; context: { said: string } } }).createMachine({
    id: 'inner',
    context: ({ input }) => ({ said: input }),
    initial: 'over',
    states: { over: { type: 'final' } },
    output: ({ context }) => `${context.said}!`,
  })
  const outer = setup({ types: {} as { context: { said: unknown } } }).createMachine({
    id: 'outer',
    context: { said: undefined },
    initial: 'asking',
    states: {
      asking: {
        invoke: {
          src: inner,
          input: 'well',
          onDone: {
            target: 'over',
            actions: assign(({ event }) => ({ said: (event as { output?: unknown }).output })),
          },
        } as never,
      },
      over: { type: 'final' },
    },
    output: ({ context }) => context.said,
  })
  const run = open().workflow(outer).start({ id: 'o' })
  expect(await run.result.get()).toBe('well!')
})

test('a start under an id that something else has is refused, and what has it is left in peace', async () => {
  const { app, tasks, order } = shop()
  const run = app.workflow(order).start({ id: 'taken', input: { item: 'book', amount: 500 } })
  await run.accepted
  const output = run.result.get()
  const told = next(app, 'send-failed')
  const other = app.workflow(setup({}).createMachine({ id: 'other' })).start({ id: 'taken' })
  expect(await told).toMatchObject({ id: 'taken', error: { code: 'UMBEL_DUPLICATE_ID' } })
  await expect(other.accepted).rejects.toMatchObject({ code: 'UMBEL_DUPLICATE_ID' })
  await expect(other.result.get()).rejects.toMatchObject({ code: 'UMBEL_DUPLICATE_ID' })
  const both = ['at-once', 'at-once'].map((id, n) =>
    n === 0
      ? app.workflow(order).start({ id, input: { item: 'pen', amount: 5 } })
      : app.workflow(setup({}).createMachine({ id: 'third' })).start({ id }),
  )
  expect(await both[0]?.result.get()).toMatchObject({ item: 'pen' })
  await run.send({ type: 'APPROVE' }).accepted
  expect(await output).toMatchObject({ item: 'book' })
  expect(() => app.delay(tasks.charge.s(1).set({ id: 'taken' }))).toThrow(
    expect.objectContaining({ code: 'UMBEL_DUPLICATE_ID' }),
  )
})
