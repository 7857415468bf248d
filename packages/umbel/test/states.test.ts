import { describe, expect, test } from 'vitest'
import { type AsyncResult, chain, defineTasks, group, SimulatedClock, task, type Update } from '../src/index.ts'
import { inThreads, onLoop } from './fixtures/behaviour.ts'
import { next, open, openThreads, PLACES, record } from './fixtures/open-app.ts'

async function all(result: AsyncResult<unknown>): Promise<Update[]> {
  const updates: Update[] = []
  for await (const update of result.updates()) updates.push(update)
  return updates
}
const states = async (result: AsyncResult<unknown>): Promise<string[]> => (await all(result)).map(({ state }) => state)

describe.each(PLACES)('a handler %s', (place, tasks, openApp) => {
  test('shows states of its own with what belongs to them', async () => {
    const app = openApp()
    const shown = next(app, 'task-state', ({ state }) => state === 'WAITING')
    const result = tasks.waits.delay()
    expect(await shown).toMatchObject({ id: result.id, attempt: 1, state: 'WAITING', meta: { for: 'abort' } })
    expect([result.state, result.info, result.ready()]).toEqual(['WAITING', { for: 'abort' }, false])
    await result.revoke()
  })

  test('that shows a state its task does not declare is told so by a typed error', async () => {
    openApp()
    const failure = tasks.stages.delay('LOADING', 'DREAMING').get()
    await expect(failure).rejects.toMatchObject({
      code: 'UMBEL_UNKNOWN_STATE',
      message: expect.stringContaining('LOADING, CHECKING, SAVING'),
    })
  })

  test.each(['SUCCESS', 'FAILURE', 'RETRY', 'REVOKED', '', '__proto__'])(
    'cannot show the common state %j',
    async (state) => {
      openApp()
      await expect(tasks.stages.delay(state).get()).rejects.toMatchObject({ code: 'UMBEL_UNKNOWN_STATE' })
    },
  )

  test('is heard in order, and before its outcome', async () => {
    const app = openApp()
    const heard: string[] = []
    app.on('task-state', ({ id, state, meta }) => heard.push(`${id} ${state} ${JSON.stringify(meta)}`))
    app.on('task-success', ({ id }) => heard.push(`${id} success`))
    const { id, ...result } = tasks.stages.delay('LOADING', 'CHECKING', 'SAVING')
    void result
    await (await app.result(id)).get()
    expect(heard).toEqual([
      `${id} LOADING {"index":0}`,
      `${id} CHECKING {"index":1}`,
      `${id} SAVING {"index":2}`,
      `${id} success`,
    ])
  })

  test('is followed state by state by who iterates from the start', async () => {
    openApp()
    const updates = await all(tasks.stages.delay('LOADING', 'CHECKING', 'LOADING'))
    const shown = updates.filter(({ state }) => ['LOADING', 'CHECKING', 'SAVING'].includes(state))
    expect(shown.map(({ state, meta }) => [state, meta])).toEqual([
      ['LOADING', { index: 0 }],
      ['CHECKING', { index: 1 }],
      ['LOADING', { index: 2 }],
    ])
    expect(updates.at(-1)?.state).toBe('SUCCESS')
    expect(updates.map(({ state }) => state).filter((state) => state === 'STARTED')).toEqual(['STARTED'])
  })

  test('is followed step by step as it tells its progress', async () => {
    openApp()
    const updates = await all(tasks.counts.delay(5))
    const told = updates
      .filter(({ progress, state }) => progress !== undefined && state === 'STARTED')
      .map(({ progress }) => progress?.done)
    expect(told).toEqual([1, 2, 3, 4, 5])
    expect(updates.at(-1)).toMatchObject({ state: 'SUCCESS', progress: { done: 5, total: 5 } })
  })

  test('is followed from where it stands by who starts late', async () => {
    const app = openApp()
    const shown = next(app, 'task-state', ({ state }) => state === 'WAITING')
    const { id } = tasks.waits.delay()
    await shown
    const late = await app.result(id)
    const updates = late.updates()
    expect((await updates.next()).value).toMatchObject({ state: 'WAITING', meta: { for: 'abort' } })
    await late.revoke()
    expect((await updates.next()).value).toMatchObject({ state: 'REVOKED' })
    expect(await updates.next()).toEqual({ done: true, value: undefined })
  })

  test('that has ended is followed by its end alone', async () => {
    const app = openApp()
    const result = tasks.stages.delay('LOADING')
    await result.get()
    expect(await states(result)).toEqual(['SUCCESS'])
    expect(await states(await app.result(result.id))).toEqual(['SUCCESS'])
    const failed = tasks.fail.delay('no')
    await expect(failed.get()).rejects.toThrow('no')
    expect(await states(failed)).toEqual(['FAILURE'])
  })

  test('is followed by several at once, each hearing all', async () => {
    openApp()
    const result = tasks.stages.delay('LOADING', 'SAVING')
    const [one, two] = await Promise.all([states(result), states(result)])
    expect(one).toEqual(two)
    expect(one).toEqual(expect.arrayContaining(['LOADING', 'SAVING', 'SUCCESS']))
  })

  test(`of a member of a group is followed too (${place})`, async () => {
    openApp()
    const result = group(tasks.stages.s('LOADING'), tasks.stages.s('SAVING')).delay()
    const [one, two] = await Promise.all(result.results.map((member) => states(member)))
    expect([one?.includes('LOADING'), two?.includes('SAVING')]).toEqual([true, true])
    expect([one?.at(-1), two?.at(-1)]).toEqual(['SUCCESS', 'SUCCESS'])
  })
})

test('an iteration over updates that is left stops listening', async () => {
  open()
  const result = onLoop.waits.delay()
  for await (const { state } of result.updates()) if (state === 'WAITING') break
  await result.revoke()
  expect(result.state).toBe('REVOKED')
})

test('states of a thread arrive before its outcome, a thousand times', async () => {
  const app = openThreads()
  const order = record(app, 'task-state', 'task-success')
  const results = Array.from({ length: 1_000 }, () => inThreads.stages.delay('LOADING', 'SAVING'))
  await Promise.all(results.map((result) => result.get()))
  const names = new Map<string, string[]>()
  for (const { name, event } of order) names.set(event.id, [...(names.get(event.id) ?? []), name])
  expect(results.every(({ id }) => names.get(id)?.join() === 'task-state,task-state,task-success')).toBe(true)
})

test('a workflow shows STARTED until it has ended, a step shows what it is in', async () => {
  const clock = new SimulatedClock()
  const app = open({ clock })
  const result = chain(onLoop.add.s(1, 1), onLoop.add.s(1).set({ countdown: '1m' })).delay()
  const seen = states(result)
  await clock.advance('30s')
  expect([result.state, result.parent?.state, result.info]).toEqual(['STARTED', 'SUCCESS', undefined])
  await clock.advance('30s')
  expect(await result.get()).toBe(3)
  expect(new Set(await seen)).toEqual(new Set(['STARTED', 'SUCCESS']))
  await app.stop({ deadline: 0 })
})

test('someone slow to read misses the oldest updates beyond a thousand, never the end', async () => {
  const app = open()
  const result = onLoop.counts.delay(5_000)
  const updates = result.updates()
  await updates.next()
  await next(app, 'task-success')
  const rest: Update[] = []
  for await (const update of updates) rest.push(update)
  expect(rest.length).toBeLessThanOrEqual(1_000)
  expect(rest.at(-1)).toMatchObject({ state: 'SUCCESS', progress: { done: 5_000 } })
  expect(rest.at(-2)?.progress?.done).toBe(5_000)
})

test('what a handler shows after its attempt has ended is dropped', async () => {
  let later = (): void => {}
  const { forgetful } = defineTasks('local', {
    forgetful: task(
      (ctx) => {
        later = () => ctx.setState('LATE')
        return 1
      },
      { states: ['LATE'] },
    ),
  })
  const app = open({ tasks: [{ forgetful }] })
  const shown = record(app, 'task-state')
  const result = forgetful.delay()
  await result.get()
  later()
  await forgetful.delay().get()
  expect([shown, result.state]).toEqual([[], 'SUCCESS'])
})

test('a state of its own may be called RUNNING', async () => {
  const { works } = defineTasks('runs', {
    works: task(
      (ctx) => {
        ctx.setState('RUNNING')
        return new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)))
      },
      { states: ['RUNNING'] },
    ),
  })
  const app = open({ tasks: [{ works }] })
  const shown = next(app, 'task-state')
  const result = works.delay()
  await shown
  expect(result.state).toBe('RUNNING')
  await result.revoke()
})
