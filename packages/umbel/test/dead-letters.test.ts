import { describe, expect, test } from 'vitest'
import { task as row, SPEC } from '../../../test/conformance/store-rows.ts'
import {
  type App,
  type AppOptions,
  type AsyncResult,
  chain,
  chord,
  defineTasks,
  group,
  memoryStore,
  Reject,
  SimulatedClock,
  type Store,
  task,
} from '../src/index.ts'
import { sqliteStore } from '../src/sqlite.ts'
import { OWN_TABLES, TABLES } from '../src/stores/sqlite/schema.ts'
import { next, open } from './fixtures/open-app.ts'
import { asIfKilled, newFile, tamper } from './fixtures/store-file.ts'

/** Tasks that fail until they are mended, and what ran. */
function begin(store: Store, options: AppOptions = {}) {
  const ran: unknown[] = []
  const world = { mended: false }
  const tasks = defineTasks('dead', {
    note: (_ctx, value: number): number => {
      ran.push(value)
      return value
    },
    fails: (_ctx, value: number): number => {
      ran.push(value)
      if (!world.mended) throw new RangeError(`no ${value}`)
      return value
    },
    tries: task(
      (ctx, value: string): string => {
        if (world.mended) return value
        throw Object.assign(new Error(`try ${ctx.attempt}`), { code: 'EAGAIN' })
      },
      { retry: { max: 2, backoff: { base: '1s', factor: 1, jitter: false } } },
    ),
    hangs: (): Promise<never> => new Promise(() => {}),
    refuses: (): never => {
      throw new Reject('not mine')
    },
    sum: (_ctx, values: readonly number[]): number => values.reduce((all, one) => all + one, 0),
    replaced: (ctx, value: number): number => ctx.replace(chain(tasks.note.s(100), tasks.fails.si(value))),
    grows: (ctx, value: number): number => {
      ctx.addToChord(tasks.note.si(value * 10))
      return value
    },
  })
  const app = open({ tasks: [tasks], store, ...options })
  return { app, tasks, ran, world }
}

const failed = async (...results: readonly AsyncResult<unknown>[]): Promise<void> => {
  for (const result of results) await expect(result.get()).rejects.toThrow()
}
const ids = async (app: App, query = {}): Promise<string[]> => (await app.deadLetters.list(query)).map(({ id }) => id)

describe.each([
  ['memory', (options: { keepEnded?: number; keepLetters?: number } = {}): Store => memoryStore(options)],
  [
    'SQLite',
    (options: { keepEnded?: number; keepLetters?: number } = {}): Store =>
      sqliteStore(newFile(), { sync: 'off', ...options }),
  ],
])('dead letters in the %s store', (_, make) => {
  test('a task that failed for good is kept with its arguments, its error and every attempt', async () => {
    const clock = new SimulatedClock(1_000_000)
    const { app, tasks } = begin(make(), { clock })
    expect(await app.deadLetters.list()).toEqual([])
    const sent = tasks.tries.delay('tea')
    await app.start()
    const over = failed(sent)
    await clock.advance('1m')
    await over
    const [letter, ...others] = await app.deadLetters.list()
    expect(others).toEqual([])
    expect(letter).toMatchObject({ id: sent.id, task: 'dead.tries', args: ['tea'], kwargs: {}, code: 'EAGAIN' })
    expect(letter).toMatchObject({ state: 'FAILURE', sentAt: 1_000_000, redrivenAs: undefined })
    expect(letter?.error.message).toBe('try 3')
    expect(letter?.attempts.map(({ attempt, error }) => [attempt, error?.message])).toEqual([
      [1, 'try 1'],
      [2, 'try 2'],
      [3, 'try 3'],
    ])
    const [first, second] = letter?.attempts ?? []
    expect((second?.startedAt ?? 0) - (first?.startedAt ?? 0)).toBeGreaterThanOrEqual(1_000)
    expect(await app.deadLetters.get(sent.id)).toEqual(letter)
    expect(await app.deadLetters.get('nothing')).toBeUndefined()
  })

  test('what was refused is kept, what succeeded, was revoked or never had its turn is not', async () => {
    const { app, tasks } = begin(make())
    const refused = tasks.refuses.delay()
    await failed(refused)
    await tasks.note.delay(1).get()
    const late = app.delay(tasks.note.s(2).set({ countdown: '1h' }))
    await late.revoke()
    await failed(chain(tasks.fails.s(3), tasks.note.s()).delay())
    expect((await app.deadLetters.list()).map((one) => [one.task, one.state])).toEqual([
      ['dead.refuses', 'REJECTED'],
      ['dead.fails', 'FAILURE'],
    ])
  })

  test('letters are found by task, code, time and whether they were sent again, in pages', async () => {
    const clock = new SimulatedClock(1_000)
    const { app, tasks, world } = begin(make(), { clock })
    const early = [tasks.fails.delay(1), tasks.fails.delay(2)]
    await failed(...early)
    await clock.advance('1m')
    const tried = tasks.tries.delay('x')
    await tried.accepted
    const over = failed(tried)
    await clock.advance('1m')
    await over
    const all = [...early.map(({ id }) => id), tried.id]
    expect(await ids(app)).toEqual(all)
    expect(await ids(app, { task: 'dead.fails' })).toEqual(all.slice(0, 2))
    expect(await ids(app, { code: 'EAGAIN' })).toEqual([tried.id])
    expect(await ids(app, { since: 60_000 })).toEqual([tried.id])
    expect(await ids(app, { since: new Date(60_000), task: 'dead.fails' })).toEqual([])
    expect(await ids(app, { limit: 1 })).toEqual(all.slice(0, 1))
    expect(await ids(app, { limit: 2, after: all[0] })).toEqual(all.slice(1))
    world.mended = true
    await (await app.deadLetters.redrive(all[0] as string)).get()
    expect(await ids(app, { redriven: true })).toEqual(all.slice(0, 1))
    expect(await ids(app, { redriven: false })).toEqual(all.slice(1))
    await expect(app.deadLetters.list({ limit: 0 })).rejects.toMatchObject({ code: 'UMBEL_BAD_OPTION' })
    await expect(app.deadLetters.list({ tusk: 'x' } as object)).rejects.toThrow('Did you mean "task"?')
    await expect(app.deadLetters.list({ since: Number.NaN })).rejects.toMatchObject({ code: 'UMBEL_BAD_OPTION' })
  })

  test('a letter is sent again once, however often and at once it is asked for, and is linked to what was sent', async () => {
    const { app, tasks, ran, world } = begin(make())
    const sent = tasks.fails.delay(8)
    await failed(sent)
    world.mended = true
    const again = await Promise.all([1, 2, 3].map(() => app.deadLetters.redrive(sent.id)))
    expect(await Promise.all(again.map((one) => one.get()))).toEqual([8, 8, 8])
    expect(await (await app.deadLetters.redrive(sent.id)).get()).toBe(8)
    expect(ran).toEqual([8, 8])
    expect((await app.deadLetters.get(sent.id))?.redrivenAs).toBe(again[0]?.id)
    expect((await sent.children).map(({ id }) => id)).toEqual([again[0]?.id])
    expect(sent.state).toBe('FAILURE')
  })

  test('it is sent with other arguments where they are given, and has a letter of its own when it fails again', async () => {
    const { app, tasks, ran } = begin(make())
    const sent = tasks.fails.delay(-1)
    await failed(sent)
    const again = await app.deadLetters.redrive(sent.id, { args: [1] })
    await failed(again)
    expect(ran).toEqual([-1, 1])
    expect((await app.deadLetters.list({ redriven: false })).map(({ id, args }) => [id, args])).toEqual([
      [again.id, [1]],
    ])
    await expect(app.deadLetters.redrive(sent.id, { args: 'x' } as object)).rejects.toMatchObject({
      code: 'UMBEL_BAD_OPTION',
    })
    await expect(app.deadLetters.redrive(again.id, { args: [() => 1] })).rejects.toMatchObject({
      code: 'UMBEL_CANNOT_TRAVEL',
    })
  })

  test('many are sent again by a filter, and discarded by one; twice is once', async () => {
    const { app, tasks, ran, world } = begin(make())
    const sent = Array.from({ length: 450 }, (_unused, index) => tasks.fails.delay(index))
    await failed(...sent, tasks.refuses.delay())
    world.mended = true
    ran.length = 0
    const filter = { task: 'dead.fails' }
    const counts = await Promise.all([app.deadLetters.redrive(filter), app.deadLetters.redrive(filter)])
    expect(Math.max(...counts)).toBe(450)
    expect(await app.deadLetters.redrive(filter)).toBe(0)
    for (const { id } of sent) await (await app.result(`${id}.d1`)).get()
    expect(ran.length).toBe(450)
    expect(await app.deadLetters.discard(filter)).toBe(450)
    expect(await app.deadLetters.discard(filter)).toBe(0)
    expect((await app.deadLetters.list()).map((one) => one.task)).toEqual(['dead.refuses'])
    const [left] = await ids(app)
    expect(await app.deadLetters.discard(left as string)).toBe(1)
    expect(await app.deadLetters.discard(left as string)).toBe(0)
    await expect(app.deadLetters.redrive(left as string)).rejects.toMatchObject({ code: 'UMBEL_UNKNOWN_LETTER' })
  })

  test('letters outlive the rows they are about, up to a bound of their own', async () => {
    const { app, tasks, world } = begin(make({ keepEnded: 1, keepLetters: 2 }))
    const sent = [tasks.fails.delay(1), tasks.fails.delay(2), tasks.fails.delay(3)]
    await failed(...sent)
    await tasks.note.delay(0).get()
    await tasks.note.delay(0).get()
    expect(await ids(app)).toEqual(sent.slice(1).map(({ id }) => id))
    world.mended = true
    expect(await (await app.deadLetters.redrive(sent[1]?.id as string)).get()).toBe(2)
  })

  test('a chord is run again from its failed member: what succeeded stands, and the body is given all in order', async () => {
    const { app, tasks, ran, world } = begin(make())
    const whole = chord([tasks.note.s(1), tasks.fails.s(2), tasks.note.s(3), tasks.fails.s(4)], tasks.sum.s()).delay()
    await failed(whole)
    world.mended = true
    ran.length = 0
    const letters = await app.deadLetters.list()
    expect(letters.map(({ args }) => args)).toEqual([[2], [4]])
    const again = await app.deadLetters.redrive(letters[0]?.id as string)
    expect(await again.get()).toBe(10)
    expect(ran.toSorted()).toEqual([2, 4])
    const other = await app.deadLetters.redrive(letters[1]?.id as string)
    expect(await app.rerun(letters[0]?.workflow as string)).toMatchObject({ id: again.id })
    expect(await app.rerun(whole.id)).toMatchObject({ id: again.id })
    expect([other.id, await other.get(), whole.state]).toEqual([again.id, 10, 'FAILURE'])
  })

  test('a chain goes on at the step that failed, with other arguments where they are given', async () => {
    const { app, tasks, ran } = begin(make())
    const whole = chain(tasks.note.s(1), tasks.fails.s(), tasks.note.s()).delay()
    await failed(whole)
    const [letter] = await app.deadLetters.list()
    expect(letter?.args).toEqual([1])
    const again = await app.deadLetters.redrive(letter?.id as string, { args: [7] })
    await failed(again)
    expect(ran).toEqual([1, 1, 7])
  })

  test('a chord that members were added to is run again where all of these had succeeded, and is refused where it failed', async () => {
    const { app, tasks, ran, world } = begin(make())
    const whole = chain(chord([tasks.grows.s(1), tasks.grows.s(2)], tasks.sum.s()), tasks.fails.s()).delay()
    await failed(whole)
    world.mended = true
    ran.length = 0
    const [letter] = await app.deadLetters.list()
    expect(await (await app.deadLetters.redrive(letter?.id as string)).get()).toBe(33)
    expect(ran).toEqual([33])
    world.mended = false
    const broken = chord([tasks.grows.s(1), tasks.fails.s(2)], tasks.sum.s()).delay()
    await failed(broken)
    const found = await app.deadLetters.list({ redriven: false })
    await expect(app.deadLetters.redrive(found[0]?.id as string)).rejects.toMatchObject({ code: 'UMBEL_CANNOT_RERUN' })
    expect(await app.deadLetters.redrive({})).toBe(0)
  })

  test('what a task was replaced by fails with it: the task is sent again as a whole', async () => {
    const { app, tasks, ran, world } = begin(make())
    const sent = tasks.replaced.delay(5)
    await failed(sent)
    world.mended = true
    const [letter, ...others] = await app.deadLetters.list()
    expect([letter?.task, others]).toEqual(['dead.fails', []])
    const again = await app.deadLetters.redrive(letter?.id as string)
    expect([again.id, await again.get()]).toEqual([`${sent.id}.d1`, 5])
    expect(ran).toEqual([100, 5, 100, 5])
  })

  test('groups of none, of one and of many are run again; nested results keep their places', async () => {
    const { app, tasks, world } = begin(make())
    const whole = chain(
      tasks.fails.s(0),
      group([group([tasks.note.si(1), tasks.note.si(2)]), chain(tasks.note.si(3), tasks.note.si(4))]),
    ).delay()
    const ok = group([tasks.note.s(1)]).delay()
    await failed(whole)
    expect(await ok.get()).toEqual([1])
    world.mended = true
    const [letter] = await app.deadLetters.list()
    const again = await app.rerun(letter?.workflow as string)
    expect(await again.get()).toHaveLength(3)
    await expect(app.rerun(again.id.split('/')[0] as string)).rejects.toMatchObject({ code: 'UMBEL_CANNOT_RERUN' })
    await expect(app.rerun('nothing')).rejects.toMatchObject({ code: 'UMBEL_UNKNOWN_RESULT' })
  })
})

test('letters survive the process, and what was sent again goes on in the next one, once', async () => {
  const file = newFile()
  const first = begin(sqliteStore(file, { sync: 'off' }))
  const whole = chord([first.tasks.note.s(1), first.tasks.fails.s(2)], first.tasks.sum.s()).delay()
  await failed(whole)
  const killed = asIfKilled(file)
  const second = begin(sqliteStore(killed, { sync: 'off' }))
  const [letter] = await second.app.deadLetters.list()
  second.app.control.pause('default')
  const { id } = await second.app.deadLetters.redrive(letter?.id as string)
  expect(second.ran).toEqual([])
  const third = begin(sqliteStore(asIfKilled(killed), { sync: 'off' }))
  third.world.mended = true
  await third.app.start()
  const again = await third.app.deadLetters.redrive(letter?.id as string)
  expect([again.id, await again.get(), third.ran]).toEqual([id, 3, [2]])
})

test('poison has a letter that tells of each process that it took along', async () => {
  let file = newFile()
  let id: string | undefined
  for (let process = 1; process <= 3; process += 1) {
    const life = begin(sqliteStore(file, { sync: 'off' }))
    const runs = next(life.app, 'task-prerun')
    await life.app.start()
    id ??= life.tasks.hangs.delay().id
    await runs
    file = asIfKilled(file)
  }
  const last = begin(sqliteStore(file, { sync: 'off' }))
  await last.app.start()
  await failed(await last.app.result(id as string))
  const letter = await last.app.deadLetters.get(id as string)
  expect(letter?.code).toBe('UMBEL_WORKER_LOST')
  expect(letter?.attempts.map(({ attempt, error }) => [attempt, error?.code])).toEqual([
    [1, 'UMBEL_WORKER_LOST'],
    [1, 'UMBEL_WORKER_LOST'],
    [1, 'UMBEL_WORKER_LOST'],
  ])
})

test('a letter whose task is registered no more is sent again once that is back, and not before', async () => {
  const file = newFile()
  const first = begin(sqliteStore(file, { sync: 'off' }))
  const { id } = first.tasks.fails.delay(1)
  await failed(await first.app.result(id))
  await first.app.stop()
  const without = open({ tasks: [], store: sqliteStore(file, { sync: 'off' }) })
  await expect(without.deadLetters.redrive(id)).rejects.toMatchObject({ code: 'UMBEL_UNKNOWN_TASK' })
  expect(await without.deadLetters.redrive({})).toBe(0)
  await without.stop()
  const back = begin(sqliteStore(file, { sync: 'off' }))
  back.world.mended = true
  expect(await (await back.app.deadLetters.redrive(id)).get()).toBe(1)
})

test('arguments that no longer decode are kept, and can be replaced', async () => {
  const store = memoryStore()
  await store.commit({
    rows: [row('t1', { spec: { ...SPEC, task: 'dead.note' }, args: 'from the future' })],
    events: [],
  })
  const { app } = begin(store)
  await app.start()
  await failed(await app.result('t1'))
  expect(await app.deadLetters.get('t1')).toMatchObject({ id: 't1', args: undefined, kwargs: {} })
  expect(await (await app.deadLetters.redrive('t1', { args: [3] })).get()).toBe(3)
})

test('a file from before there were dead letters is given room for them', async () => {
  const file = newFile()
  const first = begin(sqliteStore(file, { sync: 'off' }))
  expect(await first.tasks.note.delay(1).get()).toBe(1)
  await first.app.stop()
  const old = asIfKilled(file)
  const later = [...OWN_TABLES].filter((table) => !TABLES.includes(table))
  tamper(old, `${later.map((table) => `DROP TABLE ${table};`).join(' ')} PRAGMA user_version = 1`)
  const second = begin(sqliteStore(old, { sync: 'off' }))
  await failed(second.tasks.fails.delay(2))
  expect(await ids(second.app)).toHaveLength(1)
})

test('100,000 members stand as one is run again', async () => {
  const { app, tasks, ran, world } = begin(memoryStore({ keepEnded: 500_000 }))
  const members = Array.from({ length: 100_000 }, (_unused, index) => tasks.note.s(index))
  const whole = group([...members, tasks.fails.s(-1)]).delay()
  await failed(whole)
  world.mended = true
  ran.length = 0
  const [letter] = await app.deadLetters.list()
  const again = (await app.rerun(letter?.workflow as string)) as AsyncResult<readonly number[]>
  const all = await again.get()
  expect([all.length, all.at(-2), all.at(-1), ran]).toEqual([100_001, 99_999, -1, [-1]])
})
