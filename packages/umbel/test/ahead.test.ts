import { END, type EngineEvent, type Row, type Step, type Store } from '@umbel/core'
import { expect, test } from 'vitest'
import { SPEC } from '../../../test/conformance/store-rows.ts'
import { Engine } from '../src/engine.ts'
import { createApp, memoryStore } from '../src/index.ts'
import { arithmetic } from './fixtures/arithmetic.ts'

const sent = (id: string): EngineEvent => ({
  type: 'canvas-sent',
  id,
  plan: { nodes: [{ kind: 'task', spec: SPEC, args: '[]', kwargs: undefined, next: END }], entry: 0, exit: 0 },
  input: undefined,
  parent: undefined,
  root: undefined,
  settles: undefined,
  at: 1,
})
const revoked = (id: string): EngineEvent => ({
  type: 'task-revoked',
  id,
  error: { name: 'Error', message: '' },
  at: 2,
})

/** Turns in which all is done that can be: where the loop has been busy for 5 ms the engine lets it turn first. */
const turn = async (): Promise<void> => {
  for (let count = 0; count < 4; count += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** A store that is sure of each batch when it is told so. */
function held() {
  const waits: PromiseWithResolvers<void>[] = []
  const store = memoryStore()
  const commit = store.commit.bind(store)
  const commits: string[][] = []
  const late: Store = Object.assign(store, {
    commit: async (batch: Parameters<typeof commit>[0]) => {
      commits.push(batch.events.map(({ type, id }) => `${type} ${id}`))
      waits.push(Promise.withResolvers())
      return commit(batch)
    },
    safe: () => waits.at(-1)?.promise,
  })
  return { store: late, waits, commits }
}

/** An engine on such a store, and what it does. */
function begun() {
  const { store, waits, commits } = held()
  const seen: string[] = []
  const rows: (Row | undefined)[] = []
  const lost: unknown[] = []
  const perform = (step: Step, row: (id: string) => Row | undefined): void => {
    for (const { type, id } of step.commands) {
      seen.push(`${type} ${id}`)
      rows.push(row(id))
    }
  }
  const engine = new Engine({ store, perform, failed: () => {} })
  engine.whenLost((error) => lost.push(error))
  const accept = (event: EngineEvent): void =>
    engine.accept(event, (error) => seen.push(`${error === undefined ? 'stored' : 'refused'} ${event.id}`))
  return { engine, waits, commits, seen, rows, lost, accept }
}

test('nothing follows from what is not safe but the next batch, and then all in order', async () => {
  const { engine, waits, commits, seen, accept } = begun()
  accept(sent('a'))
  await turn()
  accept(sent('b'))
  await turn()
  expect(commits).toEqual([['canvas-sent a'], ['canvas-sent b']])
  expect([seen, engine.busy, engine.task('b')?.state]).toEqual([[], true, 'RECEIVED'])
  waits[1]?.resolve() // of the second it is known first
  await turn()
  expect(seen).toEqual([])
  waits[0]?.resolve()
  await engine.rested()
  expect(seen).toEqual(['run-task a', 'stored a', 'run-task b', 'stored b'])
  expect(engine.busy).toBe(false)
})

test('commands are carried out by the rows of their own batch, whatever came after it', async () => {
  const { engine, waits, seen, rows, accept } = begun()
  accept(sent('a'))
  await turn()
  accept(revoked('a'))
  await turn()
  expect(engine.task('a')?.state).toBe('REVOKED')
  const [row] = engine.rows()
  expect(row !== undefined && engine.isAhead(row)).toBe(true)
  for (const { resolve } of waits) resolve()
  await engine.rested()
  expect(seen).toEqual(['run-task a', 'stored a', 'withdraw-task a', 'settle a', 'stored a'])
  expect(rows.map((one) => one?.kind === 'task' && one.state)).toEqual(['RECEIVED', 'REVOKED', 'REVOKED'])
})

test('drained() waits for what is not safe', async () => {
  const { engine, waits, seen, accept } = begun()
  accept(sent('a'))
  await turn()
  let drained = false
  const wait = engine.drained().then(() => {
    drained = true
  })
  await turn()
  expect(drained).toBe(false)
  waits[0]?.resolve()
  await wait
  expect(seen).toEqual(['run-task a', 'stored a'])
})

test('a store that cannot be sure any more is lost: nothing follows, and whoever sent is told', async () => {
  const { engine, waits, commits, seen, lost, accept } = begun()
  accept(sent('a'))
  await turn()
  accept(sent('b'))
  await turn()
  waits[0]?.reject(new Error('EIO: i/o error, fdatasync'))
  waits[1]?.resolve()
  await engine.rested()
  expect(seen).toEqual(['refused a', 'refused b'])
  expect(lost).toEqual([expect.objectContaining({ code: 'UMBEL_STORE_FAILED' })])
  expect(engine.refusal).toMatchObject({ code: 'UMBEL_STORE_FAILED' })
  accept(sent('c'))
  await expect(engine.turn(() => seen.push('turn'))).rejects.toMatchObject({ code: 'UMBEL_STORE_FAILED' })
  await engine.rested()
  expect([seen, commits]).toEqual([
    ['refused a', 'refused b', 'refused c'],
    [['canvas-sent a'], ['canvas-sent b']],
  ])
})

test('an app whose store cannot be sure any more ends, and says why', async () => {
  const store = memoryStore()
  const broken: Store = Object.assign(store, { safe: () => Promise.reject(new Error('EIO: i/o error, fdatasync')) })
  const app = createApp({ tasks: [arithmetic], store: broken })
  const errors: unknown[] = []
  app.on('internal-error', ({ error }) => errors.push(error))
  const result = app.delay(arithmetic.add.s(1, 2))
  await expect(result.get()).rejects.toMatchObject({ code: 'UMBEL_STORE_FAILED' })
  expect(errors).toContainEqual(expect.objectContaining({ code: 'UMBEL_STORE_FAILED' }))
  await app.stop()
  expect(() => app.delay(arithmetic.add.s(1, 2))).toThrow(expect.objectContaining({ code: 'UMBEL_STORE_FAILED' }))
})
