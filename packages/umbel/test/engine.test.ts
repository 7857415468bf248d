import { END, type Encoded, type EngineEvent, type Plan, type PlanNode } from '@umbel/core'
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
