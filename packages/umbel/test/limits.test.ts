import { ratePolicy, type TokenSource } from '@umbel/core'
import { describe, expect, test } from 'vitest'
import { type App, chain, defineTasks, group, type RateLimit, SimulatedClock, task } from '../src/index.ts'
import { readyTokens } from '../src/limits/ready-tokens.ts'
import { limitedTasks, many, names, opened } from './fixtures/limited-tasks.ts'
import { open, record } from './fixtures/open-app.ts'
import { broken, type Start } from './fixtures/rate-laws.ts'

describe('a rate limit', () => {
  test.each<[string, RateLimit, number]>([
    ['spaces starts', '10/s', 1],
    ['lets a burst go at once', { rate: '10/s', burst: 5 }, 5],
    ['lets a whole window go at once', { window: '10/s' }, 10],
  ])('%s, then holds the rate', async (_, rateLimit, atOnce) => {
    const { app, clock, starts, plain } = opened(rateLimit)
    const all = app.delay(group(many(40).map((name) => plain.s(name, 0))))
    await clock.advance(0)
    expect(starts).toHaveLength(atOnce)
    await clock.advance('5s')
    await all.get()
    expect(names(starts)).toEqual(many(40))
    expect(broken(ratePolicy(rateLimit, 'x'), starts)).toBeUndefined()
  })

  test('holds no slot and blocks nobody while tasks wait for it', async () => {
    const { app, clock, starts, plain, free } = opened('1/m', { lanes: { default: { threads: 0, inline: 1 } } })
    for (const name of many(50)) app.delay(plain.s(name, 0).set({ priority: 9 }))
    app.delay(free.s('free', 0).set({ priority: 0 }))
    await clock.advance(0)
    expect(names(starts).sort()).toEqual(['free', 't0'])
  })

  test('keeps priority among those that wait, and their order within a level', async () => {
    const { app, clock, starts, plain } = opened('1/s')
    app.delay(plain.s('first', 0))
    await clock.advance(0)
    for (const [name, priority] of [
      ['low', 1],
      ['a', 5],
      ['b', 5],
      ['high', 9],
      ['c', 5],
    ] as const)
      app.delay(plain.s(name, 0).set({ priority }))
    await clock.advance('10s')
    expect(names(starts)).toEqual(['first', 'high', 'a', 'b', 'c', 'low'])
  })

  test('decides which task starts when a slot is free, not before', async () => {
    const { app, clock, starts, plain, free } = opened('1/s', { lanes: { default: { threads: 0, inline: 1 } } })
    app.delay(free.s('busy', 5_000))
    await clock.advance(0)
    app.delay(plain.s('early', 0).set({ priority: 5 }))
    await clock.advance('2s')
    app.delay(plain.s('urgent', 0).set({ priority: 9 }))
    await clock.advance('10s')
    expect(names(starts)).toEqual(['busy', 'urgent', 'early'])
  })

  test('lets no more start at once after a congestion than the rate allows', async () => {
    const { app, clock, starts, plain, free } = opened('10/s', { lanes: { default: { threads: 0, inline: 1 } } })
    app.delay(free.s('busy', 5_000).set({ priority: 9 }))
    await clock.advance(0)
    for (const name of many(30)) app.delay(plain.s(name, 0))
    await clock.advance('10s')
    const held = starts.filter(({ key }) => key === '')
    expect(held).toHaveLength(30)
    expect(broken(ratePolicy('10/s', 'x'), held)).toBeUndefined()
    expect((held[1]?.at ?? 0) - (held[0]?.at ?? 0)).toBeGreaterThan(75)
  })

  test('gives each key a bucket of its own', async () => {
    const { app, clock, starts, keyed } = opened('1/s')
    for (const key of ['ann', 'bob', 'cem']) for (const name of many(3)) app.delay(keyed.s(`${key} ${name}`, key, 0))
    await clock.advance(0)
    expect(names(starts).sort()).toEqual(['ann t0', 'bob t0', 'cem t0'])
    await clock.advance('3s')
    expect(starts).toHaveLength(9)
    for (const key of ['ann', 'bob', 'cem'])
      expect(
        broken(
          ratePolicy('1/s', 'x'),
          starts.filter((start) => start.key === key),
        ),
      ).toBeUndefined()
  })

  test('serves 10,000 keys, and forgets those at rest', async () => {
    const { app, clock, starts, keyed } = opened('1/s', { lanes: { default: { threads: 0, inline: 100 } } })
    app.delay(group(Array.from({ length: 20_000 }, (_, index) => keyed.s('x', `user ${index % 10_000}`, 0))))
    await clock.advance(0)
    expect(starts).toHaveLength(10_000)
    await clock.advance('2s')
    expect(starts).toHaveLength(20_000)
    const limit = async () => (await app.inspect.limits()).find(({ name }) => name === 'held.keyed')
    expect((await limit())?.buckets).toBe(10_000)
    await clock.advance('30s')
    expect((await limit())?.buckets).toBe(0)
  })

  test('is shared by the tasks that name it, over all lanes', async () => {
    const lanes = { default: { threads: 0, inline: 2 }, other: { threads: 0, inline: 2 } }
    const { app, clock, starts, plain, heavy } = opened({ limit: 'stripe' }, { lanes, limits: { stripe: '10/s' } })
    for (const name of many(10)) {
      app.delay(plain.s(name, 0))
      app.delay(plain.s(name, 0).set({ lane: 'other' }))
      app.delay(heavy.s(name, 1))
    }
    await clock.advance('4s')
    expect(starts).toHaveLength(30)
    expect(broken(ratePolicy('10/s', 'x'), starts)).toBeUndefined()
  })

  test('counts the weight of a start', async () => {
    const { app, clock, starts, heavy } = opened({ window: '10/s' })
    for (const [name, weight] of [
      ['a', 6],
      ['b', 6],
      ['c', 4],
      ['d', 10],
    ] as const)
      app.delay(heavy.s(name, weight))
    await clock.advance('4s')
    // b holds its place before c, which would have fitted beside a: else what is heavy would never start
    expect(names(starts)).toEqual(['a', 'b', 'c', 'd'])
    expect(broken(ratePolicy({ window: '10/s' }, 'x'), starts)).toBeUndefined()
    expect(() => app.delay(heavy.s('e', 11))).toThrow(expect.objectContaining({ code: 'UMBEL_BAD_RATE' }))
  })

  test('holds steps of a chain and retries, too', async () => {
    const clock = new SimulatedClock()
    const starts: Start[] = []
    const tasks = defineTasks('again', {
      flaky: task(
        (ctx, n: number): number => {
          starts.push({ at: clock.monotonic(), permits: 1 })
          if (ctx.attempt < 3) ctx.retry({ countdown: 0 })
          return n + 1
        },
        { rateLimit: '2/s' },
      ),
    })
    const app = open({ tasks: [tasks], clock })
    const result = app.delay(chain(tasks.flaky.s(1), tasks.flaky.s(), tasks.flaky.s()))
    await clock.advance('10s')
    expect(await result.get()).toBe(4)
    expect(starts).toHaveLength(9)
    expect(broken(ratePolicy('2/s', 'x'), starts)).toBeUndefined()
  })

  test('of a map counts one start, under the key of its first item', async () => {
    const { app, clock, starts, keyed } = opened('1/s')
    app.delay(
      keyed.starmap([
        ['a', 'ann', 0],
        ['b', 'bob', 0],
      ]),
    )
    app.delay(keyed.s('c', 'ann', 0))
    app.delay(keyed.s('d', 'bob', 0))
    await clock.advance(0)
    expect(names(starts).sort()).toEqual(['a', 'b', 'd'])
  })
})

describe('a task that waits for a permit', () => {
  test('can be revoked, once or twice, and leaves its place to the next', async () => {
    const { app, clock, starts, plain } = opened('1/s')
    const sent = many(4).map((name) => app.delay(plain.s(name, 0)))
    await clock.advance(0)
    await Promise.all([sent[1]?.revoke(), sent[1]?.revoke(), sent[3]?.revoke()])
    await clock.advance('2s')
    expect(names(starts)).toEqual(['t0', 't2'])
    expect(sent.map(({ state }) => state)).toEqual(['SUCCESS', 'REVOKED', 'SUCCESS', 'REVOKED'])
  })

  test('expires there', async () => {
    const { app, clock, starts, plain } = opened('1/m')
    app.delay(plain.s('first', 0))
    const late = app.delay(plain.s('late', 0).set({ expires: '30s' }))
    await clock.advance('2m')
    expect(late.state).toBe('REVOKED')
    expect(names(starts)).toEqual(['first'])
  })

  test('that comes too late leaves its permit to the next', async () => {
    const { app, clock, starts, plain } = opened('1/m')
    app.delay(plain.s('first', 0))
    for (const name of many(20)) app.delay(plain.s(name, 0).set({ expires: '30s' }))
    for (const name of ['second', 'third']) app.delay(plain.s(name, 0))
    await clock.advance('62s')
    expect(names(starts)).toEqual(['first', 'second'])
    await clock.advance('62s')
    expect(names(starts)).toEqual(['first', 'second', 'third'])
    expect(broken(ratePolicy('1/m', 'x'), starts)).toBeUndefined()
  })

  test('and weighs much keeps lighter ones behind it no longer once it is revoked, or they are more urgent', async () => {
    const { app, clock, starts, heavy } = opened({ window: '10/h' })
    app.delay(heavy.s('first', 5))
    await clock.advance('1s')
    const revoked = app.delay(heavy.s('revoked', 10))
    app.delay(heavy.s('a', 1))
    await clock.advance('1s')
    await revoked.revoke()
    await clock.advance('1s')
    expect(names(starts)).toEqual(['first', 'a'])
    app.delay(heavy.s('heavy', 10))
    const urgent = app.delay(heavy.s('urgent', 1))
    await clock.advance('1s')
    await app.control.priority(urgent, 9)
    await clock.advance('1s')
    expect(names(starts)).toEqual(['first', 'a', 'urgent'])
  })

  test('counts for its lane’s backlog', async () => {
    const lanes = { default: { threads: 0, inline: 2, backlog: 3 } }
    const { app, clock, plain } = opened('1/m', { lanes })
    for (const name of many(4)) await app.send(plain.s(name, 0))
    await clock.advance(0)
    expect(() => app.delay(plain.s('more', 0))).toThrow(expect.objectContaining({ code: 'UMBEL_LANE_FULL' }))
  })

  test('is told with what it waits for and until when', async () => {
    const { app, clock, plain } = opened('1/m')
    const [, waits] = many(3).map((name) => app.delay(plain.s(name, 0)))
    await clock.advance('10s')
    const waiting = await app.inspect.waiting()
    expect(waiting.total).toBe(2)
    const found = waiting.tasks.find(({ id }) => id === waits?.id)
    expect(found).toMatchObject({ task: 'held.plain', reason: { kind: 'token', token: 'held.plain', key: '' } })
    const until = found?.reason.kind === 'token' ? found.reason.until - clock.now() : 0
    expect(until).toBeGreaterThan(49_000)
    expect(until).toBeLessThan(51_000)
  })

  test('is listed in the order in which it will start, and keeps that order where its rate is lifted', async () => {
    const { app, clock, starts, plain } = opened('1/m', { lanes: { default: { threads: 0, inline: 1 } } })
    await app.control.pause('default')
    const moved = app.delay(plain.s('moved', 0).set({ priority: 9 }))
    for (const [name, priority] of [
      ['low', 1],
      ['a', 5],
      ['b', 5],
    ] as const)
      app.delay(plain.s(name, 0).set({ priority }))
    expect(await app.control.priority(moved, 5)).toBe(true)
    const { tasks } = await app.inspect.waiting()
    expect(tasks.map(({ priority }) => priority)).toEqual([5, 5, 5, 1])
    expect(tasks[2]?.id).toBe(moved.id)
    await app.control.rateLimit('held.plain', null)
    await app.control.resume('default')
    await clock.advance('1s')
    expect(names(starts)).toEqual(['a', 'b', 'moved', 'low'])
  })

  test('of which there are 100,000 is taken in, revoked and forgotten in constant time each', async () => {
    const { app, clock, starts, plain } = opened('1/h')
    const whole = app.delay(group(many(100_000).map((name) => plain.s(name, 0))))
    await whole.accepted
    await clock.advance(0)
    expect(starts).toHaveLength(1)
    await whole.revoke()
    await clock.advance('3h')
    expect(starts).toHaveLength(1)
    expect(whole.state).toBe('REVOKED')
  })
})

describe('a lane with limited tasks', () => {
  const lanes = { default: { threads: 0, inline: 1 }, other: { threads: 0, inline: 1 } }

  test('starts an urgent one before others without a limit, though a less urgent one was first at the gate', async () => {
    const { app, clock, starts, plain, free } = opened('1/s', { lanes })
    app.delay(free.s('busy', 3_000))
    await clock.advance(0)
    app.delay(plain.s('low', 0).set({ priority: 1 }))
    await clock.advance(0)
    for (const name of many(3)) app.delay(free.s(name, 1_000))
    app.delay(plain.s('urgent', 0).set({ priority: 9 }))
    await clock.advance('20s')
    expect(names(starts)).toEqual(['busy', 'urgent', 't0', 't1', 't2', 'low'])
  })

  test('moves one that is given another priority', async () => {
    const { app, clock, starts, plain } = opened('1/s', { lanes })
    const [, , last] = many(3).map((name) => app.delay(plain.s(name, 0)))
    await clock.advance(0)
    expect(await app.control.priority(last ?? '', 9)).toBe(true)
    await clock.advance('5s')
    expect(names(starts)).toEqual(['t0', 't2', 't1'])
  })

  test('starts none while it is paused, uses no permit meanwhile, and goes on at the rate', async () => {
    const { app, clock, starts, plain } = opened('2/s', { lanes })
    for (const name of many(6)) app.delay(plain.s(name, 0))
    await clock.advance(0)
    await app.control.pause('default')
    await clock.advance('1m')
    expect(starts).toHaveLength(1)
    const { tasks } = await app.inspect.waiting()
    expect(tasks.map(({ reason }) => reason.kind)).toEqual(Array(5).fill('paused'))
    await app.control.resume('default')
    await clock.advance('5s')
    expect(starts).toHaveLength(6)
    expect(broken(ratePolicy('2/s', 'x'), starts)).toBeUndefined()
  })

  test('keeps no other lane from its share while it is paused or has no slots', async () => {
    const { app, clock, starts, heavy } = opened({ limit: 'shared' }, { lanes, limits: { shared: { window: '10/s' } } })
    await app.control.pause('other')
    app.delay(heavy.s('heavy', 10).set({ lane: 'other', priority: 9 }))
    for (const name of many(20)) app.delay(heavy.s(name, 1))
    await clock.advance('2s')
    expect(names(starts)).toEqual(many(20))
    await app.control.resume('other')
    await app.control.scale('other', { inline: 0 })
    for (const name of many(10)) app.delay(heavy.s(name, 1))
    await clock.advance('3s')
    expect(starts).toHaveLength(30)
    await app.control.scale('other', { inline: 1 })
    await clock.advance('3s')
    expect(names(starts).at(-1)).toBe('heavy')
  })

  test('is purged of them, too', async () => {
    const { app, clock, starts, plain } = opened('1/s', { lanes })
    const sent = many(10).map((name) => app.delay(plain.s(name, 0)))
    await clock.advance(0)
    expect(await app.control.purge('default')).toBe(9)
    await clock.advance('1m')
    expect(starts).toHaveLength(1)
    expect(sent.map(({ state }) => state)).toEqual(['SUCCESS', ...Array(9).fill('REVOKED')])
  })

  test('lets what ages at the gate go first, where it ages', async () => {
    const { app, clock, starts, plain } = opened('1/s', { lanes: { default: { threads: 0, inline: 1, aging: '5s' } } })
    app.delay(plain.s('low', 0).set({ priority: 0 }))
    for (const name of many(20)) app.delay(plain.s(name, 0).set({ priority: 9 }))
    await clock.advance('8s')
    expect(names(starts)).toContain('low')
    expect(names(starts)[0]).not.toBe('low')
  })

  test('starts what has aged at the gate without waiting for its age anew in the lane, however many urgent ones come', async () => {
    const lanes = { default: { threads: 0, inline: 1, aging: '5s' as const } }
    const { app, clock, starts, plain, free } = opened('1/s', { lanes })
    for (const name of many(5)) app.delay(plain.s(name, 0).set({ priority: 0 }))
    await app.control.pause('default')
    for (let ms = 0; ms < 12_000; ms += 400) {
      app.delay(free.s('urgent', 500).set({ priority: 9 }))
      if (ms === 0) await app.control.resume('default')
      await clock.advance(400)
    }
    const low = starts.filter(({ name }) => name !== 'urgent')
    expect(names(low)).toEqual(many(5))
    expect((low[4]?.at ?? 0) - (starts[0]?.at ?? 0)).toBeLessThan(11_500)
  })
})

describe('a handler that starts late', () => {
  /** Tasks whose hook waits before the handler starts, by a simulated clock. */
  const slowToStart = (length: (attempt: number) => number, rateLimit: RateLimit = '10/s') => {
    const clock = new SimulatedClock()
    const starts: Start[] = []
    let asked = 0
    let granted = 0
    const slow = task.extend({
      beforeStart: () => {
        asked += 1
        return new Promise<void>((resolve) => void clock.setTimer(resolve, length(asked)))
      },
    })
    const tasks = defineTasks('slow', {
      begin: slow(
        (ctx): number => {
          starts.push({ at: clock.monotonic(), permits: 1 })
          return ctx.attempt
        },
        { rateLimit },
      ),
    })
    const tokens: TokenSource = {
      ...readyTokens(clock),
      reserve: async () => {
        granted += 1
        return { permits: 1, notAfter: Number.POSITIVE_INFINITY }
      },
    }
    const app = open({ tasks: [tasks], clock, tokens, lanes: { default: { threads: 0, inline: 10 } } })
    return { app, clock, starts, tasks, asked: () => asked, granted: () => granted }
  }

  test('does not: its task is given back, which costs no attempt and no permit', async () => {
    const { app, clock, starts, tasks, asked, granted } = slowToStart((attempt) => (attempt === 1 ? 40 : 0))
    const result = app.delay(tasks.begin.s())
    await clock.advance('1s')
    expect(await result.get()).toBe(1)
    expect([starts.length, asked(), granted()]).toEqual([1, 2, 1])
  })

  test('keeps its place: what waits behind it starts after it, and has its permit where it is revoked', async () => {
    const { app, clock, starts, tasks } = slowToStart((attempt) => (attempt % 2 === 1 ? 60 : 0), '1/h')
    const results = [1, 2, 3].map(() => app.delay(tasks.begin.s()))
    await clock.advance('1m')
    expect(results.map(({ state }) => state)).toEqual(['SUCCESS', 'RECEIVED', 'RECEIVED'])
    await clock.advance('59m')
    await clock.advance(50)
    expect(starts).toHaveLength(1)
    const revoked = results[1]?.revoke() // its hook goes on
    await clock.advance('2m')
    await revoked
    expect(results.map(({ state }) => state)).toEqual(['SUCCESS', 'REVOKED', 'SUCCESS'])
    expect(broken(ratePolicy('1/h', 'x'), starts)).toBeUndefined()
  })

  test('takes no permit from another that comes to its slot as it is given back, and goes first where its limit is lifted', async () => {
    const clock = new SimulatedClock()
    const starts: (Start & { readonly name: string })[] = []
    let late: Promise<void> | undefined
    const slow = task.extend({ beforeStart: () => late })
    const begin = (rateLimit: RateLimit) =>
      slow(
        (_ctx, name: string) => {
          starts.push({ at: clock.monotonic(), permits: 1, name })
        },
        { rateLimit },
      )
    const tasks = defineTasks('late', { twice: begin({ window: '2/h' }), once: begin({ window: '1/h' }) })
    const tokens: TokenSource = {
      ...readyTokens(clock),
      reserve: async () => ({ permits: 1, notAfter: Number.POSITIVE_INFINITY }),
    }
    const app = open({ tasks: [tasks], clock, tokens, lanes: { default: { threads: 0, inline: 2 } } })
    late = new Promise((resolve) => void clock.setTimer(resolve, 60))
    app.delay(tasks.twice.s('x').set({ priority: 1 }))
    await clock.advance(0)
    app.delay(tasks.twice.s('y').set({ priority: 9 }))
    await clock.advance(0)
    for (const name of ['z1', 'z2', 'z3']) app.delay(tasks.twice.s(name).set({ priority: 1 }))
    await clock.advance(59)
    late = undefined
    await clock.advance('1m')
    expect(names(starts).sort()).toEqual(['x', 'y'])
    expect(broken(ratePolicy({ window: '2/h' }, 'x'), starts)).toBeUndefined()

    app.delay(tasks.once.s('first'))
    await clock.advance('1s')
    late = new Promise((resolve) => void clock.setTimer(resolve, 3_700_000))
    for (const name of ['a', 'b', 'c']) app.delay(tasks.once.s(name))
    await clock.advance('61m') // a is let go, and is late
    late = undefined
    await app.control.pause('default')
    await clock.advance('2m')
    await app.control.rateLimit('late.once', null)
    await app.control.resume('default')
    await clock.advance('1s')
    expect(names(starts).filter((name) => !/[xyz]/.test(name))).toEqual(['first', 'a', 'b', 'c'])
  })

  test('gets more time from then on, so that every task starts at last, and the rate holds', async () => {
    const { app, clock, starts, tasks } = slowToStart(() => 5_000)
    const all = app.delay(group(Array.from({ length: 5 }, () => tasks.begin.s())))
    await clock.advance('10m')
    expect(await all.get()).toEqual([1, 1, 1, 1, 1])
    expect(broken(ratePolicy('10/s', 'x'), starts)).toBeUndefined()
  })
})

describe('a limit changed while tasks wait', () => {
  const held = async (before: RateLimit | undefined, after: RateLimit | null) => {
    const { app, clock, starts, plain, free } = opened(before ?? '10/s')
    const one = (named: string) => (before === undefined ? free.s(named, 0) : plain.s(named, 0))
    const name = before === undefined ? 'held.free' : 'held.plain'
    return { app, clock, starts, one, change: () => app.control.rateLimit(name, after) }
  }

  test('is felt by them at once when it is raised', async () => {
    const { app, clock, starts, one, change } = await held('1/h', '10/s')
    for (const name of many(10)) app.delay(one(name))
    await clock.advance('1m')
    expect(starts).toHaveLength(1)
    await change()
    await clock.advance('2s')
    expect(starts).toHaveLength(10)
    expect(broken(ratePolicy('10/s', 'x'), starts)).toBeUndefined()
  })

  test('is felt by them at once when it is lowered, or lifted', async () => {
    const { app, clock, starts, one, change } = await held('10/s', '1/m')
    for (const name of many(20)) app.delay(one(name))
    await clock.advance('500ms')
    const before = starts.length
    expect(before).toBeGreaterThan(3)
    await change()
    await clock.advance('58s')
    expect(starts.length - before).toBeLessThanOrEqual(1)
    await app.control.rateLimit('held.plain', null)
    await clock.advance(0)
    expect(starts).toHaveLength(20)
  })

  test('holds tasks from then on that had none', async () => {
    const lanes = { default: { threads: 0, inline: 1 } }
    const clock = new SimulatedClock()
    const { tasks, starts } = limitedTasks('10/s', clock)
    const app = open({ tasks: [tasks], clock, lanes })
    app.delay(tasks.free.s('busy', 1_000))
    await clock.advance(0)
    for (const name of many(5)) app.delay(tasks.free.s(name, 0))
    await clock.advance(0)
    await app.control.rateLimit('held.free', '1/m')
    await clock.advance('10s')
    expect(names(starts)).toEqual(['busy', 't0'])
    await clock.advance('10m')
    expect(starts).toHaveLength(6)
  })

  test('is refused where it is none, or too small for what is held to it', async () => {
    const { app } = opened('10/s')
    const bad = expect.objectContaining({ code: 'UMBEL_BAD_RATE' })
    await expect(app.control.rateLimit('held.plain', 'fast' as never)).rejects.toEqual(bad)
    const unknown = expect.objectContaining({
      code: 'UMBEL_UNKNOWN_LIMIT',
      message: expect.stringContaining('held.plain'),
    })
    await expect(app.control.rateLimit('held.plane', '1/s')).rejects.toEqual(unknown)
  })
})

describe('permits', () => {
  const opening = (tokens: TokenSource, clock: SimulatedClock): { app: App; starts: Start[]; send: () => void } => {
    const { tasks, starts } = limitedTasks('10/s', clock)
    const app = open({ tasks: [tasks], clock, tokens, lanes: { default: { threads: 0, inline: 2 } } })
    const send = (): void => {
      for (const name of many(5)) app.delay(tasks.plain.s(name, 0))
      app.delay(tasks.free.s('free', 0))
    }
    return { app, starts, send }
  }

  test('are taken from the source: where it grants none, limited tasks wait and others run', async () => {
    const clock = new SimulatedClock()
    const { starts, send } = opening({ ...readyTokens(clock), reserve: () => new Promise(() => {}) }, clock)
    send()
    await clock.advance('1h')
    expect(names(starts as never)).toEqual(['free'])
  })

  test('are asked for again when the source fails, later and later, and no task is lost', async () => {
    const clock = new SimulatedClock()
    let asked = 0
    const ready = readyTokens(clock)
    const { app, starts, send } = opening(
      {
        ...ready,
        reserve: async (bucket, policy) => {
          asked += 1
          if (asked < 8) throw new Error('the server is away')
          return ready.reserve(bucket, policy)
        },
      },
      clock,
    )
    const failures = record(app, 'internal-error')
    send()
    await clock.advance('2s')
    expect(asked).toBeLessThan(8)
    await clock.advance('1m')
    expect(starts).toHaveLength(6)
    expect(failures).toHaveLength(7)
  })

  test('are void after their time: what waited for a slot longer takes new ones', async () => {
    const clock = new SimulatedClock()
    let granted = 0
    const source: TokenSource = {
      ...readyTokens(clock),
      reserve: async () => {
        granted += 1
        return { permits: 1, notAfter: clock.monotonic() + 100 }
      },
    }
    const { tasks, starts } = limitedTasks('10/s', clock)
    const app = open({ tasks: [tasks], clock, tokens: source, lanes: { default: { threads: 0, inline: 1 } } })
    app.delay(tasks.free.s('busy', 10_000).set({ priority: 9 }))
    await clock.advance(0)
    app.delay(tasks.plain.s('late', 0))
    await clock.advance('5s')
    expect(granted).toBe(1)
    await clock.advance('10s')
    expect(names(starts)).toEqual(['busy', 'late'])
    expect(granted).toBe(2)
  })
})

describe('a key or weight', () => {
  const tasks = defineTasks('odd', {
    key: task((_ctx, key: unknown) => key, { rateLimit: { rate: '1/s', key: (key) => key as string } }),
    throws: task((_ctx, x: number) => x, {
      rateLimit: {
        rate: '1/s',
        key: () => {
          throw new Error('no key')
        },
      },
    }),
    weight: task((_ctx, w: number) => w, { rateLimit: { window: '3/s', weight: (w) => w } }),
  })

  test('that is none is refused at the call', () => {
    const app = open({ tasks: [tasks] })
    const bad = expect.objectContaining({ code: 'UMBEL_BAD_RATE' })
    for (const key of [null, undefined, {}, [], Number.NaN, true, 'x'.repeat(2_000)])
      expect(() => app.delay(tasks.key.s(key))).toThrow(bad)
    expect(() => app.delay(tasks.throws.s(1))).toThrow(bad)
    for (const weight of [0, -1, 1.5, 4, Number.POSITIVE_INFINITY])
      expect(() => app.delay(tasks.weight.s(weight))).toThrow(bad)
  })

  test('that turns out to be none once a step gets its argument fails that step', async () => {
    const clock = new SimulatedClock()
    const made = defineTasks('makes', { nothing: (_ctx): unknown => null })
    const app = open({ tasks: [tasks, made], clock })
    const result = app.delay(chain(made.nothing.s(), tasks.key.s()))
    const failed = expect(result.get()).rejects.toMatchObject({ code: 'UMBEL_BAD_RATE' })
    await clock.advance('1s')
    await failed
  })
})
