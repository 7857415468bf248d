import {
  type ChartRow,
  encode,
  type JoinRow,
  NO_PAST,
  pastStates,
  pastWith,
  type Row,
  type WorkflowRow,
} from '@umbel/core'
import { expect, test } from 'vitest'
import { ended, key, node, SPEC, task, workflow } from '../conformance/store-rows.ts'
import { diagnose } from './diagnose.ts'

/** A group of two whose first member has ended. */
const JOIN: JoinRow = {
  kind: 'join',
  id: 'g/3',
  workflow: 'g',
  remaining: 1,
  failed: 0,
  result: undefined,
  error: undefined,
}
const GROUP: WorkflowRow = {
  ...workflow('g', 0),
  plan: {
    nodes: [
      { kind: 'fork', branches: [1, 2], join: 3 },
      { kind: 'task', spec: SPEC, args: '[]', kwargs: undefined, next: 3 },
      { kind: 'task', spec: SPEC, args: '[]', kwargs: undefined, next: 3 },
      { kind: 'join', members: [1, 2], next: 4, body: 4 },
      { kind: 'task', spec: SPEC, args: '[]', kwargs: undefined, next: -1 },
    ],
    entry: 0,
    exit: 4,
  },
}
/** A run that waits for a task, with a timer, an action to be run, and an event that it has kept. */
const RUN: ChartRow = {
  kind: 'chart',
  id: 'r',
  machine: 'order',
  version: '1',
  value: 'charging',
  context: '{}',
  state: 'CHARGING',
  states: ['CHARGING'],
  past: [
    { state: 'OPEN', at: 1 },
    { state: 'CHARGING', at: 2, by: 'ann' },
  ].reduce(pastWith, NO_PAST),
  children: { pay: { id: 'r/pay.1', kind: 'task', src: 'pay' } },
  begun: 2,
  timers: [{ send: undefined, due: 9, event: '{}' }],
  kept: [{ event: '{}' }],
  heard: [{ id: 'click' }],
  actions: [{ n: 2, action: 'mail', params: undefined, event: '{}', context: '{}' }],
  parent: undefined,
  root: 'r',
  settles: undefined,
  result: undefined,
  error: undefined,
  sentAt: 1,
  endedAt: undefined,
}
const pay = task('r/pay.1', { settles: 'r', parent: 'r', root: 'r' })
/** The same at its end. */
const OVER: ChartRow = {
  ...RUN,
  state: 'SUCCESS',
  states: [],
  children: {},
  timers: [],
  kept: [],
  actions: [],
  result: encode(1),
  endedAt: 9,
}

/** One that has failed and takes back what it has done. */
const BACK: ChartRow = {
  ...OVER,
  id: 'b',
  root: 'b',
  state: 'COMPENSATING',
  states: ['COMPENSATING'],
  result: undefined,
  error: { name: 'Error', message: '' },
  endedAt: undefined,
  closing: 'FAILURE',
  children: { compensation: { id: 'b/pay.1.c2', kind: 'task', src: 'pay' } },
  done: [{ id: 'b/pay.1', src: 'pay', input: '[]', output: '5', sent: 2 }],
  compensating: { cause: { name: 'Error', message: '' }, step: 'runs', retries: 1, skipped: [] },
}
const stepping = (step: NonNullable<ChartRow['compensating']>['step']): ChartRow => ({
  ...BACK,
  children: {},
  compensating: { cause: { name: 'Error', message: '' }, step, retries: 1, skipped: [] },
})
const refund = task('b/pay.1.c2', { settles: 'b', parent: 'b', root: 'b' })
const done = ended('g/1', { workflow: 'g', node: 1, root: 'g', runs: 1 })
const sound: readonly Row[] = [
  GROUP,
  JOIN,
  done,
  node('g', 2),
  task('t1'),
  ended('t2', { runs: 1 }),
  RUN,
  pay,
  BACK,
  refund,
]

/** The same rows, with one in the place of its like. */
const but = (row: Row): Row[] => [...sound.filter(({ id }) => id !== row.id), row]

test('finds nothing wrong with sound rows', () => {
  expect(diagnose(sound)).toEqual([])
})

test('finds nothing wrong with a key, its holder, and what waits for it', () => {
  const holder = task('t1', { keys: ['/key/t/k'] })
  const waits = task('t3', { state: 'PENDING', follows: '/key/t/k' })
  expect(diagnose([...but(holder), waits, key('t1')])).toEqual([])
})

test('finds nothing wrong with a run that has ended, one that ends after its actions, and a step that is a run', () => {
  const closing: ChartRow = { ...OVER, closing: 'SUCCESS', state: 'CHARGING', actions: RUN.actions, endedAt: undefined }
  const paid = ended('r/pay.1', { settles: 'r', runs: 1 })
  expect(diagnose([...but(OVER).filter(({ id }) => id !== pay.id), paid])).toEqual([])
  expect(diagnose([closing, paid])).toEqual([])
  const step = task('s', { state: 'REPLACED', replacedBy: 's.r1' })
  expect(diagnose([step, { ...RUN, id: 's.r1', children: {}, settles: 's' }])).toEqual([])
})

test.each<readonly [string, readonly Row[]]>([
  ['I1 t1 is there twice', [...sound, task('t1')]],
  ['I1 task t1 is in no state of its own', but(task('t1', { state: 'FLYING' }))],
  ['I2 task t2 is SUCCESS', but(ended('t2', { runs: 1, endedAt: undefined }))],
  ['I2 task t1 is RECEIVED', but(task('t1', { endedAt: 5 }))],
  ['I2 task t2 has succeeded without a result', but(ended('t2', { runs: 1, result: undefined }))],
  ['I3 task t1 has 2 attempts', but(task('t1', { attempt: 2, runs: 1 }))],
  ['I3 task t1 has 0 attempts, 4 runs, 4 losses', but(task('t1', { runs: 4, losses: 4 }))],
  ['I4 task t1 runs', but(task('t1', { state: 'STARTED', attempt: 1, runs: 1 }))],
  ['I5 join g/3 awaits 2', but({ ...JOIN, remaining: 2 })],
  ['I5 join g/3 awaits 1 members, of which 0', but(ended('g/2', { workflow: 'g', node: 2, root: 'g', runs: 1 }))],
  ['I5 join g/3 is complete', [...but({ ...JOIN, remaining: 0 }), ended('g/2', { workflow: 'g', node: 2, runs: 1 })]],
  ['I6 join g/3 is open', [...sound, node('g', 4)]],
  ['I7 task t1 is PENDING', but(task('t1', { state: 'PENDING' }))],
  ['I7 task t1 waits for /key/t/k', [...but(task('t1', { state: 'PENDING', follows: '/key/t/k' })), key('t2')]],
  ['I7 task t1 waits for t2', but(task('t1', { state: 'PENDING', follows: 't2' }))],
  ['I7 key /key/t/k is held by t2', [...sound, key('t2')]],
  ['I7 key /key/t/k is held by t1', [...sound, key('t1')]],
  ['I7 key /key/t/k is free', [...sound, { ...key('t2'), state: 'free' }]],
  ['I7 task t1 waits for t1.r1', but(task('t1', { state: 'REPLACED', replacedBy: 't1.r1' }))],
  ['I7 workflow g is ACTIVE', sound.filter(({ id }) => id !== 'g/2')],
  ['I9 task g/2 is RECEIVED', but({ ...GROUP, state: 'REVOKED', endedAt: 9 })],
  ['I2 run r is CHARGING', but({ ...RUN, endedAt: 9 })],
  ['I2 run r is SUCCESS', but({ ...OVER, endedAt: undefined })],
  ['I2 run r has ended as SUCCESS', but({ ...OVER, result: undefined })],
  ['I2 run r has ended as FAILURE', but({ ...OVER, state: 'FAILURE' })],
  ['I12 run r is over and has 1 children', but({ ...OVER, children: RUN.children })],
  ['I12 run r is over and has 1 timers', but({ ...OVER, timers: RUN.timers })],
  ['I12 run r is over and has 1 kept events', but({ ...OVER, kept: RUN.kept })],
  ['I12 run r is over and has 1 active states', but({ ...OVER, states: ['OPEN'] })],
  ['I12 run r has ended, and still had to run 1', but({ ...OVER, actions: RUN.actions })],
  ['I12 run r ends as SUCCESS after', but({ ...OVER, state: 'OPEN', closing: 'SUCCESS', endedAt: undefined })],
  ['I13 run r waits for pay (r/pay.1), which is over', but(ended('r/pay.1', { settles: 'r', runs: 1 }))],
  ['I13 run r waits for pay (r/pay.1), which is over', sound.filter(({ id }) => id !== pay.id)],
  ['I13 run r waits for pay (r/pay.1), which is for t1', but({ ...pay, settles: 't1' })],
  ['I13 run r takes pay', but({ ...RUN, children: { pay: { id: 'r/pay.1', kind: 'workflow', src: 'pay' } } })],
  ['I14 task r/pay.1 goes on for r', but({ ...RUN, children: {} })],
  ['I14 task r/pay.1 goes on for r', but(OVER)],
  ['I14 task r/pay.1 goes on for r', sound.filter(({ id }) => id !== 'r')],
  ['I14 chart r goes on for t1', but({ ...RUN, settles: 't1' })],
  ['I15 run r has begun 1', but({ ...RUN, begun: 1 })],
  ['I15 run r has actions', but({ ...RUN, begun: 4, actions: [4, 3].map((n) => ({ ...RUN.actions[0], n }) as never) })],
  ['I15 run r has a past', but({ ...RUN, past: pastStates(RUN.past).toReversed().reduce(pastWith, NO_PAST) })],
  ['I15 run r was told twice', but({ ...RUN, heard: [{ id: 'a' }, { id: 'a' }] })],
  ['I15 run r has a timer', but({ ...RUN, timers: [{ send: undefined, due: Number.NaN, event: '{}' }] })],
  ['I16 run b takes back what it did, and has not failed', but({ ...BACK, done: [] })],
  ['I16 run b takes back what it did, and has not failed', but({ ...BACK, closing: 'SUCCESS' })],
  ['I16 run b runs, with 0 compensations', but(stepping('runs'))],
  ['I16 run b waits, with 0 compensations and 0 timers', but(stepping('waits'))],
  ['I16 run b held, with 1 compensations', but({ ...stepping('held'), children: BACK.children })],
  ['I16 run b takes back by b/pay.1.c2', but({ ...BACK, done: BACK.done?.map((one) => ({ ...one, sent: 3 })) ?? [] })],
  ['I16 run b failed to take back', but(stepping('failed'))],
  ['I16 run b takes back what it did (failed), and shows', but(stepping('failed'))],
  ['I13 run b waits for compensation (b/pay.1.c2)', sound.filter(({ id }) => id !== refund.id)],
  [
    'I5 workflow g has another result',
    [
      ...but({ ...GROUP, state: 'SUCCESS', endedAt: 9, result: encode(7) }),
      ended('g/4', { workflow: 'g', node: 4, runs: 1 }),
    ],
  ],
])('finds %s', (finding, rows) => {
  expect(
    diagnose(rows).some((one) => one.startsWith(finding)),
    diagnose(rows).join('\n'),
  ).toBe(true)
})
