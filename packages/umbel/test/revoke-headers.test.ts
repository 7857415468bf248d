import { describe, expect, test } from 'vitest'
import { type App, chain, defineTasks, group, SimulatedClock, task } from '../src/index.ts'
import { inThreads, onLoop } from './fixtures/behaviour.ts'
import { next, open, openThreads, record } from './fixtures/open-app.ts'

const { again, echo, sends, stubborn, waits } = onLoop
const a = { tenant: 'a', of: [1] } as const
const b = { tenant: 'b', of: [1] } as const
const oneSlot = { lanes: { default: { threads: 0, inline: 1 } } }
const byA = { headers: { tenant: 'a' } }
const REVOKED = { code: 'UMBEL_REVOKED' }

/** Send a task that waits for its abort, and wait until it runs. */
async function running(app: App, headers: typeof a | typeof b) {
  const begun = next(app, 'task-state')
  const result = app.delay(waits.s().stamp(headers))
  await begun
  return result
}

describe('control.revoke of headers', () => {
  test('ends what waits, counts down, waits to be tried again and runs; the signals tell it; others go on', async () => {
    const clock = new SimulatedClock()
    const app = open({ ...oneSlot, clock })
    const retried = next(app, 'task-retry')
    const retries = app.delay(again.s({ times: 1, countdown: 60_000 }).stamp(a))
    await retried
    const runs = await running(app, a)
    const waiting = app.delay(echo.s(1).stamp(a))
    const later = app.delay(echo.s(2).stamp(a).set({ countdown: '1h' }))
    const others = [app.delay(echo.s(3).stamp(b)), app.delay(echo.s(4))]
    const told = record(app, 'task-revoked')
    expect(await app.control.revoke(byA)).toBe(4)
    expect(told.map(({ event }) => [event.id, event.terminated, event.headers.tenant])).toEqual(
      expect.arrayContaining([
        [retries.id, false, 'a'],
        [runs.id, true, 'a'],
        [waiting.id, false, 'a'],
        [later.id, false, 'a'],
      ]),
    )
    for (const result of [retries, runs, waiting, later]) await expect(result.get()).rejects.toMatchObject(REVOKED)
    expect(await Promise.all(others.map((result) => result.get()))).toEqual([[3], [4]])
    expect(await app.control.revoke(byA)).toBe(0)
  })

  test('ends what waits for a permit at its rate limit', async () => {
    const clock = new SimulatedClock()
    const slow = defineTasks('slow', { one: task(() => 1, { rateLimit: '1/h' }) })
    const app = open({ tasks: [slow], clock })
    await app.delay(slow.one.s()).get()
    const gated = [app.delay(slow.one.s().stamp(a)), app.delay(slow.one.s().stamp(b))]
    await gated[1]?.accepted
    expect((await app.inspect.waiting()).tasks.map(({ id }) => id)).toEqual(gated.map(({ id }) => id))
    expect(await app.control.revoke(byA)).toBe(1)
    expect(gated.map(({ state }) => state)).toEqual(['REVOKED', 'RECEIVED'])
  })

  test('asks all that is given to be there with the same value', async () => {
    const app = open(oneSlot)
    await app.control.pause('default')
    const one = app.delay(echo.s().stamp(a))
    await one.accepted
    expect(await app.control.revoke({ headers: { tenant: 'a', more: 1 } })).toBe(0)
    expect(await app.control.revoke({ headers: { of: [2] } })).toBe(0)
    expect(await app.control.revoke({ headers: { of: [1], tenant: 'a' } })).toBe(1)
  })

  test('ends a whole workflow as one, with what it sent; one of another tenant beside it comes to its end', async () => {
    const app = open()
    const ended = record(app, 'workflow-ended')
    const begun = next(app, 'task-state')
    const whole = app.delay(chain(group([waits.s(), echo.s()]), echo.s(), echo.s()).stamp(a))
    const other = app.delay(chain(echo.s(1), echo.s()).stamp(b))
    await begun
    expect(await app.control.revoke(byA)).toBe(1)
    await expect(whole.get()).rejects.toMatchObject(REVOKED)
    expect(await other.get()).toEqual([[1]])
    expect(ended.map(({ event }) => [event.id, event.state])).toEqual(
      expect.arrayContaining([
        [whole.workflow, 'REVOKED'],
        [other.workflow, 'SUCCESS'],
      ]),
    )
    expect([await app.control.revoke(byA), whole.state]).toEqual([0, 'REVOKED'])
  })

  test('of members: those that match end, begun or not, and what stands before them goes on', async () => {
    const app = open(oneSlot)
    const held = await running(app, b)
    const steps = app.delay(chain(echo.s(1), echo.s(2), echo.s(3).stamp(a), echo.s(4)))
    const members = app.delay(group([echo.s(5), echo.s(6).stamp(a)]))
    await members.accepted
    expect(await app.control.revoke(byA)).toBe(2)
    expect(members.results.map(({ state }) => state)).toEqual(['RECEIVED', 'REVOKED'])
    await held.revoke()
    await expect(steps.get()).rejects.toMatchObject(REVOKED)
    const before = steps.parent?.parent
    expect([before?.state, await before?.get()]).toEqual(['SUCCESS', [[1], 2]])
    await expect(members.get()).rejects.toMatchObject({ message: expect.stringContaining('revoked') })
    expect(await members.results[0]?.get()).toEqual([5])
  })

  test('reaches what a handler has sent, and what was sent just now under an id of the caller’s choice', async () => {
    const app = open()
    const begun = next(app, 'task-state')
    const [child] = (await app.delay(sends.s([waits.s().data]).stamp(a)).get()) as string[]
    await begun
    const mine = echo.s().stamp(a).set({ id: 'mine', countdown: '1h' }).delay()
    expect(await app.control.revoke(byA)).toBe(2)
    expect([mine.state, (await app.result(child as string)).state]).toEqual(['REVOKED', 'REVOKED'])
  })

  test('is right behind the sends: what was sent in the same turn never starts, what is sent later does', async () => {
    const app = open()
    const starts = record(app, 'task-prerun')
    const before = [
      echo.s(1).stamp(a).delay(),
      echo.s(2).set({ id: 'mine', headers: a }).delay(),
      chain(echo.s(3), echo.s(4)).stamp(a).delay(),
      chain(echo.s(5), echo.s(6).stamp(a)).delay(),
    ]
    const revoking = app.control.revoke(byA)
    const after = echo.s(7).stamp(b).delay()
    expect(await revoking).toBe(4)
    await expect(before[3]?.get()).rejects.toMatchObject(REVOKED)
    expect(before.map(({ state }) => state)).toEqual(['REVOKED', 'REVOKED', 'REVOKED', 'REVOKED'])
    expect(await after.get()).toEqual([7])
    expect(starts.map(({ event }) => event.id).sort()).toEqual([after.id, `${before[3]?.workflow}/0`].sort())
  })

  test('ends what runs in a thread, and a handler that does not obey has no say', async () => {
    const app = openThreads()
    const begun = next(app, 'task-state')
    const runs = app.delay(inThreads.waits.s().stamp(a))
    await begun
    expect(await app.control.revoke(byA)).toBe(1)
    await expect(runs.get()).rejects.toMatchObject(REVOKED)
    const loop = open({ name: 'stubborn' })
    const shown = next(loop, 'task-state')
    const goesOn = loop.delay(stubborn.s('return').stamp(a))
    await shown
    expect(await loop.control.revoke(byA)).toBe(1)
    await expect(goesOn.get()).rejects.toMatchObject(REVOKED)
  })

  test('finds nothing where there is nothing, and 100,000 members that wait', async () => {
    const app = open(oneSlot)
    expect(await app.control.revoke(byA)).toBe(0)
    await app.control.pause('default')
    const member = echo.s().stamp(a)
    const many = app.delay(group([echo.s(), ...Array.from({ length: 100_000 }, () => member)]))
    await many.accepted
    const counts = await Promise.all([app.control.revoke(byA), app.control.revoke(byA)])
    expect(Math.max(...counts)).toBe(100_000)
    await app.control.resume('default')
    await expect(many.get()).rejects.toMatchObject({ message: expect.stringContaining('revoked') })
  })

  test('refuses what names no header, or none that could be', async () => {
    const app = open()
    const bad = [{}, { headers: {} }, { headers: [] }, { headers: { x: () => 1 } }, { tenant: 'a' }, null, undefined, 1]
    for (const what of bad)
      await expect(app.control.revoke(what as never)).rejects.toMatchObject({ code: 'UMBEL_BAD_OPTION' })
  })
})

describe('control.revoke of one', () => {
  test('tells whether it was asked to end: by id, by handle, a workflow, a step before its turn; not what has ended', async () => {
    const app = open(oneSlot)
    const held = await running(app, b)
    const steps = app.delay(chain(echo.s(1), echo.s(2)))
    const whole = app.delay(chain(echo.s(1), echo.s(2)))
    const sent = app.delay(echo.s(3))
    expect(await app.control.revoke(sent.id)).toBe(1)
    expect(await app.control.revoke(`${steps.id}/1`)).toBe(1)
    expect(await app.control.revoke(whole)).toBe(1)
    expect(await app.control.revoke(held)).toBe(1)
    for (const ended of [sent.id, whole, held, 'nobody', 'nobody/1']) expect(await app.control.revoke(ended)).toBe(0)
  })
})
