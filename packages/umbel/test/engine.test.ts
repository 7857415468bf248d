import { END, type Encoded, type EngineEvent, type Plan, type PlanNode, type ResultRow, type Row } from '@umbel/core'
import { expect, test } from 'vitest'
import { SPEC } from '../../../test/conformance/store-rows.ts'
import { Engine } from '../src/engine.ts'
import { createApp, memoryStore } from '../src/index.ts'
import { Seats } from '../src/seats.ts'
import { arithmetic } from './fixtures/arithmetic.ts'

const node = (next: number): PlanNode => ({ kind: 'task', spec: SPEC, args: '[]', kwargs: undefined, next })
const chainOfTwo: Plan = { nodes: [node(1), node(END)], entry: 0, exit: 1 }
const sent = (id: string, plan: Plan): EngineEvent => ({
  type: 'canvas-sent',
  id,
  plan,
  input: undefined,
  parent: undefined,
  root: undefined,
  settles: undefined,
  at: 1,
})

/** A result that cannot be put into a list, as the results of a group cannot that are longer together than text can be. */
const unfit = {
  get text(): string {
    throw new RangeError('Invalid string length')
  },
  bytes: [],
} as Encoded

test('an outcome that cannot be taken in fails its task, and everything else of its batch is taken in', async () => {
  const store = memoryStore()
  const failures: unknown[] = []
  const engine = new Engine({ store, perform: () => {}, failed: (error) => failures.push(error) })
  for (const id of ['spoiled', 'fine']) {
    engine.accept(sent(id, chainOfTwo))
    engine.accept({ type: 'task-started', id: `${id}/0`, attempt: 1, run: 1, at: 2 })
  }
  await engine.rested()
  engine.accept({ type: 'task-succeeded', id: 'fine/0', attempt: 1, run: 1, result: '1', at: 3 })
  engine.accept({ type: 'task-succeeded', id: 'spoiled/0', attempt: 1, run: 1, result: unfit, at: 3 })
  const answers: unknown[] = []
  engine.accept(sent('nonsense', {} as Plan), (error) => answers.push(error))
  engine.accept(sent('next', chainOfTwo), (error) => answers.push(error))
  await engine.rested()
  expect(engine.task('spoiled/0')).toMatchObject({ state: 'FAILURE', error: { message: 'Invalid string length' } })
  expect(engine.get('spoiled')).toMatchObject({ state: 'FAILURE' })
  expect([engine.task('fine/0')?.state, engine.task('fine/1')?.state]).toEqual(['SUCCESS', 'RECEIVED'])
  expect(engine.task('next/0')?.state).toBe('RECEIVED')
  expect(answers).toEqual([expect.any(TypeError), undefined])
  expect(failures).toEqual([new RangeError('Invalid string length'), expect.any(TypeError)])
})

test('a start that cannot be taken in fails its task, and so does whatever its handler tells', async () => {
  const store = memoryStore()
  const engine = new Engine({ store, perform: () => {}, failed: () => {} })
  for (const id of ['start', 'state']) engine.accept(sent(id, { ...chainOfTwo, nodes: [node(END)], exit: 0 }))
  await engine.rested()
  // a number that cannot be read stands for whatever may go wrong there
  const broken = <T extends EngineEvent>(event: T): T =>
    Object.defineProperty({ ...event }, 'run', {
      enumerable: true,
      get: () => {
        throw new RangeError('broken')
      },
    })
  engine.accept({ type: 'task-started', id: 'state', attempt: 1, run: 1, at: 2 })
  engine.accept(broken({ type: 'task-started', id: 'start', attempt: 1, run: 1, at: 2 }))
  engine.accept(
    broken({ type: 'task-progress', id: 'state', attempt: 1, run: 1, progress: { done: 1, total: 2 }, at: 3 }),
  )
  await engine.rested()
  for (const id of ['start', 'state'])
    expect(engine.task(id)).toMatchObject({ state: 'FAILURE', error: { message: 'broken' } })
})

test('a send that the store does not take is refused, and the next one is taken', async () => {
  let failing = true
  const store = memoryStore()
  const commit = store.commit.bind(store)
  const app = createApp({
    tasks: [arithmetic],
    lanes: { default: { threads: 0 } },
    store: Object.assign(store, {
      commit: (batch: Parameters<typeof commit>[0]) =>
        failing ? Promise.reject(new Error('disk full')) : commit(batch),
    }),
  })
  const refused = app.delay(arithmetic.inlineAdd.s(1, 2))
  const failed = expect.objectContaining({ code: 'UMBEL_STORE_FAILED', cause: new Error('disk full') })
  await expect(refused.accepted).rejects.toEqual(failed)
  await expect(refused.get()).rejects.toEqual(failed)
  failing = false
  expect(await app.delay(arithmetic.inlineAdd.s(1, 2)).get()).toBe(3)
  await app.stop()
})

test('what is not stored leaves no seats behind, also where they were to be given up meanwhile', async () => {
  let failing = true
  const store = memoryStore()
  const seats = new Seats<unknown>()
  const commit = store.commit.bind(store)
  const own = Object.assign(store, {
    commit: async (batch: Parameters<typeof commit>[0]) => {
      const seat = seats.get('a/0')
      if (seat !== undefined) seats.left('a/0', seat)
      return failing ? Promise.reject(new Error('disk full')) : commit(batch)
    },
  })
  const engine = new Engine({ store: own, seats, perform: () => {}, failed: () => {} })
  engine.accept(sent('a', chainOfTwo))
  await engine.rested()
  expect([seats.get('a'), seats.get('a/0')]).toEqual([undefined, undefined])
  failing = false
  engine.accept(sent('a', chainOfTwo))
  await engine.rested()
  expect([seats.get('a')?.row?.kind, seats.get('a/0')?.row?.kind]).toEqual(['workflow', 'task'])
  const whole = engine.get('a')
  if (whole?.kind === 'workflow') engine.release({ ...whole, endedAt: 5 })
  expect(seats.get('a/0')?.row?.kind).toBe('task') // it goes on
  engine.resume({ ...whole, endedAt: 5 } as never)
  engine.release(engine.get('a') as never)
  expect([seats.get('a'), seats.get('a/0')]).toEqual([undefined, undefined])
})

/** A group of so many members. */
function groupOf(members: number): Plan {
  const all = Array.from({ length: members }, (_, member) => member + 1)
  const nodes: PlanNode[] = [
    { kind: 'fork', branches: all, join: members + 1 },
    ...all.map(() => node(members + 1)),
    { kind: 'join', members: all, next: END },
  ]
  return { nodes, entry: 0, exit: members + 1 }
}

/** An engine whose commands do no more than to have it forget what has ended. */
function forgetting(seats: Seats<unknown>, store = memoryStore()): Engine {
  const engine: Engine = new Engine({
    store,
    seats,
    failed: () => {},
    perform: ({ commands }, row) => {
      for (const { type, id } of commands) if (type === 'settle') engine.release(row(id) as ResultRow)
    },
  })
  return engine
}

const ends: Readonly<Record<string, (n: number) => EngineEvent[]>> = {
  succeeds: () => [],
  fails: (n) => [
    { type: 'task-failed', id: `w/${n}`, attempt: 1, run: 1, error: { name: 'Error', message: '' }, at: 3 },
  ],
  'is revoked': () => [{ type: 'workflow-revoked', id: 'w', error: { name: 'Error', message: '' }, at: 3 }],
}
const cases = [1, 2, 1_500].flatMap((members) =>
  Object.keys(ends).flatMap((how) =>
    ['', ', the store refusing it once', ', the process ended'].map((more) => ({ members, how, more })),
  ),
)

test.each(cases)(
  'of a group of $members that $how half-way$more nothing is at hand once it is over',
  async ({ members, how, more }) => {
    let [seats, refusals] = [new Seats<unknown>(), 0]
    const store = memoryStore()
    const commit = store.commit.bind(store)
    store.commit = (batch) => (refusals-- > 0 ? Promise.reject(new Error('busy')) : commit(batch))
    let engine = forgetting(seats, store)
    engine.accept(sent('w', groupOf(members)))
    await engine.rested()
    const half = Math.ceil(members / 2)
    const run = (from: number, to: number): void => {
      for (let n = from; n <= to; n += 1) {
        engine.accept({ type: 'task-started', id: `w/${n}`, attempt: 1, run: 1, at: 2 })
        if (n !== half)
          engine.accept({ type: 'task-succeeded', id: `w/${n}`, attempt: 1, run: 1, result: `${n}`, at: 3 })
      }
    }
    run(1, half)
    await engine.rested()
    expect([...seats.rows()]).toHaveLength(members + 2) // and the workflow and its join; a fork has no row
    if (more === ', the process ended') {
      seats = new Seats()
      engine = forgetting(seats, store)
      const rows: Row[] = []
      for await (const row of store.unfinished()) rows.unshift(row) // in whatever order they come
      for (const row of rows) engine.resume(row)
      expect([...seats.rows()]).toHaveLength(members + 2)
    } else if (more !== '') refusals = 1
    for (const event of (ends[how] as (n: number) => EngineEvent[])(half)) engine.accept(event)
    engine.accept({ type: 'task-succeeded', id: `w/${half}`, attempt: 1, run: 1, result: `${half}`, at: 3 })
    await engine.rested()
    if (how !== 'is revoked') run(half + 1, members)
    await engine.rested()
    const whole = await store.get('w')
    const state = { succeeds: 'SUCCESS', fails: 'FAILURE', 'is revoked': 'REVOKED' }[how]
    const results = how === 'succeeds' ? `[${Array.from({ length: members }, (_, n) => n + 1).join(',')}]` : undefined
    expect(whole).toMatchObject({ state, result: results })
    expect([[...seats.rows()], seats.get('w'), seats.get(`w/${half}`), seats.node('w', half)]).toEqual([
      [],
      undefined,
      undefined,
      undefined,
    ])
  },
)

test.each([2, 3])('a store that fails three times, from commit %i on, strands no task', async (number) => {
  let commits = 0
  const store = memoryStore()
  const commit = store.commit.bind(store)
  const app = createApp({
    tasks: [arithmetic],
    lanes: { default: { threads: 0 } },
    store: Object.assign(store, {
      commit: (batch: Parameters<typeof commit>[0]) => {
        commits += 1
        return commits >= number && commits < number + 3 ? Promise.reject(new Error('busy')) : commit(batch)
      },
    }),
  })
  try {
    expect(await app.delay(arithmetic.inlineAdd.s(1, 2)).get()).toBe(3)
  } finally {
    await app.stop({ deadline: 0 })
  }
})
