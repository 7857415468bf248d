import {
  type EngineEvent,
  encode,
  type KeyRow,
  type LetterRow,
  type StreamRow,
  streamRowId,
  type TaskRow,
  type TaskSpec,
  type WorkflowRow,
} from '@umbel/core'

/** What a task is, where nothing else is said. */
export const SPEC: TaskSpec = {
  task: 'demo.add',
  via: 'call',
  immutable: false,
  lane: 'default',
  inline: true,
  priority: 5,
  states: [],
  countdown: undefined,
  eta: undefined,
  expires: undefined,
  ignoreResult: false,
  link: [],
  linkError: [],
}

/** A row of a task that waits, with what a case changes. */
export const task = (id: string, more: Partial<TaskRow> = {}): TaskRow => ({
  kind: 'task',
  id,
  spec: SPEC,
  args: encode([2, 3]),
  kwargs: undefined,
  workflow: undefined,
  node: -1,
  parent: undefined,
  root: id,
  settles: undefined,
  replacedBy: undefined,
  state: 'RECEIVED',
  meta: undefined,
  progress: undefined,
  attempt: 0,
  runs: 0,
  losses: 0,
  due: undefined,
  expires: undefined,
  result: undefined,
  error: undefined,
  sentAt: 1_000,
  startedAt: undefined,
  endedAt: undefined,
  ...more,
})

/** The dead letter of a task. */
export const letter = (id: string, more: Partial<LetterRow> = {}): LetterRow => ({
  id,
  spec: SPEC,
  args: encode([new Uint8Array([1, 2])]),
  kwargs: undefined,
  workflow: undefined,
  node: -1,
  parent: undefined,
  root: id,
  settles: undefined,
  state: 'FAILURE',
  error: { name: 'E', message: 'm', code: 'C' },
  attempts: [
    { attempt: 1, startedAt: undefined, endedAt: 2, error: undefined },
    { attempt: 2, startedAt: 3, endedAt: 4, error: { name: 'E', message: 'm' } },
  ],
  sentAt: 1,
  endedAt: 4,
  redrivenAs: undefined,
  ...more,
})

/** A row of a task that ended with a result. */
export const ended = (id: string, more: Partial<TaskRow> = {}): TaskRow =>
  task(id, { state: 'SUCCESS', result: encode(5), startedAt: 1_001, endedAt: 1_002, attempt: 1, ...more })

/** A row of a workflow of `size` tasks. */
export const workflow = (id: string, size: number, more: Partial<WorkflowRow> = {}): WorkflowRow => ({
  kind: 'workflow',
  id,
  parent: undefined,
  root: id,
  settles: undefined,
  state: 'ACTIVE',
  result: undefined,
  error: undefined,
  sentAt: 1_000,
  endedAt: undefined,
  plan: {
    entry: 0,
    exit: size - 1,
    nodes: Array.from({ length: size }, (_, index) => ({
      kind: 'task',
      spec: SPEC,
      args: encode([2, 3]),
      kwargs: undefined,
      next: index + 1 < size ? index + 1 : -1,
    })),
  },
  ...more,
})

/** A node of a workflow. */
export const node = (of: string, index: number, more: Partial<TaskRow> = {}): TaskRow =>
  task(`${of}/${index}`, { workflow: of, node: index, root: of, ...more })

/** The row of a key that a task has. */
export const key = (holder: string, more: Partial<KeyRow> = {}): KeyRow => ({
  kind: 'key',
  id: '/key/t/k',
  state: 'held',
  holder,
  args: encode([2, 3]),
  kwargs: undefined,
  version: undefined,
  ttl: undefined,
  result: undefined,
  heldAt: 1_000,
  endedAt: undefined,
  ...more,
})

/** The row of a key with a result that stands. */
export const keptKey = (id: string, endedAt: number): KeyRow =>
  key('t1', { id, state: 'kept', result: encode(id), endedAt })

/** The row of a stream that has come so far. */
export const stream = (name: string, cursor: number): StreamRow => ({
  kind: 'stream',
  id: streamRowId(name),
  cursor,
  startedAt: 1_000,
  at: 1_000 + cursor,
})

/** A fact about a task. */
export const event = (id: string, at = 1): EngineEvent => ({ type: 'task-received', id, at })
