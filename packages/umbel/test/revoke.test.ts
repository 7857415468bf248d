import { describe, expect, test } from 'vitest'
import { type App, chain, chord, defineTasks, group, memoryStore, SimulatedClock, task } from '../src/index.ts'
import { onLoop } from './fixtures/behaviour.ts'
import { next, open, PLACES, record } from './fixtures/open-app.ts'
import { slowStore } from './fixtures/slow-store.ts'

const { add, echo, waits } = onLoop
const revoked = { name: 'UmbelError', code: 'UMBEL_REVOKED' }
const running = (app: App): Promise<{ id: string }> => next(app, 'task-state', ({ state }) => state === 'WAITING')
const bothRunning = (app: App): Promise<unknown> => {
  const seen = new Set<string>()
  return next(app, 'task-state', ({ id }) => seen.add(id).size === 2)
}

describe.each(PLACES)('a task that runs %s and is revoked', (_, tasks, openApp) => {
  test('ends at once as REVOKED, and its signal is aborted with the reason', async () => {
    const app = openApp()
    const result = tasks.waits.delay()
    await running(app)
    await result.revoke()
    expect([result.state, result.ready(), result.successful(), result.failed()]).toEqual([
      'REVOKED',
      true,
      false,
      false,
    ])
    await expect(result.get()).rejects.toMatchObject(revoked)
    expect(result.info).toMatchObject(revoked)
  })

  test('frees its slot once its handler has obeyed', async () => {
    openApp()
    const many = Array.from({ length: 12 }, () => tasks.waits.delay())
    await Promise.all(many.map((result) => result.revoke()))
    expect(await tasks.add.delay(1, 1).get()).toBe(2)
  })

  test.each(['return', 'state', 'retry', 'replace', 'throw'] as const)(
    'stays REVOKED whatever its handler does then: %s',
    async (then) => {
      const app = openApp()
      const result = tasks.stubborn.delay(then)
      await running(app)
      const seen = record(
        app,
        'task-retry',
        'task-replaced',
        'task-success',
        'task-failure',
        'task-state',
        'task-postrun',
      )
      await result.revoke()
      expect(await tasks.add.delay(1, 1).get()).toBe(2)
      expect(await tasks.add.delay(1, 1).get()).toBe(2)
      expect(result.state).toBe('REVOKED')
      const own = seen.filter(({ event }) => event.id === result.id)
      expect(own.map(({ name }) => name)).toEqual(['task-postrun'])
    },
  )

  test('as a step of a workflow is told of no more, either', async () => {
    const app = openApp()
    const all = group(tasks.stubborn.s('state'), tasks.stubborn.s('retry')).delay()
    const [first, second] = all.results
    await next(app, 'task-state', ({ id }) => id === second?.id)
    const seen = record(app, 'task-retry', 'task-state', 'task-postrun')
    await first?.revoke()
    await second?.revoke()
    await expect(all.get()).rejects.toMatchObject(revoked)
    await tasks.add.delay(1, 1).get()
    const own = seen.filter(({ event }) => event.id.startsWith(all.id))
    expect(own.map(({ name, event }) => `${name} ${event.id}`)).toEqual([
      `task-postrun ${first?.id}`,
      `task-postrun ${second?.id}`,
    ])
  })
})

test('a task that waits in its lane never starts', async () => {
  const app = open({ lanes: { default: { threads: 0, inline: 1 } } })
  const busy = waits.delay()
  await running(app)
  const starts = record(app, 'task-prerun')
  const waiting = echo.delay(1)
  const after = echo.delay(2)
  await waiting.revoke()
  await expect(waiting.get()).rejects.toMatchObject(revoked)
  await busy.revoke()
  expect(await after.get()).toEqual([2])
  expect(starts.map(({ event }) => event.id)).toEqual([after.id])
})

test('a task revoked in the turn it was sent in never starts', async () => {
  const app = open()
  const starts = record(app, 'task-prerun')
  const result = echo.delay(1)
  const named = echo.s(2).set({ id: 'named' }).delay()
  await Promise.all([result.revoke(), named.revoke()])
  await expect(result.get()).rejects.toMatchObject(revoked)
  await expect(named.get()).rejects.toMatchObject(revoked)
  expect([result.state, named.state, starts.length]).toEqual(['REVOKED', 'REVOKED', 0])
})

test('a task that counts down, or waits for its next attempt, never starts', async () => {
  const clock = new SimulatedClock()
  const app = open({ clock })
  const later = echo.s(1).set({ countdown: '1h' }).delay()
  const again = onLoop.backsOff.delay(1)
  await next(app, 'task-retry')
  const starts = record(app, 'task-prerun')
  await Promise.all([later.revoke(), again.revoke()])
  await clock.advance('2h')
  expect([later.state, again.state, starts.length]).toEqual(['REVOKED', 'REVOKED', 0])
})

test('revoking again, or after the end, changes nothing', async () => {
  const app = open()
  const ends = record(app, 'task-revoked')
  const done = echo.delay(1)
  await done.get()
  await done.revoke()
  expect([done.state, await done.get()]).toEqual(['SUCCESS', [1]])
  const result = waits.delay()
  await running(app)
  await Promise.all([result.revoke(), result.revoke()])
  await result.revoke()
  expect([result.state, ends.length]).toEqual(['REVOKED', 1])
})

test('the handle that app.result gives revokes as well', async () => {
  const app = open()
  const result = waits.delay()
  await running(app)
  await (await app.result(result.id)).revoke()
  expect(result.state).toBe('REVOKED')
  const [member] = group(waits.s(), echo.s(1)).delay().results
  await running(app)
  await (await app.result(member?.id ?? '')).revoke()
  expect(member?.state).toBe('REVOKED')
})

describe('a whole workflow that is revoked', () => {
  test('as a chain ends as REVOKED, and no later step starts', async () => {
    const app = open()
    const starts = record(app, 'task-prerun')
    const result = chain(waits.s(), echo.s(1), echo.s(2)).delay()
    await running(app)
    await result.revoke()
    await expect(result.get()).rejects.toMatchObject(revoked)
    expect([result.state, result.parent?.state, starts.length]).toEqual(['REVOKED', 'REVOKED', 1])
  })

  test('as a group ends every member', async () => {
    const app = open({ lanes: { default: { threads: 0, inline: 1 } } })
    const result = group(waits.s(), waits.s(), echo.s(1).set({ countdown: '1h' })).delay()
    await running(app)
    await result.revoke()
    await expect(result.get()).rejects.toMatchObject(revoked)
    expect([result.state, ...result.results.map(({ state }) => state)]).toEqual([
      'REVOKED',
      'REVOKED',
      'REVOKED',
      'REVOKED',
    ])
  })

  test('as a chord never starts its body nor an error callback', async () => {
    const app = open()
    const starts = record(app, 'task-prerun')
    const result = chord([waits.s(), add.s(1, 1)], echo.s().linkError(onLoop.onlyId))
      .linkError(onLoop.onlyId)
      .delay()
    await running(app)
    await result.revoke()
    await expect(result.get()).rejects.toMatchObject(revoked)
    await app.stop({ deadline: '5s' })
    expect(starts.map(({ event }) => event.id)).toEqual([`${result.id}/1`, `${result.id}/2`])
    expect(result.state).toBe('REVOKED')
  })

  test('starts nothing afterwards, however it is nested and wherever it stands', async () => {
    const clock = new SimulatedClock()
    const app = open({ clock })
    const slow = echo.s(1).set({ countdown: '1m' })
    const canvas = chain(
      chord(
        [
          chain(echo.s(), slow, echo.s()),
          group(slow, waits.s()) as never,
          onLoop.replacedBy.s(chain(echo.s(), slow).data),
        ],
        onLoop.echo.s(),
      ),
      group(echo.s(), slow),
    )
    const result = app.delay(canvas as never)
    await running(app)
    await clock.advance('10s')
    const starts = record(app, 'task-prerun', 'task-received')
    await result.revoke()
    await clock.advance('1h')
    expect([result.state, starts]).toEqual(['REVOKED', []])
  })

  test('revokes a chain that replaced one of its steps', async () => {
    const app = open()
    const result = chain(onLoop.replacedBy.s(chain(waits.s(), echo.s()).data), echo.s()).delay()
    const { id } = await running(app)
    await result.revoke()
    expect([result.state, (await app.result(id)).state]).toEqual(['REVOKED', 'REVOKED'])
  })

  test('of many members ends soon, and frees the lane', async () => {
    const app = open()
    const result = group(Array.from({ length: 20_000 }, (_, index) => echo.s(index))).delay()
    await next(app, 'task-success')
    const starts = record(app, 'task-prerun')
    await result.revoke()
    const begun = starts.length
    expect(result.state).toBe('REVOKED')
    expect(await add.delay(1, 1).get()).toBe(2)
    expect(begun).toBeLessThan(10_000)
    expect(starts.length).toBe(begun + 1)
  })
})

describe('one member that is revoked', () => {
  test('fails its group with the reason, the others end by themselves', async () => {
    const app = open()
    const result = group(waits.s(), add.s(1, 1)).delay()
    await running(app)
    await result.results[0]?.revoke()
    await expect(result.get()).rejects.toMatchObject(revoked)
    expect([result.state, ...result.results.map(({ state }) => state)]).toEqual(['FAILURE', 'REVOKED', 'SUCCESS'])
  })

  test('that is a chain is revoked whatever step it is at', async () => {
    const app = open()
    const starts = record(app, 'task-prerun')
    const result = group(chain(waits.s(), echo.s(1)), add.s(1, 1)).delay()
    await running(app)
    await result.results[0]?.revoke()
    await expect(result.get()).rejects.toMatchObject(revoked)
    expect([result.results[0]?.state, result.results[1]?.state]).toEqual(['REVOKED', 'SUCCESS'])
    expect(starts.length).toBe(2)
  })

  test('that is a chord is revoked with its header', async () => {
    const app = open()
    const starts = record(app, 'task-prerun')
    const result = group(chord([waits.s(), waits.s()], echo.s(1)), add.s(1, 1)).delay()
    await bothRunning(app)
    await result.results[0]?.revoke()
    await expect(result.get()).rejects.toMatchObject(revoked)
    expect(result.results[1]?.state).toBe('SUCCESS')
    expect(starts.length).toBe(3)
  })

  test('before its turn has come never starts', async () => {
    const app = open()
    const starts = record(app, 'task-prerun')
    const result = chain(waits.s(), group(echo.s(1), echo.s(2))).delay() as unknown as ReturnType<typeof group>
    await running(app)
    await result.results[0]?.revoke()
    expect(result.results[0]?.state).toBe('REVOKED')
    await result.parent?.revoke()
    expect(starts.length).toBe(1)
  })

  test('before its turn has come lets the others have theirs', async () => {
    const clock = new SimulatedClock()
    open({ clock })
    const result = chain(
      echo.s(1).set({ countdown: '1m' }),
      group(echo.s(2), chain(echo.s(3), echo.s(4)), echo.s(5)),
    ).delay()
    const members = (result as unknown as { results: { revoke(): Promise<void>; state: string }[] }).results
    await result.accepted
    await members[0]?.revoke()
    await members[1]?.revoke()
    await clock.advance('2m')
    await expect(result.get()).rejects.toMatchObject(revoked)
    expect(members.map(({ state }) => state)).toEqual(['REVOKED', 'REVOKED', 'SUCCESS'])
  })
})

test('a group in the middle of a chain is revoked by its own handle', async () => {
  const app = open()
  const result = chain(group(chain(waits.s(), echo.s()), waits.s()), echo.s(1)).delay()
  await bothRunning(app)
  await result.parent?.revoke()
  await expect(result.get()).rejects.toMatchObject(revoked)
})

test.each([
  ['memory', () => memoryStore()],
  ['a slow store', () => slowStore()],
])('a revoke is taken in while others keep the app busy, over %s', async (_, store) => {
  const { dawdle } = defineTasks('dawdling', {
    dawdle: task(async (_ctx, turns: number) => {
      for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    }),
  })
  const app = open({ tasks: [{ dawdle }], store: store(), lanes: { default: { threads: 0, inline: 9 } } })
  const busy = Array.from({ length: 1_000 }, (_, index) => dawdle.delay(index % 9))
  let done = 0
  app.on('task-success', () => {
    done += 1
  })
  const last = busy.at(-1)
  await next(app, 'task-success')
  await (await app.result(last?.id ?? '')).revoke()
  expect(done).toBeLessThan(50)
  expect(last?.state).toBe('REVOKED')
  await app.stop({ deadline: 0 })
})

test('over a store that answers late nothing is lost of a revoke at any moment', async () => {
  const app = open({ store: slowStore() })
  const ran: string[] = []
  app.on('task-success', ({ id }) => void ran.push(id))
  const results = Array.from({ length: 100 }, (_, index) => chain(echo.s(index), echo.s(), echo.s(), echo.s()).delay())
  let turns = 0
  for (const result of results) {
    turns = (turns + 1) % 7
    for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    await result.revoke()
  }
  await Promise.allSettled(results.map((result) => result.get()))
  await app.stop({ deadline: '5s' })
  const ended = results.filter(({ state }) => state === 'SUCCESS').length
  expect(results.every(({ state }) => state === 'SUCCESS' || state === 'REVOKED')).toBe(true)
  expect(ran.filter((id) => id.endsWith('/3')).length).toBe(ended)
})

test('a task revoked as it is being started does not run on', async () => {
  let aborted = 0
  let ran = 0
  const { seen } = defineTasks('racing', {
    seen: task(async (ctx) => {
      ran += 1
      await new Promise<void>((resolve) => {
        if (ctx.signal.aborted) return resolve()
        ctx.signal.addEventListener('abort', () => resolve())
      })
      aborted += 1
    }),
  })
  const app = open({ tasks: [{ seen }] })
  const results = Array.from({ length: 200 }, () => seen.delay())
  app.on('task-prerun', ({ id }) => void results.find((result) => result.id === id)?.revoke())
  app.on('task-received', ({ id }) => void results.find((result) => result.id === id)?.revoke())
  await Promise.allSettled(results.map((result) => result.get()))
  await app.stop({ deadline: '5s' })
  expect(results.every(({ state }) => state === 'REVOKED')).toBe(true)
  expect(aborted).toBe(ran)
})
