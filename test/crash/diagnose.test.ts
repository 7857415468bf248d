import { encode, type JoinRow, type Row, type WorkflowRow } from '@umbel/core'
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
const done = ended('g/1', { workflow: 'g', node: 1, root: 'g', runs: 1 })
const sound: readonly Row[] = [GROUP, JOIN, done, node('g', 2), task('t1'), ended('t2', { runs: 1 })]

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
