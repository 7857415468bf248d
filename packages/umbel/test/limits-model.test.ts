import { type RatePolicy, ratePolicy } from '@umbel/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type App, group, type RateLimit } from '../src/index.ts'
import { many, names, opened } from './fixtures/limited-tasks.ts'
import { broken, type Start } from './fixtures/rate-laws.ts'

/** A random day of an app: what is sent, how urgent, for whom, how long it takes; and changes of the rate. */
const days = fc.record({
  rateLimit: fc.oneof(
    fc.constantFrom<RateLimit>(
      '10/s',
      '3/s',
      { rate: '10/s', burst: 4 },
      { rate: '2/s', burst: 7 },
      { window: '10/s' },
    ),
  ),
  inline: fc.integer({ min: 1, max: 4 }),
  sends: fc.array(
    fc.record({
      after: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 400 })),
      task: fc.constantFrom<'plain' | 'keyed' | 'free'>('plain', 'keyed', 'free'),
      key: fc.constantFrom('ann', 'bob'),
      priority: fc.integer({ min: 0, max: 9 }),
      length: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 500 })),
      revoke: fc.boolean(),
    }),
    { minLength: 1, maxLength: 60 },
  ),
  change: fc.option(
    fc.record({
      at: fc.integer({ min: 0, max: 59 }),
      to: fc.constantFrom<RateLimit>('5/s', { window: '4/s' }, { rate: '6/s', burst: 2 }),
    }),
  ),
})

test('whatever is sent and changed, no rate is ever broken, nothing waits without cause, and everything ends', async () => {
  await fc.assert(
    fc.asyncProperty(days, async ({ rateLimit, inline, sends, change }) => {
      const { app, clock, starts, plain, keyed, free } = opened(rateLimit, {
        lanes: { default: { threads: 0, inline } },
      })
      let changedAt = Number.POSITIVE_INFINITY
      const results = []
      for (const [index, { after, task: name, key, priority, length, revoke }] of sends.entries()) {
        await clock.advance(after)
        if (change !== null && change.at === index) {
          await app.control.rateLimit('held.plain', change.to)
          changedAt = clock.monotonic()
        }
        const called =
          name === 'keyed'
            ? keyed.s(`${index}`, key, length)
            : name === 'plain'
              ? plain.s(`${index}`, length)
              : free.s(`${index}`, length)
        const result = app.delay(called.set({ priority }))
        results.push(result)
        if (revoke && index % 5 === 0) await result.revoke()
        await clock.advance(0)
        await slotsAreUsed(app, inline)
      }
      await clock.advance('2m')
      expect(results.every((result) => result.ready())).toBe(true)
      const policy = ratePolicy(rateLimit, 'x')
      const plainStarts = starts.filter(({ key }) => key === '')
      const earlier = plainStarts.filter(({ at }) => at < changedAt)
      expect(broken(policy, earlier)).toBeUndefined()
      if (change !== null) {
        const next = ratePolicy(change.to, 'x')
        expect(broken(next, startsSince(changedAt, plainStarts, next))).toBeUndefined()
      }
      for (const user of ['ann', 'bob'])
        expect(
          broken(
            policy,
            starts.filter(({ key }) => key === user),
          ),
        ).toBeUndefined()
      await app.stop()
    }),
    { numRuns: 300 },
  )
})

/** Starts that count by the rate set at a moment: of those in that very moment, what the rate before let go may be more than it allows. */
function startsSince(changedAt: number, starts: readonly Start[], { kind, burst, permits }: RatePolicy): Start[] {
  const atOnce = starts.filter(({ at }) => at === changedAt)
  return [...atOnce.slice(-(kind === 'bucket' ? burst : permits)), ...starts.filter(({ at }) => at > changedAt)]
}

/** A task that no rate holds waits only while every slot runs something: none is held by what waits for a permit. */
async function slotsAreUsed(app: App, inline: number): Promise<void> {
  const { tasks } = await app.inspect.waiting({ limit: 1_000 })
  const waits = tasks.filter(({ task, reason }) => task === 'held.free' && reason.kind === 'slot')
  if (waits.length > 0) expect(await app.inspect.active()).toHaveLength(inline)
}

/** A crowd at one limit, beside tasks that keep some of the slots busy. */
const crowds = fc.record({
  rateLimit: fc.constantFrom<RateLimit>(
    '10/s',
    '100/s',
    '7/s',
    { rate: '10/s', burst: 4 },
    { window: '10/s' },
    { window: '30/m' },
  ),
  inline: fc.integer({ min: 1, max: 5 }),
  count: fc.integer({ min: 20, max: 120 }),
  /** How long each of them holds its slot: far less than the rate needs. */
  length: fc.integer({ min: 0, max: 5 }),
  priorities: fc.infiniteStream(fc.integer({ min: 0, max: 9 })),
  busy: fc.integer({ min: 0, max: 4 }),
})

test('whatever else runs, a crowd uses 95 % of what its rate allows, in the order of priority', async () => {
  await fc.assert(
    fc.asyncProperty(crowds, async ({ rateLimit, inline, count, length, priorities, busy }) => {
      const { app, clock, starts, plain, free } = opened(rateLimit, { lanes: { default: { threads: 0, inline } } })
      for (const name of many(Math.min(busy, inline - 1))) app.delay(free.s(name, 1_000_000_000).set({ priority: 9 }))
      await clock.advance(0)
      const crowd = many(count).map((name) => ({ name, priority: priorities.next().value as number }))
      const whole = app.delay(group(crowd.map(({ name, priority }) => plain.s(name, length).set({ priority }))))
      await clock.advance('1h')
      expect(whole.ready()).toBe(true)
      const policy = ratePolicy(rateLimit, 'x')
      const made = starts.filter(({ key }) => key === '')
      expect(broken(policy, made)).toBeUndefined()
      expect(share(policy, made)).toBeGreaterThan(0.95)
      expect(names(made)).toEqual(names(crowd.toSorted((a, b) => b.priority - a.priority)))
      await app.stop({ deadline: 0 })
    }),
    { numRuns: 60 },
  )
})

/** Starts of those that the rate allowed in the time that they took: the first, or a burst, came with its beginning. */
function share({ kind, permits, per, burst }: RatePolicy, starts: readonly Start[]): number {
  const free = kind === 'bucket' ? burst : 1
  const length = (starts.at(-1)?.at ?? 0) - (starts[0]?.at ?? 0)
  // a window may have been opened and not used up: what it allows counts as if it came bit by bit
  const windows = kind === 'window' ? Math.floor(length / per) * per : length
  return windows === 0 ? 1 : (starts.length - free) / ((windows * permits) / per)
}
