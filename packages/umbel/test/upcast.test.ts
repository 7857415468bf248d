import { describe, expect, test } from 'vitest'
import { task as row, SPEC } from '../../../test/conformance/store-rows.ts'
import { type App, chain, defineTasks, memoryStore, task, type UmbelError } from '../src/index.ts'
import { sqliteStore } from '../src/sqlite.ts'
import { aged } from './fixtures/aged.ts'
import { open } from './fixtures/open-app.ts'
import { newFile } from './fixtures/store-file.ts'

/** The code of the first day: one parameter. */
const first = () =>
  defineTasks('mail', {
    send: (_ctx, address: string): string => address,
    list: (_ctx, addresses: readonly string[]): readonly string[] => addresses,
  })

/** The code of the third. */
const third = () =>
  defineTasks('mail', {
    send: task(
      (ctx, address: string, language: string, copies: number): string =>
        `${address} ${language} ${copies} ${JSON.stringify(ctx.kwargs)}`,
      {
        version: 3,
        upcast: {
          1: (args, kwargs) => [[...args, 'en'], { ...kwargs, from: 1 }],
          2: (args, kwargs) => [[...args, 1], kwargs],
        },
      },
    ),
    list: (_ctx, addresses: readonly string[]): readonly string[] => addresses,
  })

describe.each([
  [
    'memory',
    () => {
      const store = memoryStore()
      return () => store
    },
  ],
  [
    'SQLite',
    () => {
      const file = newFile()
      return () => sqliteStore(file, { sync: 'off' })
    },
  ],
] as const)('arguments of older versions in the %s store', (_, place) => {
  type Sent = { readonly id: string; readonly accepted: Promise<void> }
  /** Send by the code of the first day, and go on by that of the third. */
  const sentAtFirst = async (send: (app: App, tasks: ReturnType<typeof first>) => Sent) => {
    const store = place()
    const tasks = first()
    const app = open({ tasks: [tasks], store: store(), lanes: { default: { threads: 0, inline: 1 } } })
    app.control.pause('default')
    const sent = send(app, tasks)
    await sent.accepted
    await app.stop({ deadline: 0 })
    const next = open({ tasks: [third()], store: store() })
    await next.start()
    return next.result(sent.id)
  }

  test('become those of the version there is, one step after the other', async () => {
    const result = await sentAtFirst((app, tasks) => app.delay(tasks.send.s('a@b')))
    expect(await result.get()).toBe('a@b en 1 {"from":1}')
  })

  test('also as steps whose arguments come from the step before', async () => {
    const result = await sentAtFirst((app, tasks) => app.delay(chain(tasks.send.s('x'), tasks.send.s())))
    expect(await result.get()).toBe('x en 1 {"from":1} en 1 {"from":1}')
  })

  test('also one by one in a map and a starmap', async () => {
    const map = await sentAtFirst((app, tasks) => app.delay(tasks.send.map(['a', 'b'])))
    expect(await map.get()).toEqual(['a en 1 {}', 'b en 1 {}'])
    const star = await sentAtFirst((app, tasks) => app.delay(tasks.send.starmap([['c']])))
    expect(await star.get()).toEqual(['c en 1 {}'])
  })
})

test('the version travels to a thread, too', async () => {
  const store = memoryStore()
  const spec = { ...SPEC, task: 'aged.add', inline: false }
  await store.commit({
    rows: [row('old', { spec, args: '[1]' }), row('odd', { spec: { ...spec, version: 3 } })],
    events: [],
  })
  const app = open({ tasks: [aged], store, lanes: { default: { threads: 1 } } })
  await app.start()
  expect(await (await app.result('old')).get()).toBe(11)
  await expect((await app.result('odd')).get()).rejects.toMatchObject({ code: 'UMBEL_TASK_VERSION' })
  expect(await aged.add.delay(1, 2).get()).toBe(3)
})

test('what is sent to the version there is stays as it is', async () => {
  const tasks = third()
  open({ tasks: [tasks] })
  expect(await tasks.send.delay('a', 'de', 2).get()).toBe('a de 2 {}')
})

test('what was sent to a newer version fails, and is sent again with arguments for the one there is', async () => {
  const store = memoryStore()
  const newer = third()
  const app = open({ tasks: [newer], store, lanes: { default: { threads: 0, inline: 1 } } })
  app.control.pause('default')
  const { id, accepted } = app.delay(newer.send.s('a', 'de', 2))
  await accepted
  await app.stop({ deadline: 0 })
  const next = open({ tasks: [first()], store })
  await next.start()
  await expect((await next.result(id)).get()).rejects.toMatchObject({ code: 'UMBEL_TASK_VERSION' })
  expect(await (await next.deadLetters.redrive(id, { args: ['old'] })).get()).toBe('old')
})

test.each([
  ['version is 0', { version: 0 }],
  ['version is 1.5', { version: 1.5 }],
  ['upcast of', { version: 2, upcast: { 2: () => [[], {}] } }],
  ['upcast of', { version: 2, upcast: { 1: 'x' } }],
  ['upcast of', { version: 2, upcast: 7 }],
])('a bad option is refused as the task is defined: %s %j', (_words, options) => {
  expect(() => defineTasks('bad', { one: task(() => 1, options as never) })).toThrow(
    expect.objectContaining({ code: 'UMBEL_BAD_OPTION' }) as UmbelError,
  )
})

test.each([
  [
    'throws',
    () => {
      throw new RangeError('cannot')
    },
    'RangeError',
  ],
  ['gives no pair', () => 5, 'UmbelError'],
])('an upcast that %s fails the task for good', async (_words, upcast, name) => {
  const store = memoryStore()
  const tasks = defineTasks('odd', { one: (_ctx, x: number): number => x })
  const app = open({ tasks: [tasks], store, lanes: { default: { threads: 0, inline: 1 } } })
  app.control.pause('default')
  const { id, accepted } = app.delay(tasks.one.s(1))
  await accepted
  await app.stop({ deadline: 0 })
  const now = defineTasks('odd', {
    one: task((_ctx, x: number): number => x, { version: 2, upcast: { 1: upcast as never } }),
  })
  const next = open({ tasks: [now], store })
  await next.start()
  await expect((await next.result(id)).get()).rejects.toMatchObject({ name })
})
