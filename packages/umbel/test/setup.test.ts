import { isReady } from '@umbel/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type App, type AsyncResult, createApp } from '../src/index.ts'
import { done, inThread, onLoop } from './fixtures/based.ts'
import { next } from './fixtures/open-app.ts'

const unhandled: unknown[] = []
const note = (error: unknown): void => void unhandled.push(error)
beforeAll(() => void process.on('unhandledRejection', note))
afterAll(() => {
  process.off('unhandledRejection', note)
  expect(unhandled).toEqual([])
})

const open = (): App =>
  createApp({
    tasks: [onLoop, inThread],
    lanes: { default: { threads: 1, inline: 10 }, wide: { threads: 2, inline: 10 } },
  })

describe.each([
  ['on the main loop', onLoop],
  ['in a thread', inThread],
])('a base %s', (_, tasks) => {
  const app = open()
  const lines: string[] = []
  app.on('task-log', ({ message }) => lines.push(message))
  afterAll(() => app.stop({ deadline: 0 }))
  /** What is logged until the last attempt of a task is over. */
  const logged = async ({ id }: AsyncResult<unknown>): Promise<string[]> => {
    lines.length = 0
    await next(app, 'task-postrun', (event) => event.id === id && isReady(event.state))
    return [...lines]
  }

  test('runs its hooks around a handler that succeeds, outermost first, with what the setups gave', async () => {
    const told = 'cache undefined, as the inner one tells it'
    const result = app.delay(tasks.well.s())
    expect(await logged(result)).toEqual([
      'outer beforeStart object',
      'inner beforeStart object cache',
      'outer around',
      'inner around',
      'handler',
      'outer around done',
      `outer onSuccess ${told}`,
      `inner onSuccess ${told}`,
      'outer afterReturn SUCCESS',
      'inner afterReturn SUCCESS',
    ])
    expect(await result.get()).toBe(told)
  })

  test('tells a retry from a failure for good: onRetry first, then onFailure and afterReturn', async () => {
    const ends = await logged(app.delay(tasks.badly.s()))
    expect(ends.filter((line) => !/around|beforeStart/.test(line))).toEqual([
      'handler 1',
      'outer onRetry badly',
      'inner onRetry badly',
      'handler 2',
      'outer onFailure badly',
      'inner onFailure badly',
      'outer afterReturn FAILURE',
      'inner afterReturn FAILURE',
    ])
  })

  test('is set up once for each thread', async () => {
    const runs = Array.from({ length: 20 }, () => app.delay(tasks.where.s(20).set({ lane: 'wide' })).get())
    const seen = new Set((await Promise.all(runs)).map((where) => String(where)))
    expect(seen.size).toBe(tasks === onLoop ? 1 : 2)
    expect([...seen].every((where) => where.endsWith(',1'))).toBe(true)
  })

  test('whose setup throws fails the task with UMBEL_SETUP_FAILED and the cause', async () => {
    const result = app.delay(tasks.givesUp.s())
    await expect(result.get()).rejects.toMatchObject({
      code: 'UMBEL_SETUP_FAILED',
      cause: new RangeError('no database'),
    })
    expect(result.state).toBe('FAILURE')
  })

  test('whose setup throws is set up again by the retry, whose rules see what it threw', async () => {
    expect(await app.delay(tasks.persists.s()).get()).toBe(3)
    expect(await app.delay(tasks.persists.s()).get()).toBe(3)
  })

  test('whose setup hangs fails the task with UMBEL_SETUP_TIMEOUT, and the next task runs', async () => {
    await expect(app.delay(tasks.hangs.s()).get()).rejects.toMatchObject({ code: 'UMBEL_SETUP_TIMEOUT' })
    expect(await app.delay(tasks.where.s(0)).get()).toHaveLength(2)
  })

  test('may not hide what every context has', async () => {
    const refused = expect.objectContaining({ code: 'UMBEL_SETUP_FAILED', message: expect.stringContaining('signal') })
    await expect(app.delay(tasks.hides.s()).get()).rejects.toEqual(refused)
  })

  test('whose teardown throws lets the app stop, which tells of it as internal-error', async () => {
    const other = open()
    const errors: unknown[] = []
    other.on('internal-error', ({ error }) => errors.push(error))
    expect(await other.delay(tasks.tearsBadly.s()).get()).toBe(1)
    await other.stop()
    expect(errors).toEqual([new RangeError('torn')])
  })
})

test('bases are torn down once, the inner one first, when the app stops', async () => {
  const app = open()
  done.length = 0
  await Promise.all([app.delay(onLoop.well.s()).get(), app.delay(onLoop.well.s().set({ lane: 'wide' })).get()])
  expect(done).toEqual(['outer setup', 'inner setup'])
  await app.stop()
  expect(done.slice(2)).toEqual(['inner teardown', 'outer teardown object'])
})
