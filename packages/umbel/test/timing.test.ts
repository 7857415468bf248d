import { describe, expect, test } from 'vitest'
import { chain, defineTasks, group, SimulatedClock, task } from '../src/index.ts'
import { onLoop } from './fixtures/behaviour.ts'
import { next, open, record } from './fixtures/open-app.ts'

const { add, who } = onLoop

describe('a countdown', () => {
  test('of any length of time starts the task when it is over and not before', async () => {
    const clock = new SimulatedClock()
    open({ clock })
    for (const countdown of ['250ms', '30s', '5m', '24h', 1_500] as const) {
      const result = add.s(1, 1).set({ countdown }).delay()
      await clock.advance(typeof countdown === 'number' ? countdown - 1 : '0ms')
      expect(result.state).toBe('PENDING')
      await clock.advance(countdown)
      expect(await result.get()).toBe(2)
    }
  })

  test('of 30 days is over after 30 days', async () => {
    const clock = new SimulatedClock()
    open({ clock })
    const result = add.s(1, 1).set({ countdown: '30d' }).delay()
    await clock.advance('719h')
    expect(result.state).toBe('PENDING')
    await clock.advance('1h')
    expect(await result.get()).toBe(2)
  })

  test('of 30 days on the machine’s own clock does not start at once', async () => {
    const app = open()
    const result = add.s(1, 1).set({ countdown: '30d' }).delay()
    await result.accepted
    await add.delay(1, 1).get()
    expect(result.state).toBe('PENDING')
    await app.stop({ deadline: 0 })
  })

  test('of a later step counts from the end of the step before it', async () => {
    const clock = new SimulatedClock()
    const app = open({ clock })
    const began = clock.now()
    const starts = record(app, 'task-prerun')
    const result = chain(add.s(1, 1).set({ countdown: '1m' }), add.s(1).set({ countdown: '10m' })).delay()
    await clock.advance('1h')
    expect(await result.get()).toBe(3)
    expect(starts.map(({ event }) => event.at - began)).toEqual([60_000, 660_000])
  })

  test('set on a chain delays its first step, set on a group each member', async () => {
    const clock = new SimulatedClock()
    const app = open({ clock })
    const began = clock.now()
    const starts = record(app, 'task-prerun')
    const first = chain(add.s(1, 1), add.s(1)).set({ countdown: '1m' }).delay()
    const second = group(add.s(1, 1), add.s(2, 2)).set({ countdown: '2m' }).delay()
    await clock.advance('3m')
    expect([await first.get(), await second.get()]).toEqual([3, [2, 4]])
    expect(starts.map(({ event }) => event.at - began)).toEqual([60_000, 60_000, 120_000, 120_000])
  })

  test('tells the moment it was over in its signals', async () => {
    const clock = new SimulatedClock()
    const app = open({ clock })
    const due = clock.now() + 60_000
    const [received, started] = [next(app, 'task-received'), next(app, 'task-prerun')]
    add.s(1, 1).set({ countdown: '1m' }).delay()
    expect(await received).toMatchObject({ at: due - 60_000, due })
    await clock.advance('1m')
    expect((await started).at).toBe(due)
  })
})

describe('an eta', () => {
  test.each([
    ['a Date', (at: number) => new Date(at)],
    ['milliseconds since the epoch', (at: number) => at],
  ])('that is %s starts the task then', async (_, of) => {
    const clock = new SimulatedClock()
    open({ clock })
    const result = add
      .s(1, 1)
      .set({ eta: of(clock.now() + 5_000) })
      .delay()
    await clock.advance('4999ms')
    expect(result.state).toBe('PENDING')
    await clock.advance('1ms')
    expect(await result.get()).toBe(2)
  })

  test('that has passed starts the task at once', async () => {
    const clock = new SimulatedClock()
    open({ clock })
    expect(
      await add
        .s(1, 1)
        .set({ eta: new Date(0) })
        .delay()
        .get(),
    ).toBe(2)
    expect(
      await add
        .s(1, 1)
        .set({ eta: clock.now() - 1 })
        .delay()
        .get(),
    ).toBe(2)
    expect(await add.s(1, 1).set({ eta: -5 }).delay().get()).toBe(2)
  })

  test('of a later step that has passed by its turn does not delay it', async () => {
    const clock = new SimulatedClock()
    open({ clock })
    const result = chain(add.s(1, 1).set({ countdown: '1h' }), add.s(1).set({ eta: clock.now() + 60_000 })).delay()
    await clock.advance('1h')
    expect(await result.get()).toBe(3)
  })
})

describe('what is malformed is refused at the call', () => {
  test.each([
    ['a negative countdown', { countdown: -1 }, 'UMBEL_BAD_DURATION'],
    ['a countdown without a unit', { countdown: '10' as '10s' }, 'UMBEL_BAD_DURATION'],
    ['a countdown that is no number', { countdown: Number.NaN }, 'UMBEL_BAD_DURATION'],
    ['a countdown longer than a century', { countdown: '40000d' }, 'UMBEL_BAD_DURATION'],
    ['countdown and eta', { countdown: '1s', eta: 5 }, 'UMBEL_BAD_ETA'],
    ['an eta that is no Date', { eta: new Date(Number.NaN) }, 'UMBEL_BAD_ETA'],
    ['an eta that is text', { eta: '2026-01-01' as unknown as number }, 'UMBEL_BAD_ETA'],
    ['an expires that is no Date', { expires: new Date(Number.NaN) }, 'UMBEL_BAD_ETA'],
    ['an expires that is no duration', { expires: 'soon' as '1s' }, 'UMBEL_BAD_DURATION'],
  ] as const)('%s', (_, options, code) => {
    open()
    expect(() => add.s(1, 1).set(options).delay()).toThrow(expect.objectContaining({ code }))
  })
})

describe('expires', () => {
  const expired = { name: 'UmbelError', code: 'UMBEL_EXPIRED' }

  test.each([
    ['a duration', () => '1m' as const],
    ['a Date', (now: number) => new Date(now + 60_000)],
  ])('as %s revokes a task that is not started by then', async (_, of) => {
    const clock = new SimulatedClock()
    const app = open({ clock })
    const revoked = next(app, 'task-revoked')
    const late = add
      .s(1, 1)
      .set({ countdown: '2m', expires: of(clock.now()) })
      .delay()
    const inTime = add
      .s(1, 1)
      .set({ countdown: '59s', expires: of(clock.now()) })
      .delay()
    const failed = expect(late.get()).rejects.toMatchObject(expired)
    await clock.advance('2m')
    await failed
    expect([late.state, await inTime.get()]).toEqual(['REVOKED', 2])
    expect(await revoked).toMatchObject({ id: late.id, expired: true, error: expired })
  })

  test('that is negative or has passed never starts the task', async () => {
    const app = open()
    const starts = record(app, 'task-prerun')
    for (const expires of [-1, 0, new Date(0)]) {
      await expect(add.s(1, 1).set({ expires }).delay().get()).rejects.toMatchObject(expired)
    }
    expect(starts).toEqual([])
  })

  test('while it waits in its lane revokes it once a slot is free, and the slot serves the next', async () => {
    const clock = new SimulatedClock()
    const app = open({ clock, lanes: { default: { threads: 0, inline: 1 } } })
    const busy = onLoop.waits.delay()
    await next(app, 'task-state')
    const late = add.s(1, 1).set({ expires: '1m' }).delay()
    const after = add.s(2, 2).delay()
    await clock.advance('1m')
    await busy.revoke()
    await expect(late.get()).rejects.toMatchObject(expired)
    expect(await after.get()).toBe(4)
  })

  test('of a later step counts from its turn', async () => {
    const clock = new SimulatedClock()
    open({ clock })
    const result = chain(add.s(1, 1).set({ countdown: '1h' }), add.s(1).set({ expires: '1m' })).delay()
    await clock.advance('1h')
    expect(await result.get()).toBe(3)
  })

  test('of a step ends its chain as REVOKED, of a member its group as FAILURE with the reason', async () => {
    const app = open()
    const starts = record(app, 'task-prerun')
    const row = chain(add.s(1, 1).set({ expires: -1 }), add.s(1)).delay()
    await expect(row.get()).rejects.toMatchObject(expired)
    const all = group(add.s(1, 1).set({ expires: -1 }), add.s(2, 2)).delay()
    await expect(all.get()).rejects.toMatchObject(expired)
    expect([row.state, all.state, starts.length]).toEqual(['REVOKED', 'FAILURE', 1])
  })

  test('of a task’s own options counts where the call says nothing', async () => {
    const clock = new SimulatedClock()
    const { brief } = defineTasks('local', { brief: task((_ctx) => 1, { expires: '1m' }) })
    open({ clock, tasks: [{ brief }] })
    const late = brief.s().set({ countdown: '2m' }).delay()
    const later = brief.s().set({ countdown: '2m', expires: '3m' }).delay()
    const failed = expect(late.get()).rejects.toMatchObject(expired)
    await clock.advance('2m')
    await failed
    expect(await later.get()).toBe(1)
  })
})

test('what is due at one moment starts in the order sent, what is due earlier starts earlier', async () => {
  const clock = new SimulatedClock()
  const app = open({ clock, lanes: { default: { threads: 0, inline: 1 } } })
  const order: string[] = []
  app.on('task-prerun', ({ id }) => order.push(id))
  const moments = [5, 3, 9, 3, 1, 5, 9, 3]
  const results = moments.map((seconds) =>
    who
      .s()
      .set({ countdown: seconds * 1_000 })
      .delay(),
  )
  await clock.advance('10s')
  await Promise.all(results.map((result) => result.get()))
  const wanted = results.map(({ id }, index) => ({ id, due: moments[index] ?? 0 })).sort((a, b) => a.due - b.due)
  expect(order).toEqual(wanted.map(({ id }) => id))
})

test('10,000 countdowns of different lengths all end, each at its time', async () => {
  const clock = new SimulatedClock()
  const app = open({ clock })
  const began = clock.now()
  const at = new Map<string, number>()
  app.on('task-prerun', (event) => at.set(event.id, event.at - began))
  // sent in no order of their own: 7,919 and 10,000 have no divisor in common
  const lengths = Array.from({ length: 10_000 }, (_, index) => ((index * 7_919) % 10_000) * 360)
  const results = lengths.map((countdown) => add.s(1, 1).set({ countdown }).delay())
  await clock.advance('1h')
  expect(await Promise.all(results.map((result) => result.get()))).toEqual(lengths.map(() => 2))
  expect(results.map(({ id }) => at.get(id))).toEqual(lengths)
})

test('a simulated clock moves on only once what a timer set off is stored, however many turns that takes', async () => {
  const clock = new SimulatedClock()
  const slow = { busy: false }
  clock.heed(slow)
  const seen: boolean[] = []
  clock.setTimer(() => {
    const finish = (turns: number): void => {
      slow.busy = turns > 0
      if (slow.busy) setImmediate(() => finish(turns - 1))
    }
    finish(50)
  }, 10)
  clock.setTimer(() => seen.push(slow.busy), 20)
  await clock.advance(20)
  expect(seen).toEqual([false])
})

test('a simulated clock does not wait for ever for what is never done', async () => {
  const clock = new SimulatedClock()
  clock.heed({ busy: true })
  const start = clock.now()
  await clock.advance('1s')
  expect(clock.now() - start).toBe(1_000)
})
