import { DatabaseSync } from 'node:sqlite'
import { END, type EngineEvent, type Plan, type TaskSpec } from '@umbel/core'
import {
  array,
  assert,
  boolean,
  constant,
  constantFrom,
  double,
  integer,
  oneof,
  property,
  record,
  string,
  tuple,
  uint8Array,
} from 'fast-check'
import { expect, test } from 'vitest'
import { SPEC, task } from '../../../test/conformance/store-rows.ts'
import { sqliteStore } from '../src/sqlite.ts'
import { packEvents, type StoredPlans, unpackEvents } from '../src/stores/sqlite/packed-events.ts'
import { newFile, tamper } from './fixtures/store-file.ts'

const KNOWN: TaskSpec = { ...SPEC, task: 'known' }
const plans: StoredPlans = {
  numberOfPlan: () => undefined,
  knownSpec: (spec) => (spec.task === 'known' ? 7 : undefined),
  spec: (n) => (n === 7 ? KNOWN : undefined),
  plan: () => undefined,
}

const id = oneof(constantFrom('a', 'b', '0', '"', '1'), string())
const moment = oneof(constantFrom(0, 7), integer({ min: 0, max: 2 ** 45 }))
const encoded = oneof(string(), record({ text: string(), bytes: array(uint8Array()) }))
const ofRun = { id, attempt: integer({ min: 1 }), run: integer({ min: 1 }), at: moment }
const rarely = <T>(value: T) => oneof({ weight: 4, arbitrary: constant(undefined) }, constant(value))

const plan = tuple(constantFrom(SPEC, KNOWN), encoded, oneof(constant(undefined), encoded), boolean()).map(
  ([spec, args, kwargs, two]): Plan => {
    const node = { kind: 'task', spec, args, kwargs, next: END } as const
    return { nodes: two ? [node, node] : [node], entry: 0, exit: 0 }
  },
)
const sent = record({
  type: constant('canvas-sent' as const),
  id,
  plan,
  input: rarely('[1]'),
  parent: rarely('p'),
  root: rarely('r'),
  settles: rarely('s'),
  redrives: rarely('d'),
  unique: rarely({ id: '/unique/t/k', until: 'ended' as const }),
  at: moment,
})
const event = oneof(
  sent,
  record({ type: constant('task-started' as const), ...ofRun, key: rarely({ id: '/key/t/k' }) }),
  record({ type: constant('task-succeeded' as const), ...ofRun, result: encoded, writes: rarely('[]') }),
  record({
    type: constant('task-progress' as const),
    ...ofRun,
    progress: record({ done: integer(), total: integer() }),
  }),
  record({
    type: constant('task-received' as const),
    id,
    at: oneof(moment, double({ noNaN: true, noDefaultInfinity: true, min: 0 })),
  }),
)

test('what is read of the log is what was written, whatever stands in it', () => {
  assert(
    property(array(event), (events) => {
      expect(unpackEvents(packEvents(events as EngineEvent[], plans), plans)).toEqual(events)
    }),
  )
})

test('a moment that is that of the event before is not written again', () => {
  const run = { attempt: 1, run: 1, at: 1_764_000_000_000 }
  const events = ['a', 'b'].map((id) => ({ type: 'task-started', id, ...run }) as const)
  const packed = packEvents(events, plans)
  expect(packed).toBe('[2,"a",1,1,1764000000000,2,"b",1,1,""]')
  expect(unpackEvents(packed, plans)).toEqual(events)
})

test('a plan whose spec was dropped reads as one without nodes', () => {
  const plain = { input: undefined, parent: undefined, root: undefined, settles: undefined }
  const only = { nodes: [{ kind: 'task', spec: KNOWN, args: '[]', kwargs: undefined, next: END }], entry: 0, exit: 0 }
  const events = [{ type: 'canvas-sent', id: 'a', plan: only, ...plain, at: 1 }] as unknown as EngineEvent[]
  const packed = packEvents(events, plans)
  expect(unpackEvents(packed, { ...plans, spec: () => undefined })).toMatchObject([{ id: 'a', plan: { nodes: [] } }])
})

test('a list of the log that says nothing known is damaged, and says so', () => {
  expect(() => unpackEvents('[9,"a",1,1,1]', plans)).toThrow(RangeError)
})

test('a file of a version before has its rows and its log', async () => {
  const file = newFile()
  const store = sqliteStore(file)
  await store.open()
  await store.commit({ rows: [task('t1')], events: [{ type: 'task-received', id: 't1', at: 1 }] })
  await store.close()
  const old = { attempt: 1, runs: 2, losses: 1, startedAt: 5 }
  const told = [{ type: 'task-started', id: 't1', attempt: 1, run: 2, at: 5 }]
  tamper(
    file,
    `UPDATE rows SET body = '${JSON.stringify(old)}', state = 'STARTED'; UPDATE log SET body = '${JSON.stringify(told)}'; PRAGMA user_version = 6`,
  )
  const now = sqliteStore(file)
  await now.open()
  expect(await now.get('t1')).toEqual(task('t1', { state: 'STARTED', ...old }))
  expect(await now.events(1, 10)).toEqual([{ seq: 1, version: 1, event: told[0] }])
  await now.close()
  const database = new DatabaseSync(file, { readOnly: true })
  expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: 9 })
  database.close()
})
