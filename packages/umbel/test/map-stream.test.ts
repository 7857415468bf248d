import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { streamRowId } from '@umbel/core'
import { describe, expect, test } from 'vitest'
import { type App, defineTasks, memoryStore, type Store, task } from '../src/index.ts'
import { arithmetic } from './fixtures/arithmetic.ts'
import { next, open } from './fixtures/open-app.ts'

const INLINE = { default: { threads: 0, inline: 4 } }

/** Tasks of one test, which counts what is under way and lets through what it wants to. */
function make(options: { store?: Store } = {}) {
  const ran: number[] = []
  const gates = new Map<number, PromiseWithResolvers<void>>()
  const gate = (n: number): PromiseWithResolvers<void> => {
    const known = gates.get(n) ?? Promise.withResolvers<void>()
    gates.set(n, known)
    return known
  }
  const tasks = defineTasks('streamed', {
    double: task((_ctx, n: number) => {
      ran.push(n)
      return n * 2
    }),
    gated: task(async (_ctx, n: number) => {
      await gate(n).promise
      return n
    }),
    failAt3: task((_ctx, n: number) => {
      if (n === 3) throw new RangeError('three')
      return n
    }),
    hangAfter2: task((ctx, n: number) =>
      n <= 2 ? n : new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason))),
    ),
  })
  const app = open({ tasks: [tasks], lanes: INLINE, ...options })
  return { app, tasks, ran, gate }
}

/** The numbers from 1 on, with what became of them. */
function numbers(count: number) {
  const seen = { pulled: 0, closed: 0 }
  function* all(): Generator<number> {
    try {
      while (seen.pulled < count) {
        seen.pulled += 1
        yield seen.pulled
      }
    } finally {
      seen.closed += 1
    }
  }
  return { seen, items: all() }
}

async function* later<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items
}

const list = async <T>(stream: AsyncIterable<T>): Promise<T[]> => Array.fromAsync(stream)
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)

/** What a stream gave, and the error it ended with. */
async function ending<T>(stream: AsyncIterable<T>): Promise<{ got: T[]; error: unknown }> {
  const got: T[] = []
  try {
    for await (const value of stream) got.push(value)
  } catch (error) {
    return { got, error }
  }
  return { got, error: undefined }
}

const cursorOf = async (store: Store, id: string): Promise<unknown> => {
  const row = await store.get(streamRowId(id))
  return row?.kind === 'stream' ? row.cursor : undefined
}
const unfinished = async (store: Store): Promise<number> => (await list(store.unfinished())).length

describe('results', () => {
  test.each([0, 1, 2, 100])('of %d items come in their order, from iterables of both kinds', async (count) => {
    const { app, tasks } = make()
    const want = upTo(count).map((n) => n * 2)
    expect(await list(app.mapStream(tasks.double, numbers(count).items))).toEqual(want)
    expect(await list(app.mapStream(tasks.double, later(upTo(count)), { concurrency: 3 }))).toEqual(want)
    expect(await list(app.mapStream(tasks.double, new Set(upTo(count)), { concurrency: 1 }))).toEqual(want)
  })

  test('come in the order of the items where later ones are ready first', async () => {
    const { app, tasks, gate } = make()
    const stream = app.mapStream(tasks.gated, [1, 2, 3], { concurrency: 3 })
    const first = stream.next()
    gate(3).resolve()
    gate(2).resolve()
    await next(app, 'task-success')
    gate(1).resolve()
    expect([await first, await stream.next(), await stream.next()].map(({ value }) => value)).toEqual([1, 2, 3])
    expect(await stream.next()).toEqual({ done: true, value: undefined })
  })

  test('come from threads, of a task and of a signature that misses one argument', async () => {
    const app = open({ tasks: [arithmetic], lanes: { default: { threads: 2 } } })
    expect(await list(app.mapStream(arithmetic.add.s(10), upTo(500)))).toEqual(upTo(500).map((n) => n + 10))
    expect(await list(app.mapStream(arithmetic.sum, [[1, 2], [3]]))).toEqual([3, 3])
    const { got, error } = await ending(app.mapStream(arithmetic.fail, ['no', 'never']))
    expect([got, error]).toEqual([[], new RangeError('no')])
  })

  test('are asked for several at a time', async () => {
    const { app, tasks } = make()
    const stream = app.mapStream(tasks.double, [1, 2])
    expect((await Promise.all([stream.next(), stream.next(), stream.next()])).map(({ value }) => value)).toEqual([
      2,
      4,
      undefined,
    ])
  })

  test('are given while a slow iterable keeps the next item back', async () => {
    const { app, tasks } = make()
    const { promise: gate, resolve } = Promise.withResolvers<void>()
    async function* slow(): AsyncGenerator<number> {
      yield 1
      await gate
      yield 2
    }
    const stream = app.mapStream(tasks.double, slow())
    expect((await stream.next()).value).toBe(2)
    resolve()
    expect((await stream.next()).value).toBe(4)
  })
})

describe('backpressure', () => {
  test.each([1, 2, 7])(
    'pulls at most %d items beyond those delivered, however slow the consumer',
    async (concurrency) => {
      const { app, tasks } = make()
      const { seen, items } = numbers(60)
      let delivered = 0
      for await (const _ of app.mapStream(tasks.double, items, { concurrency })) {
        for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate)
        expect(seen.pulled - delivered).toBeLessThanOrEqual(concurrency)
        delivered += 1
      }
      expect(delivered).toBe(60)
    },
  )

  test('is twice the slots of the lane unless told otherwise', async () => {
    const { app, tasks, gate } = make()
    const { seen, items } = numbers(60)
    const stream = app.mapStream(tasks.gated, items)
    const first = stream.next()
    await next(app, 'task-prerun')
    for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate)
    expect(seen.pulled).toBe(8)
    gate(1).resolve()
    await first
    expect(seen.pulled).toBe(8)
    await stream.return(undefined)
  })

  test('forgets what was delivered', async () => {
    const store = memoryStore()
    const { app, tasks } = make({ store })
    const ids: string[] = []
    app.on('task-success', ({ id }) => ids.push(id))
    await list(app.mapStream(tasks.double, upTo(50)))
    expect(await Promise.all(ids.map((id) => store.get(id)))).toEqual(ids.map(() => undefined))
    expect(ids.length).toBe(50)
  })

  test('100,000 items take no more heap than 10,000', async () => {
    const script = new URL('./fixtures/stream.ts', import.meta.url).pathname
    const flags = ['--expose-gc', '--conditions=@umbel/source', script, '100000', 'async', 'counted']
    const { stdout } = await promisify(execFile)(process.execPath, flags)
    const { delivered, sum, waiting, heaps } = JSON.parse(stdout)
    expect([delivered, sum]).toEqual([100_000, 100_000 * 100_001])
    expect(waiting).toBeLessThanOrEqual(50)
    expect(heaps.at(-1) - heaps[1]).toBeLessThan(5_000) // KiB; the memory store's log is full by then
  })
})

describe('the end', () => {
  test('of one who breaks off: the iterable is closed, what is under way revoked', async () => {
    const store = memoryStore()
    const { app, tasks } = make({ store })
    const { seen, items } = numbers(60)
    for await (const value of app.mapStream(tasks.hangAfter2, items, { concurrency: 4 })) if (value === 2) break
    expect(seen.closed).toBe(1)
    expect(seen.pulled).toBeLessThanOrEqual(6)
    expect(await unfinished(store)).toBe(0)
  })

  test('by an item that fails comes at its place', async () => {
    const store = memoryStore()
    const { app, tasks } = make({ store })
    const { seen, items } = numbers(60)
    const stream = app.mapStream(tasks.failAt3, items, { concurrency: 5 })
    const { got, error } = await ending(stream)
    expect([got, error]).toEqual([[1, 2], new RangeError('three')])
    expect([seen.closed, await unfinished(store)]).toEqual([1, 0])
    expect(await stream.next()).toEqual({ done: true, value: undefined })
  })

  test('by an iterable that throws comes behind the results before it', async () => {
    const { app, tasks } = make()
    function* broken(): Generator<number> {
      yield* [1, 2, 3]
      throw new TypeError('torn')
    }
    for (const items of [broken(), later(broken())]) {
      const { got, error } = await ending(app.mapStream(tasks.double, items))
      expect([got, error]).toEqual([[2, 4, 6], new TypeError('torn')])
    }
  })

  test('by an item that cannot be sent comes at its place, and closes the iterable', async () => {
    const { app, tasks } = make()
    let closed = false
    function* odd(): Generator<number> {
      try {
        yield 1
        yield (() => 2) as unknown as number
      } finally {
        closed = true
      }
    }
    const { got, error } = await ending(app.mapStream(tasks.double, odd()))
    expect([got, (error as { code: string }).code, closed]).toEqual([[2], 'UMBEL_CANNOT_TRAVEL', true])
  })

  test.each(['before', 'while'])('by a signal that is aborted %s it waits', async (when) => {
    const store = memoryStore()
    const { app, tasks } = make({ store })
    const control = new AbortController()
    const { seen, items } = numbers(60)
    if (when === 'before') control.abort(new Error('enough'))
    const result = ending(app.mapStream(tasks.hangAfter2, items, { signal: control.signal }))
    if (when === 'while') {
      await next(app, 'task-prerun')
      await new Promise(setImmediate)
      control.abort(new Error('enough'))
    }
    const { error } = await result
    expect(error).toMatchObject({ code: 'UMBEL_ABORTED', cause: new Error('enough') })
    expect([await unfinished(store), seen.closed]).toEqual([0, when === 'while' ? 1 : 0])
  })

  test('by app.stop() is UMBEL_APP_STOPPED, with an iterable that never answers too', async () => {
    const store = memoryStore()
    const { app, tasks } = make({ store })
    async function* silent(): AsyncGenerator<number> {
      yield 1
      await new Promise(() => {})
    }
    const idle = app.mapStream(tasks.double, silent())
    expect((await idle.next()).value).toBe(2)
    const waits = idle.next().catch((error) => error.code)
    const hangs = ending(app.mapStream(tasks.hangAfter2, upTo(60)))
    await next(app, 'task-success')
    await app.stop()
    expect(await waits).toBe('UMBEL_APP_STOPPED')
    expect((await hangs).error).toMatchObject({ code: 'UMBEL_APP_STOPPED' })
    expect((await ending(app.mapStream(tasks.double, [1]))).error).toMatchObject({ code: 'UMBEL_APP_STOPPED' })
    expect(await unfinished(store)).toBe(0)
  })

  test('by return() does not wait for an iterable that never answers', async () => {
    const { app, tasks } = make()
    const silent = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) }
    const stream = app.mapStream(tasks.double, silent)
    const waits = stream.next()
    expect(await stream.return(undefined)).toEqual({ done: true, value: undefined })
    expect(await waits).toEqual({ done: true, value: undefined })
  })
})

describe('a stream with an id', () => {
  test('goes on behind what was delivered', async () => {
    const store = memoryStore()
    const { app, tasks, ran } = make({ store })
    for await (const value of app.mapStream(tasks.double, numbers(10).items, { id: 'tens' })) if (value === 8) break
    expect(await cursorOf(store, 'tens')).toBe(3) // the fourth was given but not asked beyond
    ran.length = 0
    expect(await list(app.mapStream(tasks.double, later(upTo(10)), { id: 'tens' }))).toEqual([
      8, 10, 12, 14, 16, 18, 20,
    ])
    expect(ran).toEqual([4, 5, 6, 7, 8, 9, 10])
    expect(await list(app.mapStream(tasks.double, upTo(11), { id: 'tens' }))).toEqual([22])
    expect(await cursorOf(store, 'tens')).toBe(11)
  })

  test('goes on in another app over the same store, after one that was stopped', async () => {
    const store = memoryStore()
    const first = make({ store })
    const stream = first.app.mapStream(first.tasks.double, upTo(6), { id: 'moved' })
    for (const want of [2, 4, 6]) expect((await stream.next()).value).toBe(want)
    await first.app.stop()
    const second = make({ store })
    expect(await list(second.app.mapStream(second.tasks.double, upTo(6), { id: 'moved' }))).toEqual([6, 8, 10, 12])
  })

  test('begins again with the item that failed', async () => {
    const { app, tasks } = make()
    expect((await ending(app.mapStream(tasks.failAt3, upTo(4), { id: 'f' }))).got).toEqual([1, 2])
    expect(await list(app.mapStream(tasks.double, upTo(4), { id: 'f' }))).toEqual([6, 8])
  })

  test('is open once at a time, and is free again once it has ended', async () => {
    const { app, tasks } = make()
    const one = app.mapStream(tasks.double, upTo(3), { id: 'one' })
    await one.next()
    for (let time = 0; time < 2; time += 1) {
      const { error } = await ending(app.mapStream(tasks.double, upTo(3), { id: 'one' }))
      expect(error).toMatchObject({ code: 'UMBEL_STREAM_OPEN' })
    }
    await one.return(undefined)
    expect(await list(app.mapStream(tasks.double, upTo(3), { id: 'one' }))).toEqual([2, 4, 6])
  })

  test('has no result to be found', async () => {
    const { app, tasks } = make()
    await list(app.mapStream(tasks.double, [1], { id: 'row' }))
    await expect(app.result(streamRowId('row'))).rejects.toMatchObject({ code: 'UMBEL_UNKNOWN_RESULT' })
  })

  test('writes its cursor at most once at a time, the latest first', async () => {
    const slow = memoryStore()
    let events = 0
    const store: Store = Object.assign(Object.create(slow), {
      commit: async (batch: Parameters<Store['commit']>[0]) => {
        const cursors = batch.events.filter(({ type }) => type === 'stream-advanced')
        expect(cursors.length).toBeLessThanOrEqual(1)
        events += cursors.length
        await new Promise(setImmediate)
        return slow.commit(batch)
      },
    })
    for (const name of ['open', 'get', 'peek', 'children', 'unfinished', 'events', 'drop', 'close'] as const)
      Object.assign(store, { [name]: (slow[name] as () => unknown).bind(slow) })
    const { app, tasks } = make({ store })
    await list(app.mapStream(tasks.double, upTo(200), { id: 'few', concurrency: 50 }))
    expect(events).toBeLessThan(100)
    expect(await cursorOf(store, 'few')).toBe(200)
  })
})

test.each<[string, (app: App, tasks: ReturnType<typeof make>['tasks']) => unknown]>([
  ['no number', (app, tasks) => app.mapStream(tasks.double, [1], { concurrency: 0 })],
  ['no id', (app, tasks) => app.mapStream(tasks.double, [1], { id: '' })],
  ['no signal', (app, tasks) => app.mapStream(tasks.double, [1], { signal: {} as AbortSignal })],
  ['no option', (app, tasks) => app.mapStream(tasks.double, [1], { concurency: 3 } as object)],
  ['no iterable', (app, tasks) => app.mapStream(tasks.double, 5 as unknown as number[])],
])('refuses what is %s at once', (_, call) => {
  const { app, tasks } = make()
  expect(() => call(app, tasks)).toThrow(expect.objectContaining({ code: 'UMBEL_BAD_OPTION' }))
})
