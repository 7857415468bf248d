import { describe, expect, test } from 'vitest'
import {
  type AppOptions,
  chain,
  defineTasks,
  group,
  memoryStore,
  SimulatedClock,
  type Store,
  task,
} from '../src/index.ts'
import { sqliteStore } from '../src/sqlite.ts'
import { next, open, record } from './fixtures/open-app.ts'
import { asIfKilled, newFile } from './fixtures/store-file.ts'

/** The tasks of one process, what ran, and what keeps it running. */
function begin(store: Store, options: AppOptions = {}) {
  const ran: string[] = []
  const world = { failing: false }
  const gates = new Map<string, PromiseWithResolvers<void>>()
  const gate = (id: string): PromiseWithResolvers<void> => {
    const known = gates.get(id) ?? Promise.withResolvers<void>()
    gates.set(id, known)
    return known
  }
  const run = async (id: string, what: string): Promise<string> => {
    ran.push(`${id} ${what}`)
    await gate(id).promise
    if (world.failing) throw new RangeError(`no ${what}`)
    return `${what} of ${id}`
  }
  const tasks = defineTasks('one', {
    sync: task((ctx, user: string, pages: object): Promise<string> => run(ctx.id, `${user} ${JSON.stringify(pages)}`), {
      unique: {},
    }),
    byUser: task((ctx, user: string, pages: number): Promise<string> => run(ctx.id, `${user} ${pages}`), {
      unique: { key: (user) => user },
    }),
    untilStart: task((ctx, user: string): Promise<string> => run(ctx.id, user), {
      unique: { key: (user) => user, until: 'started' },
    }),
    save: task((ctx, doc: string, text: string): string => `${ran.push(`${ctx.id} ${text}`)} ${doc} ${text}`, {
      unique: { key: (doc) => doc, debounce: '5s' },
    }),
    saveSoon: task((ctx, text: string): number => ran.push(`${ctx.id} ${text}`), {
      unique: { key: () => 'all', debounce: '5s', maxWait: '8s' },
    }),
    ping: task(
      (ctx, host: string): string => {
        ran.push(`${ctx.id} ${host}`)
        if (world.failing) throw new RangeError(`no ${host}`)
        return `${host} of ${ctx.id}`
      },
      { unique: { key: (host) => host, throttle: '1m' } },
    ),
    note: (_ctx, value: string): string => value,
    sends: (ctx): string => ctx.send(tasks.byUser.s('ann', 3)).id,
  })
  const app = open({ tasks: [tasks], store, ...options })
  return { app, tasks, ran, world, release: (id: string): void => gate(id).resolve() }
}

/** Whatever was sent so far has come to where it waits or runs. */
const settled = ({ app, tasks }: Pick<ReturnType<typeof begin>, 'app' | 'tasks'>): Promise<string> =>
  app.delay(tasks.note.s('settled')).get()

describe.each([
  ['memory', () => memoryStore()],
  ['SQLite', () => sqliteStore(newFile())],
] as const)('a unique task in the %s store', (_, store) => {
  test('is run once for all that is sent until it has ended, by its arguments, and then anew', async () => {
    const { app, tasks, ran, release } = begin(store())
    const send = (id: string, pages: object) => app.delay(tasks.sync.s('ann', pages).set({ id }))
    const [a, b, c] = [send('a', { x: 1, y: 2 }), send('b', { y: 2, x: 1 }), send('c', { x: 2 })]
    await Promise.all([a.accepted, b.accepted, c.accepted])
    for (const id of ['a', 'b', 'c']) release(id)
    const first = 'ann {"x":1,"y":2} of a'
    expect(await Promise.all([a.get(), b.get(), c.get()])).toEqual([first, first, 'ann {"x":2} of c'])
    expect(b.state).toBe('SUCCESS')
    release('d')
    expect(await send('d', { x: 1, y: 2 }).get()).toBe('ann {"x":1,"y":2} of d')
    expect(ran.map((line) => line[0])).toEqual(['a', 'c', 'd'])
  })

  test('under 1,000 sends at once is one, and all have its result', async () => {
    const { app, tasks, ran, release } = begin(store())
    const results = Array.from({ length: 1_000 }, (_unused, index) => app.delay(tasks.byUser.s('ann', index)))
    await Promise.all(results.map((result) => result.accepted))
    release(results[0]?.id as string)
    const values = new Set(await Promise.all(results.map((result) => result.get())))
    expect(values).toEqual(new Set([`ann 0 of ${results[0]?.id}`]))
    expect(ran).toHaveLength(1)
  })

  test('that fails or is revoked takes along what was sent beside it, once, and the next send runs', async () => {
    const { app, tasks, ran, world, release } = begin(store())
    const send = (id: string) => app.delay(tasks.byUser.s('ann', 1).set({ id }))
    world.failing = true
    const [a, b] = [send('a'), send('b')]
    release('a')
    await expect(b.get()).rejects.toThrow('no ann 1')
    await expect(a.get()).rejects.toThrow('no ann 1')
    expect((await app.deadLetters.list()).map(({ id }) => id)).toEqual(['a'])
    const [c, d] = [send('c'), send('d')]
    await next(app, 'task-prerun')
    await c.revoke()
    await expect(d.get()).rejects.toMatchObject({ code: 'UMBEL_REVOKED' })
    world.failing = false
    release('e')
    expect(await send('e').get()).toBe('ann 1 of e')
    expect(ran.map((line) => line[0])).toEqual(['a', 'c', 'e'])
  })

  test('goes on when what was sent beside it is revoked, and inspect says what that waits for', async () => {
    const desk = begin(store())
    const { app, tasks, release } = desk
    const [a, b, c] = ['a', 'b', 'c'].map((id) => app.delay(tasks.byUser.s('ann', 1).set({ id })))
    await settled(desk)
    expect((await app.inspect.waiting()).tasks.map(({ id, reason }) => [id, reason])).toEqual(
      ['b', 'c'].map((id) => [id, { kind: 'key', on: 'a' }]),
    )
    await b?.revoke()
    release('a')
    expect(await Promise.all([a?.get(), c?.get()])).toEqual(Array(2).fill('ann 1 of a'))
    expect(b?.state).toBe('REVOKED')
  })

  test('until it is started lets one more wait while it runs', async () => {
    const desk = begin(store())
    const { app, tasks, ran, release } = desk
    await app.control.pause('default')
    const send = (id: string) => app.delay(tasks.untilStart.s('ann').set({ id }))
    const [a, b] = [send('a'), send('b')]
    await Promise.all([a.accepted, b.accepted])
    const started = next(app, 'task-prerun')
    await app.control.resume('default')
    await started
    const [c, d] = [send('c'), send('d')]
    await Promise.all([c.accepted, d.accepted])
    for (const id of ['a', 'c']) release(id)
    expect(await Promise.all([a, b, c, d].map((one) => one.get()))).toEqual(
      ['a', 'a', 'c', 'c'].map((id) => `ann of ${id}`),
    )
    expect(ran).toEqual(['a ann', 'c ann'])
  })

  test('with debounce waits for the last of many sends, and runs once with its arguments', async () => {
    const clock = new SimulatedClock()
    const { app, tasks, ran } = begin(store(), { clock })
    const send = async (id: string, text: string, doc = 'doc') => {
      const result = app.delay(tasks.save.s(doc, text).set({ id }))
      await result.accepted
      return result
    }
    const sent = [await send('a', 'one')]
    await clock.advance('4s')
    sent.push(await send('b', 'two'), await send('other', 'x', 'doc 2'))
    await clock.advance('4s')
    sent.push(await send('c', 'three'))
    await clock.advance('4s')
    expect(ran).toEqual(['other x'])
    await clock.advance('1s')
    const values = await Promise.all(sent.map((one) => one.get()))
    expect(values).toEqual(['2 doc three', '2 doc three', '1 doc 2 x', '2 doc three'])
    expect(ran).toEqual(['other x', 'a three'])
    const again = await send('d', 'four')
    await clock.advance('5s')
    expect(await again.get()).toBe('3 doc four')
  })

  test('with debounce waits no longer than maxWait, whatever comes', async () => {
    const clock = new SimulatedClock()
    const { app, tasks, ran } = begin(store(), { clock })
    for (let second = 0; second < 12; second += 1) {
      await app.delay(tasks.saveSoon.s(`text ${second}`)).accepted
      await clock.advance('1s')
    }
    await clock.advance('10s')
    expect(ran.map((line) => line.slice(line.indexOf(' ') + 1))).toEqual(['text 7', 'text 11'])
  })

  test('with throttle is one in its time, though that has ended, well or not; revoked it counts no more', async () => {
    const clock = new SimulatedClock()
    const { app, tasks, ran, world } = begin(store(), { clock })
    const send = (id: string, host = 'h') => app.delay(tasks.ping.s(host).set({ id }))
    expect(await send('a').get()).toBe('h of a')
    await clock.advance('59s')
    expect(await send('b').get()).toBe('h of a')
    await clock.advance('1s')
    world.failing = true
    await expect(send('c').get()).rejects.toThrow('no h')
    world.failing = false
    await expect(send('d').get()).rejects.toThrow('no h')
    expect(ran).toEqual(['a h', 'c h'])
    await app.control.pause('default')
    const waits = send('e', 'i')
    await waits.accepted
    await waits.revoke()
    await app.control.resume('default')
    expect(await send('f', 'i').get()).toBe('i of f')
  })

  test('tells of what was sent beside it that it was sent and succeeded, and nothing of a run', async () => {
    const { app, tasks, release } = begin(store())
    const a = app.delay(tasks.byUser.s('ann', 1).set({ id: 'a' }))
    await a.accepted
    const seen = record(app, 'after-task-publish', 'task-received', 'task-prerun', 'task-success', 'task-postrun')
    const b = app.delay(tasks.byUser.s('ann', 2).set({ id: 'b' }))
    await b.accepted
    release('a')
    await Promise.all([a.get(), b.get()])
    const ofB = seen.filter(({ event }) => 'id' in event && event.id === 'b')
    expect(ofB.map(({ name }) => name)).toEqual(['after-task-publish', 'task-success'])
  })

  test('is refused as a part of a canvas, and may be sent by a handler', async () => {
    const { app, tasks, ran, release } = begin(store())
    const one = tasks.byUser.s('ann', 1)
    const refused = expect.objectContaining({ code: 'UMBEL_BAD_CANVAS' })
    for (const canvas of [
      chain(tasks.note.s('a'), tasks.sync.s({})),
      group([one, one]),
      tasks.note.s('a').link(tasks.sync.s({})),
      tasks.untilStart.map(['a', 'b']),
    ])
      expect(() => app.delay(canvas)).toThrow(refused)
    const a = app.delay(one)
    await a.accepted
    const sent = await app.delay(tasks.sends.s()).get()
    release(a.id)
    expect(await (await app.result(sent)).get()).toBe(`ann 1 of ${a.id}`)
    expect(ran).toHaveLength(1)
    const alone = app.delay(chain(one))
    release(alone.id)
    expect(await alone.get()).toBe(`ann 1 of ${alone.id}`)
  })

  test('that failed is sent again beside one that is live: it ends as that does', async () => {
    const { app, tasks, ran, world, release } = begin(store())
    world.failing = true
    release('a')
    await expect(app.delay(tasks.byUser.s('ann', 1).set({ id: 'a' })).get()).rejects.toThrow('no ann')
    world.failing = false
    const b = app.delay(tasks.byUser.s('ann', 2).set({ id: 'b' }))
    await b.accepted
    const again = await app.deadLetters.redrive('a')
    release('b')
    expect(await Promise.all([again.get(), b.get()])).toEqual(Array(2).fill('ann 2 of b'))
    expect(ran).toEqual(['a ann 1', 'b ann 2'])
  })
})

test('uniqueness, debounce and throttle hold over the death of the process', async () => {
  const clock = new SimulatedClock()
  const file = newFile()
  const first = begin(sqliteStore(file), { clock })
  await first.app.delay(first.tasks.byUser.s('ann', 1).set({ id: 'a' })).accepted
  await first.app.delay(first.tasks.byUser.s('ann', 2).set({ id: 'b' })).accepted
  await first.app.delay(first.tasks.save.s('doc', 'one').set({ id: 'c' })).accepted
  await first.app.delay(first.tasks.ping.s('h').set({ id: 'd' })).get()
  const second = begin(sqliteStore(asIfKilled(file)), { clock })
  const sent = [
    second.app.delay(second.tasks.byUser.s('ann', 3)),
    second.app.delay(second.tasks.save.s('doc', 'two')),
    second.app.delay(second.tasks.ping.s('h')),
  ]
  await Promise.all(sent.map((one) => one.accepted))
  second.release('a')
  await clock.advance('5s')
  const b = await second.app.result('b')
  expect(await Promise.all([...sent, b].map((one) => one.get()))).toEqual([
    'ann 1 of a',
    '2 doc two',
    'h of d',
    'ann 1 of a',
  ])
  expect(second.ran).toEqual(['a ann 1', 'c two'])
})

test('options that are none are refused, and a key that is none at the call', () => {
  for (const bad of [
    5,
    { util: 'ended' },
    { until: 'done' },
    { key: 'user' },
    { until: 'ended', debounce: '1s' },
    { debounce: '1s', throttle: '1s' },
    { maxWait: '1s' },
    { throttle: 'soon' },
  ])
    expect(() => defineTasks('bad', { one: task(() => 1, { unique: bad as never }) })).toThrow(/bad\.one/)
  const bad = defineTasks('bad', { one: task((_ctx, n: number) => n, { unique: { key: (n) => n as never } }) })
  expect(() => open({ tasks: [bad] }).delay(bad.one.s(1))).toThrow(expect.objectContaining({ code: 'UMBEL_BAD_KEY' }))
})
