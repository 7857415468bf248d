import { describe, expect, test } from 'vitest'
import { chain, chord, group, SimulatedClock } from '../src/index.ts'
import { Flaw, onLoop } from './fixtures/behaviour.ts'
import { next, open, PLACES, record } from './fixtures/open-app.ts'

describe.each(PLACES)('a task %s', (_, tasks, openApp) => {
  test('that asks for a retry runs again under the same id and counts its attempts', async () => {
    const app = openApp()
    const starts = record(app, 'task-prerun')
    const result = tasks.again.delay({ times: 2 })
    expect(await result.get()).toBe(3)
    const own = starts.filter(({ event }) => event.id === result.id)
    expect(own.map(({ event }) => event.attempt)).toEqual([1, 2, 3])
  })

  test('that asks for more retries than it has, without an error, fails with UMBEL_RETRIES_SPENT', async () => {
    openApp()
    await expect(tasks.again.delay({ times: 9 }).get()).rejects.toMatchObject({ code: 'UMBEL_RETRIES_SPENT' })
  })

  test('that asks for more retries than it has, with an error, fails with that error', async () => {
    openApp()
    const failure = tasks.again.delay({ times: 9, error: 'stalled' }).get()
    await expect(failure).rejects.toBeInstanceOf(Flaw)
    await expect(failure).rejects.toMatchObject({ message: 'stalled', part: 'engine' })
  })

  test('may set the most retries itself, none included', async () => {
    openApp()
    expect(await tasks.again.delay({ times: 5, max: 5 }).get()).toBe(6)
    await expect(tasks.again.delay({ times: 2, max: 1 }).get()).rejects.toMatchObject({ code: 'UMBEL_RETRIES_SPENT' })
    await expect(tasks.again.delay({ times: 1, max: 0 }).get()).rejects.toMatchObject({ code: 'UMBEL_RETRIES_SPENT' })
  })

  test('asking for a most number of retries that is none fails instead of retrying for ever', async () => {
    openApp()
    await expect(tasks.again.delay({ times: 50, max: Number.NaN }).get()).rejects.toMatchObject({
      code: 'UMBEL_BAD_RETRY',
    })
    await expect(tasks.again.delay({ times: 50, max: -1 }).get()).rejects.toMatchObject({ code: 'UMBEL_BAD_RETRY' })
    await expect(tasks.again.delay({ times: 50, countdown: -5 }).get()).rejects.toMatchObject({
      code: 'UMBEL_BAD_DURATION',
    })
  })

  test('is retried for the classes of errors it names and no others', async () => {
    openApp()
    expect(await tasks.byClass.delay('flaw', 3).get()).toBe(4)
    await expect(tasks.byClass.delay('range', 1).get()).rejects.toThrow(RangeError)
  })

  test('whose retries are used up fails with the last error', async () => {
    openApp()
    await expect(tasks.byClass.delay('flaw', 4).get()).rejects.toMatchObject({
      name: 'Flaw',
      message: 'flaw 4',
      part: 'nose',
    })
  })

  test('is retried where its predicate says so', async () => {
    openApp()
    expect(await tasks.byPredicate.delay('busy: come back', 2).get()).toBe(3)
    await expect(tasks.byPredicate.delay('broken', 1).get()).rejects.toThrow('broken')
  })

  test('that is retried keeps its place in a chain, a group and a chord', async () => {
    openApp()
    expect(
      await chain(tasks.again.s({ times: 2 }), tasks.again.si({ times: 1 }), tasks.add.s(10))
        .delay()
        .get(),
    ).toBe(12)
    expect(
      await group(tasks.again.s({ times: 3 }), tasks.add.s(1, 1), tasks.again.s({ times: 1 }))
        .delay()
        .get(),
    ).toEqual([4, 2, 2])
    expect(
      await chord([tasks.again.s({ times: 1 }), tasks.again.s({ times: 2 })], tasks.sum.s())
        .delay()
        .get(),
    ).toBe(5)
    expect(await chain(tasks.add.s(1, 2), tasks.againAfter.s(2), tasks.add.s(10)).delay().get()).toBe(13)
  })

  test('that succeeds after retries is successful and forgets the errors of its attempts', async () => {
    openApp()
    const result = tasks.byClass.delay('flaw', 2)
    expect(await result.get()).toBe(3)
    expect([result.state, result.successful(), result.failed(), result.info]).toEqual(['SUCCESS', true, false, 3])
  })
})

test('a member that succeeded after retries is not blamed for the failure of another', async () => {
  open()
  await expect(group(onLoop.byClass.s('flaw', 1), onLoop.fail.s('the culprit')).delay().get()).rejects.toThrow(
    'the culprit',
  )
})

test('a countdown of its own decides when the next attempt starts', async () => {
  const clock = new SimulatedClock()
  const app = open({ clock })
  const started = clock.now()
  const starts = record(app, 'task-prerun')
  const result = onLoop.again.delay({ times: 2, countdown: 90_000 })
  await clock.advance('89s')
  expect([result.state, starts.length]).toEqual(['RETRY', 1])
  await clock.advance('1s')
  expect(starts.length).toBe(2)
  await clock.advance('90s')
  expect(await result.get()).toBe(3)
  expect(starts.map(({ event }) => event.at - started)).toEqual([0, 90_000, 180_000])
})

test('backoff without jitter waits base, base * factor, ... and at most max', async () => {
  const clock = new SimulatedClock()
  const app = open({ clock })
  const starts = record(app, 'task-prerun')
  const retries = record(app, 'task-retry')
  const result = onLoop.backsOff.delay(3)
  await clock.advance('1h')
  expect(await result.get()).toBe(4)
  const began = starts.map(({ event }) => event.at)
  expect(began.slice(1).map((at, index) => at - (began[index] ?? 0))).toEqual([1_000, 2_000, 3_000])
  expect(retries.map(({ event }) => event.due)).toEqual(began.slice(1))
  expect(retries.map(({ event }) => event.error?.message)).toEqual(['attempt 1', 'attempt 2', 'attempt 3'])
})

test('a task without retry options that asks for a retry has three, spread over the first seconds', async () => {
  const clock = new SimulatedClock()
  const app = open({ clock })
  const spent = onLoop.againByDefault.delay(9)
  const failed = expect(spent.get()).rejects.toMatchObject({ code: 'UMBEL_RETRIES_SPENT' })
  const starts = record(app, 'task-prerun')
  await clock.advance('7s')
  await failed
  expect(starts.map(({ event }) => event.attempt)).toEqual([1, 2, 3, 4])
})

test('while it waits for its next attempt a task shows RETRY and its error, and in the next attempt what that shows', async () => {
  const clock = new SimulatedClock()
  const app = open({ clock })
  const result = onLoop.backsOff.delay(1)
  await next(app, 'task-retry')
  expect([result.state, result.info]).toEqual(['RETRY', expect.objectContaining({ message: 'attempt 1' })])
  await clock.advance('1s')
  expect(await result.get()).toBe(2)
  expect(result.info).toBe(2)
})

test('what a later attempt shows hides the error of the one before', async () => {
  const app = open()
  const { defineTasks, task } = await import('../src/index.ts')
  const { twice } = defineTasks('local', {
    twice: task(
      (ctx) => {
        if (ctx.attempt === 1) throw new Error('first')
        ctx.setState('SECOND', { now: 'better' })
        return new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)))
      },
      { states: ['SECOND'], retry: { backoff: 0 } },
    ),
  })
  await app.stop({ deadline: 0 })
  const other = open({ tasks: [{ twice }] })
  const result = twice.delay()
  await next(other, 'task-state')
  expect([result.state, result.info]).toEqual(['SECOND', { now: 'better' }])
  await result.revoke()
})
