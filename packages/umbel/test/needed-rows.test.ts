import { END, type EngineEvent, encode, type Plan, type PlanNode } from '@umbel/core'
import { expect, test } from 'vitest'
import { SPEC } from '../../../test/conformance/store-rows.ts'
import { Engine } from '../src/engine.ts'
import { memoryStore } from '../src/index.ts'

const node = (next: number): PlanNode => ({ kind: 'task', spec: SPEC, args: '[]', kwargs: undefined, next })
const chainOfTwo: Plan = { nodes: [node(1), node(END)], entry: 0, exit: 1 }
const sent = (id: string, more: object = {}): EngineEvent => ({
  type: 'canvas-sent',
  id,
  plan: chainOfTwo,
  input: undefined,
  parent: undefined,
  root: undefined,
  settles: undefined,
  at: 1,
  ...more,
})

/** A store that holds a workflow whose first step succeeded and whose second failed. */
async function storeWithOld(): Promise<ReturnType<typeof memoryStore>> {
  const store = memoryStore()
  const engine = new Engine({ store, perform: () => {}, failed: () => {} })
  engine.accept(sent('old'))
  for (const id of ['old/0', 'old/1']) engine.accept({ type: 'task-started', id, attempt: 1, run: 1, at: 2 })
  engine.accept({ type: 'task-succeeded', id: 'old/0', attempt: 1, run: 1, result: encode('kept'), at: 3 })
  engine.accept({ type: 'task-started', id: 'old/1', attempt: 1, run: 1, at: 4 })
  const error = { name: 'Error', message: 'no' }
  engine.accept({ type: 'task-failed', id: 'old/1', attempt: 1, run: 1, error, at: 5 })
  await engine.rested()
  return store
}

test('what a fact needs to know of what has ended is read from the store, and is not kept in memory', async () => {
  const engine = new Engine({ store: await storeWithOld(), perform: () => {}, failed: () => {} })
  await engine.accepted(sent('new', { redrives: 'old' }))
  expect(engine.task('new/0')).toMatchObject({ state: 'SUCCESS', result: encode('kept') })
  expect(engine.task('new/1')).toMatchObject({ state: 'RECEIVED' })
  expect([...engine.rows()].filter(({ id }) => id.startsWith('old'))).toEqual([])
})

test('nothing is read for facts that need nothing', async () => {
  const store = await storeWithOld()
  let reads = 0
  const get = store.get.bind(store)
  Object.assign(store, {
    get: (id: string) => {
      reads += 1
      return get(id)
    },
  })
  const engine = new Engine({ store, perform: () => {}, failed: () => {} })
  await engine.accepted(sent('new'))
  await engine.accepted({ type: 'task-started', id: 'new/0', attempt: 1, run: 1, at: 2 })
  expect(reads).toBe(0)
})

test('a store that cannot be read refuses what was sent, and is asked again for what has happened', async () => {
  const store = await storeWithOld()
  const get = store.get.bind(store)
  let failing = 2
  Object.assign(store, {
    get: (id: string) => {
      failing -= 1
      return failing >= 0 ? Promise.reject(new Error('disk')) : get(id)
    },
  })
  const failures: unknown[] = []
  const engine = new Engine({ store, perform: () => {}, failed: (error) => failures.push(error) })
  const refused = { code: 'UMBEL_STORE_FAILED', cause: new Error('disk') }
  await expect(engine.accepted(sent('lost', { redrives: 'old' }))).rejects.toMatchObject(refused)
  expect(engine.get('lost')).toBe(undefined)
  await engine.accepted(sent('new', { redrives: 'old', parent: 'old' }))
  expect(engine.task('new/0')).toMatchObject({ state: 'SUCCESS' })
  expect(failures).toEqual([expect.objectContaining(refused), expect.objectContaining(refused)])
})
