import {
  type ChartRow,
  type EngineEvent,
  type ErrorData,
  encode,
  type JoinRow,
  type KeyRow,
  type Plan,
  type Row,
  type StreamRow,
  type TaskRow,
  type TaskSpec,
  type WorkflowRow,
} from '@umbel/core'
import { SPEC } from './store-rows.ts'

/** Every field is there, and none is undefined: what is added to a row or a spec must be added here, too. */
type Filled<T> = { [K in keyof T]-?: Exclude<T[K], undefined> }

const BYTES = encode(new Uint8Array([0, 1, 255]))
const ERROR: Filled<ErrorData> = {
  name: 'Flaw',
  className: 'DeepFlaw',
  message: 'it "broke" \n ümläut 😀 \u0000 \ud800',
  code: 'E_FLAW',
  stack: 'at here',
  fields: '{"part":"x"}',
  cause: { name: 'RangeError', message: 'cause' },
  errors: [{ name: 'Error', message: 'one of several' }],
}

const CALLBACK: Plan = {
  nodes: [{ kind: 'task', spec: SPEC, args: BYTES, kwargs: encode({ a: 1 }), next: -1 }],
  entry: 0,
  exit: 0,
}

const FULL_SPEC: Filled<TaskSpec> = {
  ...(SPEC as Filled<TaskSpec>),
  task: 'demo.full',
  via: 'starmap',
  immutable: true,
  lane: 'high',
  inline: false,
  priority: 9,
  states: ['VALIDATING', 'UPLOADING'],
  countdown: 1.5,
  eta: 1_700_000_000_000.5,
  expires: { at: 1_800_000_000_000 },
  timeLimit: { soft: 1_000, hard: 2_000 },
  headers: { tenant: 'a', of: [{ request: 1 }, null] },
  ignoreResult: true,
  workflow: { name: 'order', version: '2' },
  version: 3,
  link: [CALLBACK],
  linkError: [{ plan: CALLBACK, takes: 3 }],
}

const FULL_PLAN: Filled<Plan> = {
  nodes: [
    { kind: 'fork', branches: [1, 2], join: 3 },
    { kind: 'task', spec: FULL_SPEC, args: BYTES, kwargs: encode({ deep: new Map([['k', 1n]]) }), next: 3 },
    { kind: 'task', spec: { ...FULL_SPEC }, args: encode([2]), kwargs: undefined, next: 3 },
    { kind: 'join', members: [1, 2], next: 4, body: 4, errors: [{ plan: CALLBACK, takes: 1 }] },
    { kind: 'task', spec: SPEC, args: encode([]), kwargs: undefined, next: -1 },
  ],
  entry: 0,
  exit: 4,
  before: 3,
  headers: { tenant: 'a' },
}

const FULL_TASK: Filled<TaskRow> = {
  kind: 'task',
  id: 't1',
  spec: FULL_SPEC,
  args: BYTES,
  kwargs: encode({ bytes: new Uint8Array([7]) }),
  workflow: 'w1',
  node: 3,
  parent: 'before',
  root: 'root',
  settles: 'settled',
  replacedBy: 't1.r1',
  keys: ['/key/demo.full/k'],
  follows: '/key/demo.full/other',
  state: 'UPLOADING',
  meta: encode({ at: new Date(5) }),
  progress: { done: 0.25, total: 1e21 },
  attempt: 12,
  runs: 14,
  losses: 2,
  past: [{ attempt: 11, startedAt: 5, endedAt: 6, error: { name: 'E', message: 'm', code: 'C' } }],
  due: 1_700_000_000_000.25,
  expires: 1_800_000_000_000,
  result: BYTES,
  error: ERROR,
  sentAt: 1_700_000_000_001,
  startedAt: 1_700_000_000_002.5,
  endedAt: 1_700_000_000_003,
}

const MEMBERS: readonly [Filled<NonNullable<JoinRow['added']>[number]>] = [{ id: 'added', result: BYTES, error: ERROR }]

const FULL_JOIN: Filled<JoinRow> = {
  kind: 'join',
  id: 'w1/3',
  workflow: 'w1',
  remaining: 2,
  failed: 1,
  skipped: { revoked: true, error: ERROR },
  added: MEMBERS,
  result: BYTES,
  error: ERROR,
}

const FULL_WORKFLOW: Filled<WorkflowRow> = {
  kind: 'workflow',
  id: 'w1',
  plan: FULL_PLAN,
  parent: 'before',
  root: 'root',
  settles: 'settled',
  input: BYTES,
  state: 'CANCELLING',
  result: BYTES,
  error: ERROR,
  sentAt: 1_700_000_000_001,
  endedAt: 1_700_000_000_003,
}

const FULL_CHART: Filled<ChartRow> = {
  kind: 'chart',
  id: 'c1',
  machine: 'order',
  version: '2',
  value: { open: { a: 'b', c: {} } },
  context: BYTES,
  memory: { 'order.open.back': ['order.open.a'] },
  state: 'CHARGING',
  states: ['CHARGING', 'OPEN'],
  past: { states: ['OPEN'], steps: [0, 1.5], at: 1.5, told: [{ n: 0, by: 'ann', event: BYTES }] },
  children: { pay: { id: 'c1/pay.1', kind: 'workflow', src: 'pay', watched: true, ended: true, input: BYTES } },
  begun: 3,
  timers: [{ send: 'late', due: 5.25, event: BYTES, to: 'pay' }],
  kept: [{ event: BYTES, by: 'bob', own: true }],
  heard: [{ id: 'click', answer: BYTES }],
  actions: [{ n: 2, action: 'mail', params: BYTES, event: BYTES, context: BYTES }],
  closing: 'FAILURE',
  done: [
    { id: 'c1/pay.1', src: 'pay', input: BYTES, output: BYTES, sent: 2, by: { machine: 'payment', version: '1' } },
  ],
  compensating: {
    cause: ERROR,
    step: 'failed',
    retries: 5,
    error: ERROR,
    skipped: [{ id: 'c1/ship.2', error: ERROR }],
  },
  parent: 'before',
  root: 'root',
  settles: 'settled',
  result: BYTES,
  error: ERROR,
  sentAt: 1_700_000_000_001,
  endedAt: 1_700_000_000_003,
}

const FULL_STREAM: Filled<StreamRow> = { kind: 'stream', id: '/stream/s', cursor: 2 ** 50, startedAt: 1, at: 2 }

const FULL_KEY: Filled<KeyRow> = {
  kind: 'key',
  id: '/key/demo.full/k/😀',
  state: 'kept',
  holder: 't1',
  args: BYTES,
  kwargs: encode({ bytes: new Uint8Array([7]) }),
  unique: { until: 'started', throttle: 60_000 },
  version: 3,
  ttl: 1.5,
  error: ERROR,
  result: BYTES,
  heldAt: 1_700_000_000_000.5,
  endedAt: 1_700_000_000_001.5,
}

/** A row of each kind with all that it can have. */
export const FULL_ROWS: readonly Row[] = [FULL_TASK, FULL_JOIN, FULL_WORKFLOW, FULL_CHART, FULL_STREAM, FULL_KEY]

/** Fields without which a row is none. */
const NEEDED: ReadonlySet<string> = new Set(
  'kind id spec args node root state attempt runs losses sentAt workflow remaining failed plan cursor startedAt at holder heldAt machine version value context states past children begun timers kept heard actions'.split(
    ' ',
  ),
)

/** Each field of each kind, for a row that has it and for one that has it not. */
export const FIELDS: readonly (readonly [name: string, row: Row])[] = FULL_ROWS.flatMap((row) =>
  Object.keys(row)
    .filter((field) => !NEEDED.has(field))
    .map((field) => [`${row.kind} without its ${field}`, { ...row, [field]: undefined }] as const),
)

/** Each event that carries a canvas, and one that carries values. */
export const CANVASES: readonly EngineEvent[] = [
  { type: 'canvas-sent', id: 'w1', plan: FULL_PLAN, input: BYTES, parent: 'p', root: 'r', settles: 's', at: 1 },
  {
    type: 'canvas-sent',
    id: 't9',
    plan: CALLBACK,
    input: undefined,
    parent: undefined,
    root: undefined,
    settles: undefined,
    at: 1,
  },
  {
    type: 'canvas-sent',
    id: 't10',
    plan: CALLBACK,
    input: undefined,
    parent: undefined,
    root: undefined,
    settles: undefined,
    unique: { id: '/unique/demo/k', until: 'received', debounce: 5, maxWait: 9, throttle: 7 },
    at: 1,
  },
  { type: 'task-replaced', id: 't1', attempt: 1, run: 1, plan: FULL_PLAN, at: 2 },
  { type: 'chord-extended', id: 't1', attempt: 1, run: 1, member: 'm', plan: FULL_PLAN, at: 3 },
  { type: 'task-succeeded', id: 't1', attempt: 1, run: 1, result: BYTES, at: 4 },
  { type: 'task-failed', id: 't1', attempt: 1, run: 1, error: ERROR, at: 5 },
]
