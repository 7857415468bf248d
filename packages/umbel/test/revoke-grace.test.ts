import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { here } from '../../../test/machine-time.ts'
import { type App, type AppOptions, chord, createApp, group, SimulatedClock } from '../src/index.ts'
import { next, record } from './fixtures/open-app.ts'
import { inThreads, onLoop, spinning } from './fixtures/time-limited.ts'

const revoked = { name: 'UmbelError', code: 'UMBEL_REVOKED' }

const apps: App[] = []
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.stop({ deadline: 0 })))
})
const open = (options: AppOptions): App => {
  const app = createApp(options)
  apps.push(app)
  return app
}
const busy = (app: App, ...ids: readonly string[]): Promise<unknown> => {
  const left = new Set(ids)
  return next(app, 'task-state', ({ id }) => left.delete(id) && left.size === 0)
}

describe('what runs on the main loop and is revoked', () => {
  const lanes = { default: { threads: 0, inline: 1, revokeGrace: '5s' } } as const

  test('has its grace to end; then it is given up, and its slot is free', async () => {
    const clock = new SimulatedClock()
    const app = open({ clock, tasks: [onLoop], lanes })
    const ends = record(app, 'task-revoked')
    const result = app.delay(onLoop.deaf.s())
    const after = app.delay(onLoop.add.s(1, 2))
    await busy(app, result.id)
    await result.revoke()
    expect([result.state, after.state]).toEqual(['REVOKED', 'RECEIVED'])
    await clock.advance('4999ms')
    await Promise.all([result.revoke(), (await app.result(result.id)).revoke()])
    expect(after.state).toBe('RECEIVED')
    await clock.advance(1)
    expect(await after.get()).toBe(3)
    await expect(result.get()).rejects.toMatchObject(revoked)
    expect(ends.map(({ event }) => event.id)).toEqual([result.id])
  })

  test('and ends within its grace leaves nothing behind', async () => {
    const clock = new SimulatedClock()
    const app = open({ clock, tasks: [onLoop], lanes })
    const result = app.delay(onLoop.hears.s('returns'))
    await busy(app, result.id)
    await result.revoke()
    expect(await app.delay(onLoop.add.s(1, 2)).get()).toBe(3)
    await clock.advance('1h')
    expect(result.state).toBe('REVOKED')
  })
})

describe('what runs in a thread and is revoked', () => {
  let shared: App | undefined
  const threaded = (): App => {
    shared ??= createApp({
      tasks: [inThreads, spinning],
      lanes: { default: { threads: 2, revokeGrace: '200ms' }, rash: { threads: 1, revokeGrace: 0 } },
    })
    return shared
  }
  afterAll(() => shared?.stop({ deadline: 0 }))

  test.each([
    ['spins', spinning.spins.s()],
    ['never resolves', inThreads.deaf.s()],
    ['ignores its signal', spinning.hearsNothing.s()],
  ])('is ended after its grace when it %s; its neighbour goes on, the next task runs', async (_, call) => {
    const app = threaded()
    const seen = record(app, 'task-revoked', 'task-lost', 'internal-error', 'task-postrun')
    const neighbour = app.delay(inThreads.slowly.map([1, 2, 3, 4, 5, 6, 7, 8]))
    const result = app.delay(call)
    await busy(app, result.id)
    await result.revoke()
    await result.revoke()
    expect(result.state).toBe('REVOKED')
    expect(await app.delay(inThreads.add.s(2, 3)).get()).toBe(5)
    expect(await neighbour.get()).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(seen.filter(({ event }) => 'id' in event && event.id === result.id).map(({ name }) => name)).toEqual([
      'task-revoked',
      'task-postrun',
    ])
    expect(seen.some(({ name }) => name === 'task-lost' || name === 'internal-error')).toBe(false)
  })

  test('has none where its lane gives none', async () => {
    const app = threaded()
    const result = app.delay(spinning.spins.s().set({ lane: 'rash' }))
    await busy(app, result.id)
    await result.revoke()
    expect(await app.delay(inThreads.add.s(2, 3).set({ lane: 'rash' })).get()).toBe(5)
  })

  test('frees both slots when a whole workflow of such is revoked, as when a member is', async () => {
    const app = threaded()
    const whole = app.delay(chord([spinning.spins.s(), spinning.spins.s()], inThreads.add.s(1) as never))
    await busy(app, `${whole.id}/1`, `${whole.id}/2`)
    await whole.revoke()
    await expect(whole.get()).rejects.toMatchObject(revoked)
    expect(await app.delay(group([inThreads.add.s(1, 1), inThreads.add.s(2, 2)])).get()).toEqual([2, 4])
    const other = app.delay(group([spinning.spins.s(), inThreads.add.s(3, 3)]))
    const [member] = other.results
    await busy(app, member?.id ?? '')
    await member?.revoke()
    await expect(other.get()).rejects.toMatchObject(revoked)
    expect(await app.delay(group([inThreads.add.s(1, 1), inThreads.add.s(2, 2)])).get()).toEqual([2, 4])
  })

  test('keeps no process open while its grace lasts: stop ends it like all that runs', async () => {
    const app = open({ tasks: [spinning], lanes: { default: { threads: 1, revokeGrace: '1h' } } })
    const result = app.delay(spinning.spins.s())
    await busy(app, result.id)
    await result.revoke()
    const begun = performance.now()
    await app.stop()
    expect(performance.now() - begun).toBeLessThan(here(3_000)) // not the 5 seconds that its teardowns may take
  })
})
