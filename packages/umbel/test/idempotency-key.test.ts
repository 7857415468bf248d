import { describe, expect, test } from 'vitest'
import {
  type AppOptions,
  type AsyncResult,
  chain,
  defineTasks,
  group,
  memoryStore,
  SimulatedClock,
  type Store,
  task,
} from '../src/index.ts'
import { sqliteStore } from '../src/sqlite.ts'
import { keyedInThreads } from './fixtures/keyed-tasks.ts'
import { next, open, record } from './fixtures/open-app.ts'
import { asIfKilled, newFile } from './fixtures/store-file.ts'

/** The tasks of one process, and what they charged. */
function begin(store: Store, options: AppOptions = {}) {
  const charged: string[] = []
  const gates = new Map<string, PromiseWithResolvers<void>>()
  const gate = (id: string): PromiseWithResolvers<void> => {
    const known = gates.get(id) ?? Promise.withResolvers<void>()
    gates.set(id, known)
    return known
  }
  const world = { failing: false }
  const tasks = defineTasks('keyed', {
    charge: task(
      async (_ctx, order: string, cents: object): Promise<string> => {
        charged.push(order)
        if (world.failing) throw new RangeError(`no ${order}`)
        return `${order} ${JSON.stringify(cents)} ${charged.length}`
      },
      { idempotencyKey: (order) => order },
    ),
    slow: task(
      async (ctx, order: string): Promise<string> => {
        charged.push(ctx.id)
        await gate(ctx.id).promise
        if (world.failing) throw new RangeError(`no ${order}`)
        return `${order} of ${ctx.id}`
      },
      { idempotencyKey: { key: (order) => order, ttl: '1h' } },
    ),
    tries: task(
      (ctx, order: string): number => {
        charged.push(order)
        if (ctx.attempt < 3) throw new RangeError('not yet')
        return ctx.attempt
      },
      { idempotencyKey: (order) => order, retry: { max: 3, backoff: { base: '1s', jitter: false } } },
    ),
    order: (_ctx, name: string): string => name,
    replaced: task((ctx, order: string): string => ctx.replace(tasks.order.si(`${order}!`)), {
      idempotencyKey: (order) => order,
    }),
  })
  const app = open({ tasks: [tasks], store, ...options })
  const release = (id: string): void => gate(id).resolve()
  return { app, tasks, charged, world, release }
}

describe.each([
  ['memory', () => memoryStore()],
  ['SQLite', () => sqliteStore(newFile())],
] as const)('a key in the %s store', (_, store) => {
  test('whose result stands is not run again: what is sent again has that result', async () => {
    const { app, tasks, charged } = begin(store())
    const first = await app.delay(tasks.charge.s('o1', { a: 1, b: 2 })).get()
    const again = app.delay(tasks.charge.s('o1', { b: 2, a: 1 }))
    expect([first, await again.get(), again.state]).toEqual(['o1 {"a":1,"b":2} 1', first, 'SUCCESS'])
    expect(await app.delay(tasks.charge.s('o2', {})).get()).toBe('o2 {} 2')
    expect(charged).toEqual(['o1', 'o2'])
  })

  test('with other arguments is a typed error, and leaves a dead letter', async () => {
    const { app, tasks, charged } = begin(store())
    await app.delay(tasks.charge.s('o1', { a: 1 })).get()
    const other = app.delay(tasks.charge.s('o1', { a: 2 }))
    await expect(other.get()).rejects.toMatchObject({ code: 'UMBEL_IDEMPOTENCY_CONFLICT' })
    expect(charged).toEqual(['o1'])
    expect(await app.deadLetters.list()).toMatchObject([{ id: other.id }])
  })

  test('is given no keyword arguments, and yet compares them', async () => {
    const { app, tasks, charged } = begin(store())
    const withNote = (note: string) =>
      app.delay(tasks.charge.s('o1', {}), { args: [], kwargs: { note }, options: {} }) as AsyncResult<unknown>
    expect(await withNote('a').get()).toBe('o1 {} 1')
    expect(await withNote('a').get()).toBe('o1 {} 1')
    await expect(withNote('b').get()).rejects.toMatchObject({ code: 'UMBEL_IDEMPOTENCY_CONFLICT' })
    await expect(app.delay(tasks.charge.s('o1', {})).get()).rejects.toMatchObject({
      code: 'UMBEL_IDEMPOTENCY_CONFLICT',
    })
    expect(charged).toEqual(['o1'])
  })

  test('that is held lets others wait without a slot, and gives them the result it comes to', async () => {
    const { app, tasks, charged, release } = begin(store(), { lanes: { default: { threads: 0, inline: 2 } } })
    const first = app.delay(tasks.slow.s('o1'))
    const others = Array.from({ length: 20 }, () => app.delay(tasks.slow.s('o1')))
    await next(app, 'task-prerun')
    // with both slots taken by what waits this one would never start
    expect(await app.delay(tasks.order.s('free')).get()).toBe('free')
    const conflict = app.delay(tasks.charge.s('o1', {})) // another task's keys are its own
    expect(await conflict.get()).toBe('o1 {} 2')
    const waiting = await app.inspect.waiting()
    expect(waiting.total).toBe(20)
    expect(waiting.tasks.map(({ reason }) => reason)).toEqual(others.map(() => ({ kind: 'key', on: first.id })))
    release(first.id)
    expect(new Set(await Promise.all([first, ...others].map((one) => one.get())))).toEqual(
      new Set([`o1 of ${first.id}`]),
    )
    expect(charged).toEqual([first.id, 'o1'])
  })

  test('that is left without a result goes to the one that has waited for it longest', async () => {
    const { app, tasks, charged, world, release } = begin(store())
    world.failing = true
    const [first, second, third] = ['a', 'b', 'c'].map((id) => app.delay(tasks.slow.s('o1').set({ id })))
    await next(app, 'task-prerun')
    await app.delay(tasks.order.s('all wait')).get()
    const started = next(app, 'task-prerun', ({ id }) => id === 'b')
    release('a')
    await expect(first?.get()).rejects.toThrow('no o1')
    await started
    world.failing = false
    release('b')
    expect(await Promise.all([second?.get(), third?.get()])).toEqual(['o1 of b', 'o1 of b'])
    expect(charged).toEqual(['a', 'b'])
  })

  test('is given up by what is revoked, whether it has it or waits for it', async () => {
    const { app, tasks, charged, release } = begin(store())
    const [first, second, third] = ['a', 'b', 'c'].map((id) => app.delay(tasks.slow.s('o1').set({ id })))
    await next(app, 'task-prerun')
    await app.delay(tasks.order.s('all wait')).get()
    await second?.revoke()
    const started = next(app, 'task-prerun', ({ id }) => id === 'c')
    await first?.revoke()
    await started
    release('c')
    expect(await third?.get()).toBe('o1 of c')
    expect(second?.state).toBe('REVOKED')
    expect(charged).toEqual(['a', 'c'])
  })

  test('stays with its task through retries, and goes with what replaces it', async () => {
    const clock = new SimulatedClock()
    const { app, tasks, charged } = begin(store(), { clock })
    const first = app.delay(tasks.tries.s('o1'))
    await next(app, 'task-retry')
    const second = app.delay(tasks.tries.s('o1'))
    await app.delay(tasks.order.s('it waits')).get()
    const done = Promise.all([first.get(), second.get()])
    for (let second = 0; second < 10; second += 1) await clock.advance('1s')
    expect(await done).toEqual([3, 3])
    expect(charged).toEqual(['o1', 'o1', 'o1'])
    expect(await app.delay(tasks.replaced.s('o2')).get()).toBe('o2!')
    expect(await app.delay(tasks.replaced.s('o2')).get()).toBe('o2!')
  })

  test('stands for its ttl and no longer', async () => {
    const clock = new SimulatedClock()
    const { app, tasks, charged, release } = begin(store(), { clock })
    const run = async (id: string): Promise<unknown> => {
      const result = app.delay(tasks.slow.s('o1').set({ id })).get()
      release(id)
      return result
    }
    expect(await run('a')).toBe('o1 of a')
    await clock.advance('59m')
    expect(await run('b')).toBe('o1 of a')
    await clock.advance('1m')
    expect(await run('c')).toBe('o1 of c')
    expect(charged).toEqual(['a', 'c'])
  })

  test('is worked out once a step has its arguments, and a step that is answered goes on as if it had run', async () => {
    const { app, tasks, charged } = begin(store())
    const steps = () => chain(tasks.order.s('o1'), tasks.charge.s({ cents: 5 }), tasks.order.s())
    const both = group([steps(), steps()])
    expect(await app.delay(both).get()).toEqual(Array(2).fill('o1 {"cents":5} 1'))
    expect(charged).toEqual(['o1'])
  })

  test('under 1,000 sends at once has one run', async () => {
    const { app, tasks, charged } = begin(store())
    const results = Array.from({ length: 1_000 }, () => app.delay(tasks.charge.s('o1', {})))
    expect(new Set(await Promise.all(results.map((result) => result.get())))).toEqual(new Set(['o1 {} 1']))
    expect(charged).toEqual(['o1'])
  })

  test('tells of what was answered that it succeeded, and nothing of a run', async () => {
    const { app, tasks } = begin(store())
    await app.delay(tasks.charge.s('o1', {})).get()
    const seen = record(app, 'task-received', 'task-prerun', 'task-success', 'task-postrun')
    const again = app.delay(tasks.charge.s('o1', {}))
    await again.get()
    expect(seen.map(({ name }) => name)).toEqual(['task-received', 'task-success'])
    expect(await app.inspect.stats()).toMatchObject({ tasks: { 'keyed.charge': { started: 1, succeeded: 2 } } })
  })
})

test('keys and those who wait for them survive the process, and one whose holder was cut off is run again by it', async () => {
  const file = newFile()
  const first = begin(sqliteStore(file))
  const done = await first.app.delay(first.tasks.charge.s('done', {})).get()
  const [a, b] = ['a', 'b'].map((id) => first.app.delay(first.tasks.slow.s('o1').set({ id })))
  await next(first.app, 'task-prerun', ({ id }) => id === a?.id)
  await first.app.delay(first.tasks.order.s('b waits')).get()
  const second = begin(sqliteStore(asIfKilled(file)))
  await second.app.start()
  expect(await second.app.delay(second.tasks.charge.s('done', {})).get()).toBe(done)
  second.release('a')
  const results = await Promise.all([a, b].map(async (one) => (await second.app.result(one?.id ?? '')).get()))
  expect(results).toEqual(['o1 of a', 'o1 of a'])
  expect(second.charged).toEqual(['a'])
})

test('keys have a bound of their own: the oldest go, whatever becomes of the rows of tasks', async () => {
  for (const store of [
    memoryStore({ keepKeys: 2, keepEnded: 1 }),
    sqliteStore(newFile(), { keepKeys: 2, keepEnded: 1 }),
  ]) {
    const { app, tasks, charged } = begin(store)
    for (const order of ['a', 'b', 'c', 'b', 'a']) await app.delay(tasks.charge.s(order, {})).get()
    expect(charged).toEqual(['a', 'b', 'c', 'a'])
    await app.stop()
  }
})

test('a key that cannot be named fails its task: thrown, empty, too long, no text', async () => {
  const keys: Record<string, () => unknown> = {
    throws: () => {
      throw new RangeError('oh')
    },
    empty: () => '',
    long: () => 'x'.repeat(1_025),
    list: () => ['a'],
  }
  const tasks = defineTasks('bad', {
    key: task((_ctx, which: string) => which, { idempotencyKey: (which) => keys[which]?.() as string }),
  })
  const app = open({ tasks: [tasks] })
  for (const which of Object.keys(keys))
    await expect(app.delay(tasks.key.s(which)).get(), which).rejects.toMatchObject({ code: 'UMBEL_BAD_KEY' })
  expect(await app.health()).toMatchObject({ status: 'healthy' })
})

test('what is mapped has no key, and options that are none are refused', () => {
  const { app, tasks } = begin(memoryStore())
  expect(() => app.delay(tasks.slow.map(['a']))).toThrow(expect.objectContaining({ code: 'UMBEL_BAD_CANVAS' }))
  for (const bad of [5, 'key', {}, { key: 'a' }, { key: () => 'a', tll: 1 }, { key: () => 'a', ttl: 'soon' }])
    expect(() => defineTasks('bad', { key: task(() => 1, { idempotencyKey: bad as never }) })).toThrow(/bad\.key/)
})

test('a task that runs in threads has its keys worked out where it was sent, and runs once', async () => {
  const app = open({ tasks: [keyedInThreads], lanes: { default: { threads: 2 } } })
  const results = Array.from({ length: 20 }, () => app.delay(keyedInThreads.charge.s('o1')))
  const [one, ...others] = new Set(await Promise.all(results.map((result) => result.get())))
  expect([one, others]).toEqual([expect.stringMatching(/ in [1-9]\d*$/), []])
})
