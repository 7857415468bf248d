import { expect, test } from 'vitest'
import { here } from '../../../test/machine-time.ts'
import {
  type App,
  type AppOptions,
  type AsyncResult,
  chain,
  chord,
  defineTasks,
  group,
  SimulatedClock,
  task,
} from '../src/index.ts'
import { sqliteStore } from '../src/sqlite.ts'
import { next, open, record } from './fixtures/open-app.ts'
import { asIfKilled, newFile } from './fixtures/store-file.ts'

/** The tasks of one process, what they ran with, and the gate that keeps `held` running. */
function begin(file: string, options: AppOptions = {}) {
  const ran: unknown[] = []
  const gate = Promise.withResolvers<void>()
  const tasks = defineTasks('life', {
    note: (_ctx, value: unknown) => {
      ran.push(value)
      return value
    },
    give: (_ctx, value: number) => {
      ran.push(value)
      return value
    },
    held: task(
      async (ctx, value: number) => {
        ran.push(value)
        ctx.setState('HOLDING', { value })
        ctx.progress(1, 2)
        await gate.promise
        return value
      },
      { states: ['HOLDING'] },
    ),
    again: task(
      (ctx) => {
        ran.push(ctx.attempt)
        if (ctx.attempt === 1) ctx.retry({ countdown: '1h', error: new RangeError('not yet') })
        return ctx.attempt
      },
      { retry: { max: 3 } },
    ),
    sum: (_ctx, values: readonly number[]): number => values.reduce((all, one) => all + one, 0),
    fail: (): never => {
      throw new RangeError('no')
    },
    replaced: (ctx, value: number): number => ctx.replace(tasks.held.s(value)),
    grows: (ctx, value: number): number => {
      ctx.addToChord(tasks.held.s(value * 10))
      return value
    },
  })
  const app = open({ tasks: [tasks], store: sqliteStore(file, { sync: 'off' }), ...options })
  return { app, tasks, ran, gate }
}

type Life = ReturnType<typeof begin>

/**
 * Send in one process, end it the hard way once `held` runs in it, and begin the next one on what is left: its tasks held no more.
 */
async function killed<T>(
  send: (first: Life, runs: Promise<unknown>) => T | Promise<T>,
  options?: AppOptions,
): Promise<{ second: Life; sent: T }> {
  const file = newFile()
  const first = begin(file, options)
  const runs = next(first.app, 'task-progress')
  const sent = await send(first, runs)
  await runs
  const second = begin(asIfKilled(file), options)
  second.gate.resolve()
  return { second, sent }
}

/** Resolve once so many tasks have succeeded. */
const succeeded = (app: App, count: number): Promise<unknown> => {
  let left = count
  return next(app, 'task-success', () => --left === 0)
}

/** Go on in the next process, and wait there for what was sent in the one before. */
async function goOn({ app }: Life, ...sent: readonly AsyncResult<unknown>[]): Promise<unknown[]> {
  const found = await Promise.all(sent.map(({ id }) => app.result(id)))
  await app.start()
  return Promise.all(found.map((result) => result.get()))
}

test('what waited for its slot runs in the next process, best priority first', async () => {
  const { second, sent } = await killed(
    async ({ app, tasks }, runs) => {
      const held = tasks.held.delay(0)
      await runs
      const waiting = [1, 8].map((priority) => app.delay(tasks.note.s(priority).set({ priority })))
      await Promise.all(waiting.map((one) => one.accepted))
      return [held, ...waiting]
    },
    { lanes: { default: { threads: 0, inline: 1 } } },
  )
  expect(await goOn(second, ...sent)).toEqual([0, 1, 8])
  expect(second.ran.filter((value) => value !== 0)).toEqual([8, 1])
})

test('an attempt that was cut off is lost, and another one runs', async () => {
  const { second, sent } = await killed(({ tasks }) => tasks.held.delay(7))
  const lost = next(second.app, 'task-lost')
  expect(await goOn(second, sent)).toEqual([7])
  expect(await lost).toMatchObject({ id: sent.id, attempt: 1, error: { code: 'UMBEL_WORKER_LOST' } })
  expect(second.ran).toEqual([7])
})

test('a task that was running when its process ended for the third time is never started again', async () => {
  let file = newFile()
  let id: string | undefined
  for (let process = 1; process <= 3; process += 1) {
    const life = begin(file)
    const runs = next(life.app, 'task-progress')
    await life.app.start()
    id ??= life.tasks.held.delay(1).id
    await runs
    expect(life.ran).toEqual([1])
    file = asIfKilled(file)
  }
  const last = begin(file)
  await last.app.start()
  const result = await last.app.result(id as string)
  await expect(result.get()).rejects.toMatchObject({ code: 'UMBEL_WORKER_LOST' })
  expect([result.state, last.ran]).toEqual(['FAILURE', []])
})

test('what runs as an app stops in order is given back: that counts as no loss', async () => {
  const file = newFile()
  for (let process = 1; process <= 4; process += 1) {
    const life = begin(file)
    const runs = next(life.app, 'task-progress')
    await life.app.start()
    if (process === 1) life.tasks.held.delay(1)
    await runs
    await life.app.stop({ deadline: 0 })
    expect(life.ran).toEqual([1])
  }
})

test('a countdown goes on to its moment, and one that has passed meanwhile is due at once', async () => {
  const clock = new SimulatedClock(1_000_000)
  const file = newFile()
  const first = begin(file, { clock })
  const soon = first.app.delay(first.tasks.note.s('soon').set({ countdown: '1h' }))
  const late = first.app.delay(first.tasks.note.s('late').set({ countdown: '3h' }))
  await Promise.all([soon.accepted, late.accepted])
  const later = new SimulatedClock(1_000_000 + 2 * 3_600_000)
  const second = begin(asIfKilled(file), { clock: later })
  await second.app.start()
  await later.advance(0)
  expect(second.ran).toEqual(['soon'])
  await later.advance('59m')
  expect(second.ran).toEqual(['soon'])
  await later.advance('1m')
  expect(second.ran).toEqual(['soon', 'late'])
})

test('a retry keeps its delay and its count', async () => {
  const clock = new SimulatedClock(1_000_000)
  const file = newFile()
  const first = begin(file, { clock })
  const retried = next(first.app, 'task-retry')
  const { id } = first.tasks.again.delay()
  await retried
  const second = begin(asIfKilled(file), { clock })
  await second.app.start()
  const result = await second.app.result(id)
  expect([result.state, result.info]).toEqual(['RETRY', expect.objectContaining({ message: 'not yet' })])
  await clock.advance('1h')
  expect(await result.get()).toBe(2)
  expect(second.ran).toEqual([2])
})

test('a chord goes on with the members that are left, and its body is given all results in order', async () => {
  const { second, sent } = await killed(async ({ app, tasks }) => {
    const others = succeeded(app, 2)
    const whole = chord([tasks.give.s(1), tasks.held.s(2), tasks.give.s(3)], tasks.sum.s()).delay()
    await others
    return whole
  })
  expect(await goOn(second, sent)).toEqual([6])
  expect(second.ran).toEqual([2])
})

test('a chain goes on at the step it was at', async () => {
  const { second, sent } = await killed(({ tasks }) => chain(tasks.give.s(5), tasks.held.s(), tasks.note.s()).delay())
  expect(await goOn(second, sent)).toEqual([5])
  expect(second.ran).toEqual([5, 5]) // held, and what follows it
})

test('what a task was replaced by goes on in its place', async () => {
  const { second, sent } = await killed(({ tasks }) => chain(tasks.replaced.s(4), tasks.note.s()).delay())
  expect(await goOn(second, sent)).toEqual([4])
  expect(second.ran).toEqual([4, 4])
})

test('a member that was added to a chord still counts', async () => {
  const { second, sent } = await killed(({ tasks }) =>
    chord([tasks.grows.s(1), tasks.grows.s(2)], tasks.sum.s()).delay(),
  )
  expect(await goOn(second, sent)).toEqual([33])
})

test('before the next process starts its work it shows what the last one knew: states, progress, results, errors', async () => {
  const { second, sent } = await killed(async ({ tasks }) => {
    const done = tasks.note.delay('done')
    const failed = tasks.fail.delay()
    const members = group([tasks.note.s('a'), tasks.note.s('b')]).delay()
    await Promise.allSettled([done.get(), failed.get(), members.get()])
    return { done, failed, members, held: tasks.held.delay(1) }
  })
  const find = async (id: string): Promise<AsyncResult<unknown>> => second.app.result(id)
  expect((await find(sent.held.id)).state).toBe('HOLDING')
  expect((await find(sent.held.id)).info).toEqual({ value: 1 })
  expect(await (await find(sent.done.id)).get()).toBe('done')
  await expect((await find(sent.failed.id)).get()).rejects.toBeInstanceOf(RangeError)
  expect(await (await find(sent.members.id)).get()).toEqual(['a', 'b'])
  expect(second.ran).toEqual([])
})

test('what was revoked stays revoked, and nothing of it runs', async () => {
  const file = newFile()
  const first = begin(file)
  const runs = next(first.app, 'task-progress')
  const whole = chain(first.tasks.held.s(1), first.tasks.note.s()).delay()
  await runs
  await whole.revoke()
  const second = begin(asIfKilled(file))
  await second.app.start()
  await expect((await second.app.result(whole.id)).get()).rejects.toMatchObject({ code: 'UMBEL_REVOKED' })
  expect(second.ran).toEqual([])
})

test('what is sent before the start comes in beside what is recovered, each once', async () => {
  const { second, sent } = await killed(({ tasks }) => tasks.held.delay(1))
  const fresh = second.app.delay(second.tasks.note.s('fresh'))
  expect(await goOn(second, sent, fresh)).toEqual([1, 'fresh'])
  expect(second.ran.toSorted()).toEqual([1, 'fresh'])
})

test('a task revoked before the next process starts does not run in it', async () => {
  const { second, sent } = await killed(({ tasks }) => tasks.held.delay(1))
  const result = await second.app.result(sent.id)
  await result.revoke()
  await second.app.start()
  await expect(result.get()).rejects.toMatchObject({ code: 'UMBEL_REVOKED' })
  expect(second.ran).toEqual([])
})

test('a task that is registered no more is parked with the reason, and runs when it is back; one whose lane is gone runs on the default lane', async () => {
  const file = newFile()
  const first = begin(file, { lanes: { default: { threads: 0 }, special: { threads: 0 } } })
  const runs = next(first.app, 'task-progress')
  const elsewhere = first.app.delay(first.tasks.held.s(1).set({ lane: 'special' }))
  await runs
  const found = asIfKilled(file)
  const second = begin(await parkedIn(found, elsewhere.id))
  second.gate.resolve()
  expect(await goOn(second, elsewhere)).toEqual([1])
})

test('what runs on the default lane, as its own is gone, is known there, and aborted as the app stops', async () => {
  const file = newFile()
  const aborted: unknown[] = []
  const tasks = defineTasks('gone', {
    waits: task(
      (ctx) =>
        new Promise<void>((_, reject) => {
          ctx.setState('WAITING')
          ctx.signal.addEventListener('abort', () => {
            aborted.push(ctx.signal.reason.code)
            reject(ctx.signal.reason)
          })
        }),
      { states: ['WAITING'], inline: true },
    ),
  })
  const first = open({
    tasks: [tasks],
    store: sqliteStore(file),
    lanes: { default: { threads: 0 }, old: { threads: 0 } },
  })
  await first.control.pause('old')
  const sent = first.delay(tasks.waits.s().set({ lane: 'old' }))
  await sent.accepted
  const second = open({ tasks: [tasks], store: sqliteStore(asIfKilled(file)), lanes: { default: { threads: 0 } } })
  const runs = next(second, 'task-state')
  await second.start()
  await runs
  expect((await second.inspect.active()).map(({ id }) => id)).toEqual([sent.id])
  await second.stop({ deadline: 0 })
  expect(aborted).toEqual(['UMBEL_APP_STOPPED'])
})

/** Let an app that does not know the task of an id go on with a store, twice, and give the file as it leaves it. */
async function parkedIn(file: string, id: string): Promise<string> {
  for (let times = 0; times < 2; times += 1) {
    const without = open({ store: sqliteStore(file) })
    await without.start()
    const result = await without.result(id)
    for await (const { state } of result.updates()) if (state === 'PENDING') break
    const { total, tasks } = await without.inspect.waiting()
    expect([total, tasks]).toEqual([1, [expect.objectContaining({ id, reason: { kind: 'unregistered' } })]])
    expect([result.state, result.info]).toEqual(['PENDING', expect.objectContaining({ code: 'UMBEL_UNKNOWN_TASK' })])
    await expect.poll(async () => (await without.inspect.scheduled()).total).toBe(0)
    await without.stop() // it does not wait for what nothing here can run
  }
  return file
}

test('what is parked can be revoked, and expires while nobody knows its task', async () => {
  const file = newFile()
  const first = begin(file, { lanes: { default: { threads: 0, inline: 1 } } })
  first.app.control.pause('default')
  const [revoked, late] = [
    first.app.delay(first.tasks.note.s(1)),
    first.app.delay(first.tasks.note.s(2).set({ expires: '1h' })),
  ]
  await Promise.all([revoked.accepted, late.accepted])
  const found = asIfKilled(file)
  const without = open({ store: sqliteStore(found) })
  await without.start()
  await expect
    .poll(async () => (await without.inspect.waiting()).tasks.map(({ reason }) => reason.kind))
    .toEqual(['unregistered', 'unregistered'])
  const handle = await without.result(revoked.id)
  await handle.revoke()
  await expect(handle.get()).rejects.toMatchObject({ code: 'UMBEL_REVOKED' })
  const clock = new SimulatedClock(Date.now() + 7_200_000)
  const second = begin(asIfKilled(found), { clock })
  await second.app.start()
  await clock.advance('1ms')
  await expect((await second.app.result(late.id)).get()).rejects.toMatchObject({ code: 'UMBEL_EXPIRED' })
  expect(second.ran).toEqual([])
})

test('a crash during recovery changes nothing: the next process finds what the first one left', async () => {
  const file = newFile()
  const first = begin(file)
  const runs = next(first.app, 'task-progress')
  const sent = first.tasks.held.delay(1)
  await runs
  let found = asIfKilled(file)
  for (let times = 0; times < 5; times += 1) {
    const opened = begin(found)
    await opened.app.result(sent.id)
    found = asIfKilled(found)
  }
  const last = begin(found)
  last.gate.resolve()
  expect(await goOn(last, sent)).toEqual([1])
})

test('a stream goes on in the next process where its consumer broke off', async () => {
  const file = newFile()
  const first = begin(file)
  const seen: unknown[] = []
  for await (const value of first.app.mapStream(first.tasks.note, [1, 2, 3, 4, 5], { id: 'numbers', concurrency: 1 })) {
    seen.push(value)
    if (seen.length === 3) break
  }
  await first.app.stop()
  const second = begin(file)
  for await (const value of second.app.mapStream(second.tasks.note, [1, 2, 3, 4, 5], { id: 'numbers' }))
    seen.push(value)
  expect(seen).toEqual([1, 2, 3, 3, 4, 5])
})

test('10,000 tasks in flight are recovered within 5 seconds, the first of them within 2', async () => {
  const file = newFile()
  const first = begin(file, { lanes: { default: { threads: 0, inline: 1 } } })
  const runs = next(first.app, 'task-progress')
  first.tasks.held.delay(-1)
  const sent = Array.from({ length: 10_000 }, (_, index) => first.tasks.note.delay(index))
  await Promise.all([...sent.map((one) => one.accepted), runs])
  const begun = performance.now()
  const second = begin(asIfKilled(file))
  second.gate.resolve()
  const started = next(second.app, 'task-prerun').then(() => performance.now() - begun)
  const ended = record(second.app, 'task-success')
  await second.app.start()
  expect(await started).toBeLessThan(here(2_000))
  await (await second.app.result((sent.at(-1) as AsyncResult<unknown>).id)).get()
  expect(performance.now() - begun).toBeLessThan(here(5_000))
  expect(ended.length).toBeGreaterThanOrEqual(10_000)
})

test('an id of the caller’s choice can be given before the store is open, and is told to be new or not once it is', async () => {
  const file = newFile()
  const first = begin(file)
  expect(await first.app.delay(first.tasks.note.s(1).set({ id: 'mine' })).get()).toBe(1)
  await first.app.stop()
  const second = begin(file)
  const again = second.app.delay(second.tasks.note.s(2).set({ id: 'mine' }))
  const other = second.app.delay(second.tasks.note.s(3).set({ id: 'other' }))
  await expect(again.accepted).rejects.toMatchObject({ code: 'UMBEL_DUPLICATE_ID' })
  expect(await other.get()).toBe(3)
})
