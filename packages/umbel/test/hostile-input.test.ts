import fc from 'fast-check'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import {
  type App,
  type AppOptions,
  type AsyncResult,
  createApp,
  defineTasks,
  TaskError,
  task,
  UmbelError,
} from '../src/index.ts'
import { type AnyTask, hostileProxy, inThread, onLoop, THINGS } from './fixtures/hostile.ts'

const apps: App[] = []
const shared = createApp({ name: 'shared', tasks: [onLoop, inThread], lanes: { default: { threads: 1, inline: 10 } } })
const open = (options: AppOptions = {}): App => {
  const app = createApp({ tasks: [onLoop], lanes: { default: { threads: 0, inline: 2 } }, ...options })
  apps.push(app)
  return app
}
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.stop({ deadline: 0 })))
  expect(({} as { admin?: unknown }).admin).toBe(undefined)
})
afterAll(() => shared.stop({ deadline: 0 }))

/** A value as plain JavaScript may give it. */
const loose = <T = never>(value: unknown): T => value as T
const codeOf = (act: () => unknown): unknown => {
  try {
    act()
    return 'nothing was thrown'
  } catch (error) {
    if (!(error instanceof UmbelError)) return error
    expect(error.message.length).toBeLessThan(1_000)
    return error.code
  }
}
const outcome = (result: AsyncResult<unknown>): Promise<unknown> =>
  result.get().then(
    (value) => ({ value }),
    (error: unknown) => error,
  )

describe('a value', () => {
  test('comes back the same from the main loop and from a thread, or is refused by both at the call', async () => {
    const values = fc.anything({
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withObjectString: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
      withUnicodeString: true,
    })
    await fc.assert(
      fc.asyncProperty(values, async (value) => {
        const [loop, thread] = [onLoop, inThread].map((tasks) => {
          try {
            return shared.delay(tasks.echo.s(value))
          } catch (error) {
            return error as UmbelError
          }
        })
        if (loop instanceof Error || thread instanceof Error) {
          expect(loop).toBeInstanceOf(UmbelError)
          expect((thread as UmbelError).code).toBe((loop as UmbelError).code)
        } else {
          const [here, there] = await Promise.all([loop?.get(), thread?.get()])
          expect(here).toStrictEqual(there)
          if (typeof value !== 'object') expect(here).toBe(value)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('named __proto__, constructor or prototype is data and nothing more', async () => {
    const payload = JSON.parse('{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}},"prototype":1}')
    for (const tasks of [onLoop, inThread]) {
      const result = shared.delay(tasks.keys.s(payload).kw(loose(payload)))
      const [kwargs, keys, everywhere, here] = (await result.get()) as unknown[]
      expect([kwargs, keys, everywhere, here]).toEqual([Object.keys(payload), Object.keys(payload), false, false])
      expect(Object.keys((await shared.delay(tasks.echo.s(payload)).get()) as object)).toEqual(Object.keys(payload))
    }
  })

  test.each([
    ['a function', () => 1, 'UMBEL_CANNOT_TRAVEL'],
    ['a symbol', Symbol('s'), 'UMBEL_CANNOT_TRAVEL'],
    ['a class instance', new (class Own {})(), 'UMBEL_CANNOT_TRAVEL'],
    ['a regular expression', /x/, 'UMBEL_CANNOT_TRAVEL'],
    ['a hostile proxy', hostileProxy(), 'UMBEL_CANNOT_TRAVEL'],
    ['a getter that throws', THINGS['getter that throws']?.(), 'UMBEL_CANNOT_TRAVEL'],
    ['2 MB of text', THINGS['2 MB text']?.(), 'UMBEL_VALUE_TOO_LARGE'],
    ['2 MB of bytes', new Uint8Array(2_097_152), 'UMBEL_VALUE_TOO_LARGE'],
    ['10,000 levels', THINGS['deep list']?.(), 'UMBEL_VALUE_TOO_DEEP'],
  ])('that is %s is refused at the call: nothing starts', async (_, value, code) => {
    for (const tasks of [onLoop, inThread]) {
      expect(codeOf(() => shared.delay(tasks.echo.s(value)))).toBe(code)
      expect(codeOf(() => shared.delay(tasks.echo.s(1).kw(loose({ value }))))).toBe(code)
      expect(codeOf(() => shared.delay(tasks.echo.map([value])))).toBe(code)
    }
  })

  test('cyclic in itself is refused at the call', () => {
    const cycle: unknown[] = []
    cycle.push(cycle)
    expect(codeOf(() => shared.delay(onLoop.echo.s(cycle)))).toMatch(/^UMBEL_(CANNOT_TRAVEL|VALUE_TOO_DEEP)$/)
  })
})

describe.each([
  ['on the main loop', onLoop],
  ['in a thread', inThread],
])('a handler %s', (_, tasks) => {
  test.each([
    ['symbol', 'UMBEL_CANNOT_TRAVEL'],
    ['function', 'UMBEL_CANNOT_TRAVEL'],
    ['proxy', 'hostile'],
    ['revoked proxy', 'revoked'],
    ['class instance', 'UMBEL_CANNOT_TRAVEL'],
    ['getter that throws', 'UMBEL_CANNOT_TRAVEL'],
    ['2 MB text', 'UMBEL_VALUE_TOO_LARGE'],
    ['deep list', 'UMBEL_VALUE_TOO_DEEP'],
  ])('that gives a %s fails, and says what cannot travel', async (thing, code) => {
    const result = shared.delay(tasks.gives.s(thing))
    const error = await outcome(result)
    expect(error).toBeInstanceOf(Error)
    expect(result.state).toBe('FAILURE')
    expect([(error as UmbelError).code, (error as Error).message]).toContainEqual(expect.stringContaining(code))
  })

  test.each(Object.keys(THINGS))('that throws a %s fails with an error one can read', async (thing) => {
    for (const throwing of [tasks.throws, tasks.rejects]) {
      const result = shared.delay((throwing as AnyTask).s(thing))
      const error = (await outcome(result)) as Error
      expect(error).toBeInstanceOf(Error)
      expect(result.state).toBe('FAILURE')
      expect(error.message.length).toBeLessThanOrEqual(65_536)
      if (!thing.endsWith('error')) expect(error).toMatchObject({ code: 'UMBEL_HANDLER_THREW_NOTHING' })
      if (thing === 'frozen error') expect(error).toEqual(new RangeError('frozen'))
      expect(error).not.toBeInstanceOf(TaskError)
    }
  })

  test('may throw the largest error there is at an error callback', async () => {
    const { promise: called, resolve } = Promise.withResolvers<unknown>()
    const off = shared.on('task-success', ({ result }) => resolve(result), { task: '*.told' })
    const result = shared.delay(tasks.throws.s('huge error').linkError(loose(tasks.told.s())))
    expect(await outcome(result)).toBeInstanceOf(Error)
    expect(await called).toBe(65_536)
    off()
    expect(await shared.delay(tasks.echo.s('others go on')).get()).toBe('others go on')
  })
})

test('a listener that throws, rejects or blocks harms nobody, and is told of as listener-error', async () => {
  const app = open()
  const told: unknown[] = []
  app.on('listener-error', ({ signal, error }) => {
    told.push(signal, error)
    throw new Error('again')
  })
  app.on('task-success', () => {
    throw new Error('thrown')
  })
  app.on('task-success', () => Promise.reject(new Error('rejected')))
  const off: () => void = app.on('task-success', () => off())
  const seen: string[] = []
  app.on('task-success', ({ id }) => seen.push(id))
  const results = [app.delay(onLoop.echo.s(1)), app.delay(onLoop.echo.s(2))]
  expect(await Promise.all(results.map((result) => result.get()))).toEqual([1, 2])
  expect(seen).toEqual(results.map(({ id }) => id))
  await app.stop()
  expect(told).toHaveLength(8)
})

test('a schema that rejects in its own time fails the task and nothing else', async () => {
  const validate = (): Promise<never> => Promise.reject(new RangeError('no schema today'))
  const tasks = defineTasks('schemas', {
    late: task(() => 1, { kwargs: { '~standard': { version: 1, vendor: 'test', validate } } as never }),
  })
  const app = open({ tasks: [tasks] })
  expect(await outcome(app.delay(tasks.late.s()))).toEqual(new RangeError('no schema today'))
})

test.each([
  ['with a property of its own', Object.assign([1], { extra: 1 }), 'UMBEL_CANNOT_TRAVEL'],
  ['with a symbol', Object.assign([1], { [Symbol('extra')]: 1 }), 'UMBEL_CANNOT_TRAVEL'],
  ['with toJSON', Object.assign([1], { toJSON: () => [2] }), 'UMBEL_CANNOT_TRAVEL'],
  ['that is a number', 1, 'UMBEL_BAD_CANVAS'],
  ['that looks like one', { length: 1, 0: 1 }, 'UMBEL_BAD_CANVAS'],
])('a list of arguments %s is refused, and nothing of it is left out', (_, args, code) => {
  const app = open()
  const signature = onLoop.echo.s(1)
  const call = { args, kwargs: {}, options: {} }
  expect(codeOf(() => app.delay(loose<typeof signature>({ ...signature.data, args })))).toBe(code)
  expect(codeOf(() => app.delay(loose<typeof signature>(onLoop.echo.s()), loose(call)))).toBe(code)
})
