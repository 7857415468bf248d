import { describe, expect, test } from 'vitest'
import {
  type AnySignature,
  type App,
  chain,
  chord,
  createApp,
  defineTasks,
  group,
  type Signals,
  signature,
  task,
} from '../src/index.ts'
import { headersInThreads, headersOnLoop } from './fixtures/header-tasks.ts'
import { next, open, record } from './fixtures/open-app.ts'

const { mine, fails, told } = headersOnLoop
const tenant = { tenant: 'a' } as const
const loop = (): App => open({ tasks: [headersOnLoop] })

/** The headers of each task that started, by its name, as observers see them. */
function headersSeen(app: App): Record<string, unknown[]> {
  const seen: Record<string, unknown[]> = {}
  app.on('task-prerun', ({ task: name, headers }) => {
    const short = name.split('.')[1] as string
    seen[short] = [...(seen[short] ?? []), headers]
  })
  return seen
}

describe.each([
  ['on the main loop', headersOnLoop],
  ['in a thread', headersInThreads],
] as const)('a stamped task %s', (where, tasks) => {
  test('tells its headers, and hands them to all that it sends, is replaced by or adds to its chord', async () => {
    const threads = where === 'in a thread' ? 1 : 0
    const app = createApp({ name: where, tasks: [tasks], lanes: { default: { threads, inline: 5 } } })
    const seen = headersSeen(app)
    const waited = ['child', 'own', 'sent'].map((id) => next(app, 'task-success', (event) => event.id === id))
    expect(await app.delay(tasks.mine.s().stamp(tenant)).get()).toEqual([{ tenant: 'a' }, true])
    expect(await app.delay(tasks.mine.s()).get()).toEqual([{}, true])
    await app.delay(tasks.sends.s('child', 'own').stamp(tenant)).get()
    await app.delay(tasks.delays.s('sent').stamp(tenant)).get()
    expect(await app.delay(tasks.replaced.s().stamp({ ...tenant, more: 1 })).get()).toEqual([
      [{ tenant: 'a', more: 1 }, true],
      [{ tenant: 'b', more: 1 }, true],
    ])
    const added = chord([tasks.extends.s()], tasks.told.s()).stamp(tenant)
    expect(await app.delay(added).get()).toBe(2)
    const told = (await Promise.all(waited)).map(({ result }) => (result as unknown[])[0])
    expect(told).toEqual([{ tenant: 'a' }, { tenant: 'b', own: true }, { tenant: 'a' }])
    expect(seen.mine).toContainEqual({ tenant: 'b', more: 1 })
    await app.stop()
  })
})

describe('a stamped canvas', () => {
  test('has its headers on every member, at every level, and on callbacks of success and failure', async () => {
    const app = loop()
    const seen = headersSeen(app)
    const whole = chain(
      group([mine.s(), chain(mine.s(), mine.si())]),
      chord([mine.si(), mine.si()], told.s()).link(told.s().link(told.s())),
      group([fails.si().linkError(told.s()), mine.si().set({ headers: { tenant: 'b' } })]),
    )
    const ended = next(app, 'task-success', ({ id }) => id.includes('.e'))
    await app
      .delay(whole.stamp({ tenant: 'a', more: [1] }))
      .get()
      .catch(() => {})
    await ended
    const all = Object.values(seen).flat()
    expect(all).toHaveLength(11)
    expect(all.filter((headers) => (headers as typeof tenant).tenant === 'a')).toHaveLength(10)
    expect(all).toContainEqual({ tenant: 'b', more: [1] })
  })

  test('comes to the same where headers are set on the whole, or given with the call', async () => {
    const app = loop()
    const whole = group([mine.s(), chain(mine.s(), mine.si())])
    const own = whole.set({ headers: tenant })
    const expected = [
      [{ tenant: 'a' }, true],
      [{ tenant: 'a' }, true],
    ]
    expect(await app.delay(own).get()).toEqual(expected)
    expect(await whole.applyAsync({ headers: tenant }).get()).toEqual(expected)
    expect(
      await whole
        .stamp(tenant)
        .applyAsync({ headers: { tenant: 'b' } })
        .get(),
    ).toEqual(expected)
    expect(
      await mine
        .s()
        .stamp(tenant)
        .set({ headers: { tenant: 'b' } })
        .delay()
        .get(),
    ).toEqual([{ tenant: 'b' }, true])
  })

  test('keeps them through retries, maps and JSON', async () => {
    const app = loop()
    const json = JSON.parse(JSON.stringify(chain(mine.s(), told.s()).stamp({ tenant: 'a', priority: 'high' })))
    const result = app.delay(signature.fromJSON(json) as AnySignature)
    expect(await result.get()).toBe(2)
    expect(await app.delay(mine.map([1, 2]).stamp(tenant)).get()).toEqual([
      [{ tenant: 'a' }, true],
      [{ tenant: 'a' }, true],
    ])
    const retried = app.delay(headersOnLoop.again.s().stamp(tenant))
    expect(await retried.get()).toEqual({ tenant: 'a' })
  })

  test('shares one object among all that have the same, as what they are', async () => {
    const app = loop()
    const specs = new Set<unknown>()
    const headers = new Set<unknown>()
    app.on('before-task-publish', (event) => headers.add(event.headers))
    const members = Array.from({ length: 1_000 }, (_, index) => told.si(index))
    const result = group(members).stamp(tenant).delay()
    await result.get()
    for (const member of result.results) specs.add(member.headers)
    expect([headers.size, specs.size]).toEqual([1, 1])
  })
})

describe('the handle', () => {
  test('has the headers of its task or canvas: at once, while it waits and once it has ended', async () => {
    const app = loop()
    const one = mine.s().stamp(tenant).delay()
    const many = group([mine.s(), mine.s().set({ headers: { own: 1 } })])
      .stamp(tenant)
      .delay()
    const both = chain(mine.s(), told.s()).stamp(tenant).delay()
    const look = (): unknown[] => [one, many, both, both.parent, ...many.results].map((result) => result?.headers)
    const headers = [tenant, tenant, tenant, tenant, tenant, { ...tenant, own: 1 }]
    expect(look()).toEqual(headers)
    await Promise.all([one.get(), many.get(), both.get()])
    expect(look()).toEqual(headers)
    expect((await app.result(one.id)).headers).toEqual(tenant)
    expect((await app.result(both.id)).headers).toEqual(tenant)
    expect(mine.s().delay().headers).toEqual({})
  })
})

describe('signals', () => {
  test('of a task tell its headers, from the send to the end', async () => {
    const app = loop()
    const names = ['before-task-publish', 'after-task-publish', 'task-received', 'task-prerun', 'task-success'] as const
    const seen = record(app, ...names, 'task-log', 'task-postrun')
    const over = next(app, 'task-postrun')
    await headersOnLoop.logs.s().stamp(tenant).delay().get()
    await over
    expect(seen).toHaveLength(7)
    for (const { event } of seen) expect((event as Signals['task-prerun']).headers).toEqual(tenant)
  })
})

test('headers that are none are refused where they are given', () => {
  const app = loop()
  const bad = (what: () => unknown, named: string): void =>
    expect(what).toThrow(expect.objectContaining({ code: 'UMBEL_BAD_OPTION', message: expect.stringContaining(named) }))
  bad(() => mine.s().stamp({ run: (() => 1) as never }), 'headers.run')
  bad(() => mine.s().set({ headers: 1 as never }), 'headers is no record')
  bad(() => mine.s().applyAsync({ headers: { at: new Date() as never } }), 'headers.at')
  bad(() => app.delay({ data: { ...mine.s().data, options: { headers: { x: 1n } } } } as never), 'headers.x')
  const outer = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`a${index}`, 1]))
  const inner = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`b${index}`, 1]))
  bad(() => mine.s().stamp(inner).stamp(outer).delay(), 'more than 64')
})

test('a base may not put headers of its own on the context', async () => {
  const base = task.extend({ setup: () => ({ headers: 1 }) })
  const app = open({ tasks: [defineTasks('based', { one: base(() => 1) })] })
  await expect(app.delay({ data: { ...mine.s().data, task: 'based.one' } } as never).get()).rejects.toMatchObject({
    code: 'UMBEL_SETUP_FAILED',
  })
})
