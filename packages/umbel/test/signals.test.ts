import { describe, expect, test } from 'vitest'
import {
  type App,
  chain,
  defineTasks,
  group,
  memoryStore,
  type SignalName,
  type Signals,
  SimulatedClock,
  task,
} from '../src/index.ts'
import { onLoop } from './fixtures/behaviour.ts'
import { next, open, openThreads, PLACES, record } from './fixtures/open-app.ts'

const { add, echo, fail, waits } = onLoop

const OF_TASKS: readonly SignalName[] = [
  'before-task-publish',
  'after-task-publish',
  'task-received',
  'task-prerun',
  'task-postrun',
  'task-state',
  'task-progress',
  'task-log',
  'task-success',
  'task-failure',
  'task-retry',
  'task-replaced',
  'task-revoked',
  'task-rejected',
  'task-ignored',
  'task-lost',
]
/** The names of all signals about one task, in order. */
const of = (seen: readonly { name: SignalName; event: object }[], id: string): SignalName[] =>
  seen.filter(({ event }) => (event as { id?: string }).id === id).map(({ name }) => name)

const BEFORE: readonly SignalName[] = ['before-task-publish', 'after-task-publish', 'task-received', 'task-prerun']

describe.each(PLACES)('signals of a task %s come in Celery’s order', (_, tasks, openApp) => {
  const listen = (): { app: App; seen: ReturnType<typeof record> } => {
    const app = openApp()
    return { app, seen: record(app, ...OF_TASKS) }
  }

  test('when it succeeds', async () => {
    const { app, seen } = listen()
    const ended = next(app, 'task-postrun')
    const result = tasks.stages.delay('LOADING')
    await result.get()
    await ended
    expect(of(seen, result.id)).toEqual([...BEFORE, 'task-state', 'task-success', 'task-postrun'])
  })

  test('with its result, bytes and all, the same for all who ask', async () => {
    const { app } = listen()
    const read: unknown[] = []
    for (const _ of [1, 2]) app.on('task-success', ({ result }) => read.push(result))
    app.on('task-success', (event) => read.push({ ...event }.result))
    for (const value of [new Uint8Array([1, 2]), 'text']) {
      await tasks.echo.delay(value).get()
      expect(read).toEqual([[value], [value], [value]])
      expect(new Set(read).size).toBe(1)
      read.length = 0
    }
  })

  test('when it fails', async () => {
    const { seen } = listen()
    const result = tasks.fail.delay('no')
    await expect(result.get()).rejects.toThrow('no')
    expect(of(seen, result.id)).toEqual([...BEFORE, 'task-failure', 'task-postrun'])
  })

  test('when it is retried, and then succeeds or fails', async () => {
    const { seen } = listen()
    const good = tasks.again.delay({ times: 1 })
    await good.get()
    // a retry is sent again, by its worker
    const sentAgain: SignalName[] = ['before-task-publish', 'after-task-publish']
    const attempt: SignalName[] = ['task-received', 'task-prerun']
    expect(of(seen, good.id)).toEqual([
      ...BEFORE,
      ...sentAgain,
      'task-retry',
      'task-postrun',
      ...attempt,
      'task-success',
      'task-postrun',
    ])
    const bad = tasks.again.delay({ times: 9, max: 1 })
    await expect(bad.get()).rejects.toMatchObject({ code: 'UMBEL_RETRIES_SPENT' })
    expect(of(seen, bad.id)).toEqual([
      ...BEFORE,
      ...sentAgain,
      'task-retry',
      'task-postrun',
      ...attempt,
      'task-failure',
      'task-postrun',
    ])
  })

  test('when it is ignored, rejected or replaced', async () => {
    const { seen } = listen()
    const ignored = tasks.ignore.delay()
    await expect(ignored.get()).rejects.toMatchObject({ code: 'UMBEL_IGNORED' })
    expect(of(seen, ignored.id)).toEqual([...BEFORE, 'task-ignored', 'task-postrun'])
    const rejected = tasks.reject.delay('not mine')
    await expect(rejected.get()).rejects.toMatchObject({ code: 'UMBEL_REJECTED' })
    expect(of(seen, rejected.id)).toEqual([...BEFORE, 'task-rejected', 'task-postrun'])
    const replaced = tasks.replacedBy.delay(tasks.add.s(1, 1).data)
    await replaced.get()
    expect(of(seen, replaced.id)).toEqual([...BEFORE, 'task-replaced', 'task-postrun', 'task-success'])
    expect(of(seen, `${replaced.id}.r1`)).toEqual([...BEFORE, 'task-success', 'task-postrun'])
  })

  test('when it is revoked as it runs', async () => {
    const { app, seen } = listen()
    const running = next(app, 'task-state')
    const result = tasks.waits.delay()
    await running
    await result.revoke()
    expect(of(seen, result.id)).toEqual([...BEFORE, 'task-state', 'task-revoked', 'task-postrun'])
  })

  test('when it tells what it does', async () => {
    const { seen } = listen()
    const result = tasks.tells.delay('words')
    await result.get()
    expect(of(seen, result.id)).toEqual([...BEFORE, 'task-log', 'task-progress', 'task-success', 'task-postrun'])
    const log = seen.find(({ name, event }) => name === 'task-log' && (event as { id: string }).id === result.id)
    expect(log?.event).toMatchObject({
      level: 'info',
      message: 'words',
      fields: { of: 'its own' },
      attempt: 1,
      task: tasks.tells.name,
      lane: 'default',
    })
  })
})

test('a task that expired, or is revoked before it ran, has no prerun and no postrun', async () => {
  const clock = new SimulatedClock()
  const app = open({ clock })
  const seen = record(app, ...OF_TASKS)
  const expired = add.s(1, 1).set({ expires: -1 }).delay()
  await expect(expired.get()).rejects.toMatchObject({ code: 'UMBEL_EXPIRED' })
  expect(of(seen, expired.id)).toEqual(['before-task-publish', 'after-task-publish', 'task-revoked'])
  const waiting = add.s(1, 1).set({ countdown: '1h' }).delay()
  await waiting.accepted
  await waiting.revoke()
  expect(of(seen, waiting.id)).toEqual(['before-task-publish', 'after-task-publish', 'task-received', 'task-revoked'])
})

test('a task that is revoked while it waits for its next attempt has one postrun for each prerun', async () => {
  const clock = new SimulatedClock()
  const app = open({ clock, lanes: { default: { threads: 0, inline: 1 } } })
  const seen = record(app, ...OF_TASKS)
  const waiting = onLoop.backsOff.delay(1)
  await next(app, 'task-retry')
  await waiting.revoke()
  const retried: SignalName[] = [
    ...BEFORE,
    'before-task-publish',
    'after-task-publish',
    'task-retry',
    'task-postrun',
    'task-received',
    'task-revoked',
  ]
  expect(of(seen, waiting.id)).toEqual(retried)
  const inLane = onLoop.backsOff.delay(1)
  await next(app, 'task-retry')
  const busy = waits.delay()
  await next(app, 'task-state')
  await clock.advance('1h')
  await inLane.revoke()
  expect(of(seen, inLane.id)).toEqual(retried)
  await busy.revoke()
})

describe('each signal tells what it is about', () => {
  const about = { task: 'loop.add', lane: 'default', headers: {}, at: 1_767_225_600_000 }
  const attempt = { ...about, attempt: 1 }

  test('sending, running and succeeding', async () => {
    const app = open({ clock: new SimulatedClock() })
    const seen = record(app, ...OF_TASKS)
    const { id, ...result } = add.delay(1, 2)
    void result
    await next(app, 'task-postrun')
    expect(seen).toEqual([
      { name: 'before-task-publish', event: { id, ...attempt } },
      { name: 'after-task-publish', event: { id, ...attempt } },
      { name: 'task-received', event: { id, ...attempt, due: undefined } },
      { name: 'task-prerun', event: { id, ...attempt } },
      { name: 'task-success', event: { id, ...attempt, result: 3, runtime: 0 } },
      { name: 'task-postrun', event: { id, ...attempt, state: 'SUCCESS' } },
    ])
  })

  test('failing, retrying, being replaced, refused, ignored and revoked', async () => {
    const app = open({ clock: new SimulatedClock() })
    const told = <Name extends SignalName>(name: Name): Promise<Signals[Name]> => next(app, name)
    const [failure, retry, replaced, rejected, ignored] = [
      told('task-failure'),
      told('task-retry'),
      told('task-replaced'),
      told('task-rejected'),
      told('task-ignored'),
    ]
    const failing = fail.delay('no')
    const retrying = onLoop.backsOff.delay(1)
    const replacing = onLoop.replacedBy.delay(add.s(1, 1).data)
    const rejecting = onLoop.reject.delay('not mine')
    const ignoring = onLoop.ignore.delay()
    await failing.get().catch(() => {})
    expect(await failure).toEqual({ ...attempt, task: 'loop.fail', id: failing.id, error: new RangeError('no') })
    expect(await retry).toEqual({
      ...attempt,
      task: 'loop.backsOff',
      id: retrying.id,
      error: new Error('attempt 1'),
      due: about.at + 1_000,
    })
    expect(await replaced).toEqual({ ...attempt, task: 'loop.replacedBy', id: replacing.id, by: `${replacing.id}.r1` })
    expect(await rejected).toMatchObject({
      ...about,
      task: 'loop.reject',
      id: rejecting.id,
      reason: expect.stringContaining('not mine'),
    })
    expect(await ignored).toEqual({ ...attempt, task: 'loop.ignore', id: ignoring.id })
    const revoked = told('task-revoked')
    await retrying.revoke()
    expect(await revoked).toMatchObject({
      ...about,
      task: 'loop.backsOff',
      id: retrying.id,
      expired: false,
      terminated: false,
      error: { code: 'UMBEL_REVOKED' },
    })
  })

  test('sending it again, and taking it in before it is due', async () => {
    const app = open({ clock: new SimulatedClock() })
    const seen = record(app, 'before-task-publish', 'after-task-publish', 'task-received')
    const retrying = onLoop.backsOff.delay(1)
    const sent = { ...attempt, task: 'loop.backsOff', id: retrying.id }
    await next(app, 'task-received', (event) => event.attempt === 2)
    expect(seen).toEqual([
      { name: 'before-task-publish', event: sent },
      { name: 'after-task-publish', event: sent },
      { name: 'task-received', event: { ...sent, due: undefined } },
      { name: 'before-task-publish', event: { ...sent, attempt: 2 } },
      { name: 'after-task-publish', event: { ...sent, attempt: 2 } },
      { name: 'task-received', event: { ...sent, attempt: 2, due: about.at + 1_000 } },
    ])
  })

  test('being revoked: whether it came too late, and whether its handler was running', async () => {
    const app = open()
    const seen = record(app, 'task-revoked')
    const running = waits.delay()
    await next(app, 'task-state')
    await running.revoke()
    const replaced = onLoop.replacedBy.delay(waits.s().data)
    await next(app, 'task-state')
    await replaced.revoke()
    const late = add.s(1, 1).set({ expires: 0 }).delay()
    await late.get().catch(() => {})
    const told = seen.map(({ event: { id, expired, terminated } }) => ({ id, expired, terminated }))
    expect(told).toEqual([
      { id: running.id, expired: false, terminated: true },
      { id: replaced.id, expired: false, terminated: false },
      { id: `${replaced.id}.r1`, expired: false, terminated: true },
      { id: late.id, expired: true, terminated: false },
    ])
  })

  test('being sent by a handler, but not what a plan already held: steps and callbacks', async () => {
    const app = open()
    const seen = record(app, 'before-task-publish', 'after-task-publish')
    const result = chain(add.s(1, 1), add.s(1).link(echo.s())).delay()
    const sender = onLoop.sends.delay([add.s(1, 1).data])
    await Promise.all([result.get(), sender.get()])
    const [child] = await sender.get()
    const ids = [`${result.id}/0`, sender.id, child]
    expect(seen.map(({ name, event: { id } }) => [name, id])).toEqual(
      expect.arrayContaining(
        ids.flatMap((id) => [
          ['before-task-publish', id],
          ['after-task-publish', id],
        ]),
      ),
    )
    expect(seen).toHaveLength(6)
  })

  test('states and progress', async () => {
    const app = open({ clock: new SimulatedClock() })
    const seen = record(app, 'task-state', 'task-progress')
    const stages = onLoop.stages.delay('LOADING')
    const counts = onLoop.counts.delay(2)
    await Promise.all([stages.get(), counts.get()])
    expect(seen.map(({ event }) => event)).toEqual([
      { ...attempt, task: 'loop.stages', id: stages.id, state: 'LOADING', meta: { index: 0 } },
      { ...attempt, task: 'loop.counts', id: counts.id, done: 1, total: 2 },
      { ...attempt, task: 'loop.counts', id: counts.id, done: 2, total: 2 },
    ])
  })

  test('a workflow that has ended, once', async () => {
    const app = open()
    const seen = record(app, 'workflow-ended')
    const good = chain(add.s(1, 1), add.s(1)).delay()
    const bad = group(fail.s('no')).delay()
    const stopped = chain(waits.s(), echo.s()).delay()
    await Promise.allSettled([good.get(), bad.get()])
    await stopped.revoke()
    const ended = seen.map(({ event }) => `${event.id} ${event.state}`)
    expect(ended.sort()).toEqual([`${good.id} SUCCESS`, `${bad.id} FAILURE`, `${stopped.id} REVOKED`].sort())
  })

  test('each task of a workflow as it is received, run and ended', async () => {
    const app = open()
    const seen = record(app, ...OF_TASKS)
    const result = chain(add.s(1, 1), add.s(1)).delay()
    await result.get()
    expect(of(seen, `${result.id}/0`)).toEqual([...BEFORE, 'task-success', 'task-postrun'])
    expect(of(seen, `${result.id}/1`)).toEqual(['task-received', 'task-prerun', 'task-success', 'task-postrun'])
    const members = group(add.s(1, 1), chain(echo.s(), echo.s())).delay()
    await members.get()
    expect(members.results.map(({ id }) => of(seen, id).length)).toEqual([6, 4])
    expect(
      seen.filter(
        ({ name, event }) => name === 'before-task-publish' && (event as { id: string }).id.startsWith(members.id),
      ),
    ).toHaveLength(2)
  })

  test('a worker that is lost under a task', async () => {
    const app = openThreads()
    const { inThreads } = await import('./fixtures/behaviour.ts')
    const lost = next(app, 'task-lost')
    const result = inThreads.exitsOnce.delay()
    expect(await lost).toMatchObject({ id: result.id, attempt: 1, error: { code: 'UMBEL_WORKER_LOST' } })
    await result.get().catch(() => {})
  })

  test('a send that is not taken in, and a store that fails', async () => {
    const store = memoryStore()
    store.commit = () => Promise.reject(new Error('disk full'))
    const app = open({ store })
    const [failed, internal] = [next(app, 'send-failed'), next(app, 'internal-error')]
    const { id } = add.delay(1, 1)
    expect(await failed).toMatchObject({ id, error: { code: 'UMBEL_STORE_FAILED' } })
    expect(await internal).toMatchObject({ error: { code: 'UMBEL_STORE_FAILED' }, at: expect.any(Number) })
  })

  test('the app being ready and shutting down', async () => {
    const app = open()
    const seen = record(app, 'worker-ready', 'worker-shutdown')
    await app.start()
    await app.stop({ deadline: '3s' })
    await app.stop()
    expect(seen).toEqual([
      { name: 'worker-ready', event: { at: expect.any(Number) } },
      { name: 'worker-shutdown', event: { at: expect.any(Number), deadline: 3_000 } },
    ])
  })
})

describe('a listener', () => {
  test('hears only of tasks that its glob names', async () => {
    const app = open()
    const heard: string[] = []
    app.on('task-success', ({ task }) => heard.push(task), { task: 'loop.e*' })
    app.on('task-success', ({ task }) => heard.push(`exactly ${task}`), { task: 'loop.add' })
    app.on('task-success', ({ task }) => heard.push(`never ${task}`), { task: 'loop' })
    await Promise.all([add.delay(1, 1).get(), echo.delay(1).get()])
    expect(heard.sort()).toEqual(['exactly loop.add', 'loop.echo'])
  })

  test('that throws or rejects harms neither the task nor other listeners, and is told of', async () => {
    const app = open()
    const told = record(app, 'listener-error')
    const heard: string[] = []
    app.on('task-success', () => {
      throw new Error('thrown')
    })
    app.on('task-success', async () => {
      throw new Error('rejected')
    })
    app.on('task-success', ({ id }) => heard.push(id))
    app.on('listener-error', () => {
      throw new Error('again')
    })
    const result = add.delay(1, 1)
    expect(await result.get()).toBe(2)
    expect(heard).toEqual([result.id])
    expect(told.map(({ event }) => [event.signal, (event.error as Error).message])).toEqual([
      ['task-success', 'thrown'],
      ['task-success', 'rejected'],
    ])
  })

  test('that rejects with something that is no Promise of this realm is told of as well', async () => {
    const app = open()
    const told = next(app, 'listener-error')
    app.on('task-success', () => ({
      // biome-ignore lint/suspicious/noThenProperty: a thenable is what this is about
      then: (_: unknown, reject: (error: unknown) => void) => reject(new Error('thenable')),
    }))
    await add.delay(1, 1).get()
    expect(await told).toMatchObject({ signal: 'task-success', error: { message: 'thenable' } })
  })

  test('that takes itself off, or another, or adds one, hears and is heard as one would expect', async () => {
    const app = open()
    const heard: string[] = []
    const offOne = app.on('task-success', () => {
      heard.push('one')
      offOne()
      offOne()
      offThree()
      app.on('task-success', () => heard.push('four'))
    })
    app.on('task-success', () => heard.push('two'))
    const offThree = app.on('task-success', () => heard.push('three'))
    await add.delay(1, 1).get()
    const first = heard.splice(0)
    await add.delay(1, 1).get()
    expect(first.slice(0, 2)).toEqual(['one', 'two'])
    expect(heard).toEqual(['two', 'four'])
  })

  test('that sends tasks itself is no part of any handler: what it sends has no parent', async () => {
    const { sender } = defineTasks('sending', {
      sender: task(async () => {
        await new Promise(setImmediate) // until nothing else is under way
        await app.delay(add.s(1, 1)).accepted
        return 1
      }),
    })
    const app = open({ tasks: [onLoop, { sender }] })
    const sent: string[] = []
    app.on('task-received', ({ task }) => {
      if (task === 'loop.add') sent.push(onLoop.who.delay().id)
    })
    await sender.delay().get()
    expect(await (await app.result(sent[0] ?? '')).get()).toMatchObject({ parent: undefined, root: sent[0] })
  })

  test('that causes what it listens to goes on step by step', async () => {
    const app = open()
    let rounds = 0
    const done = new Promise<void>((resolve) => {
      app.on('task-success', () => (++rounds < 200 ? void add.delay(rounds, 1) : resolve()))
    })
    add.delay(0, 1)
    await done
    expect(rounds).toBe(200)
  })

  test('added twice hears twice, and each is taken off alone', async () => {
    const app = open()
    let heard = 0
    const listener = (): void => {
      heard += 1
    }
    const off = app.on('task-success', listener)
    app.on('task-success', listener)
    await add.delay(1, 1).get()
    off()
    await add.delay(1, 1).get()
    expect(heard).toBe(3)
  })
})

test('no event is made for a signal nobody listens to', async () => {
  // what is made would be decoded from the stored result: a getter tells whether it was
  let decoded = 0
  class Watched extends Error {
    override readonly name = 'Watched'
  }
  const classes = new Proxy(Watched, {
    get: (target, key, receiver) => {
      if (key === 'prototype') decoded += 1
      return Reflect.get(target, key, receiver)
    },
  })
  const { breaks } = defineTasks(
    'watching',
    {
      breaks: task((): never => {
        throw new Watched('seen')
      }),
    },
    { errors: [classes] },
  )
  const deaf = open({ tasks: [{ breaks }] })
  deaf.on('task-success', () => {})
  decoded = 0
  await deaf.delay(breaks.s()).accepted
  await deaf.stop({ deadline: '5s' })
  expect(decoded).toBe(0)
  const hearing = open({ tasks: [{ breaks }] })
  hearing.on('task-failure', () => {})
  await hearing.delay(breaks.s()).accepted
  await hearing.stop({ deadline: '5s' })
  expect(decoded).toBeGreaterThan(0)
})
