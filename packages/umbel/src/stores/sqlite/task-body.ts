import type { Encoded, TaskRow, TaskSpec } from '@umbel/core'
import { type Packed, pack } from './pack.ts'

/** What a task is made of once. A field that is left out is as in the node of its plan, else `undefined`, or its own id for `root`. */
export interface FixedTask {
  readonly spec?: TaskSpec
  readonly args?: Encoded
  readonly kwargs?: Encoded | null
  readonly node?: number
  readonly parent?: string
  readonly root?: string
  readonly settles?: string
  readonly expires?: number
}

/** Fields of a task that are not fixed and have no column. */
type ChangingField = Exclude<
  keyof TaskRow,
  keyof FixedTask | 'kind' | 'id' | 'workflow' | 'sentAt' | 'state' | 'endedAt'
>

/**
 * What changes about a task. By name: to go through the names of its fields costs several times as much. That of a task with nothing to it but
 * when it started, and what it came to, is put together as it would be written: JSON takes three times as long.
 */
export function taskBody(row: TaskRow): Packed {
  if (hasLittle(row)) {
    const { attempt, startedAt, result } = row
    const start = startOf(attempt, startedAt as number)
    return result === undefined ? start.whole : `${start.open},"result":${JSON.stringify(result)}}`
  }
  const { attempt, startedAt, result, replacedBy, keys, follows, meta, progress, past, due, error } = row
  const runs = row.runs === attempt ? undefined : row.runs
  const losses = row.losses === 0 ? undefined : row.losses
  const fields = {
    attempt,
    runs,
    losses,
    startedAt,
    result,
    replacedBy,
    keys,
    follows,
    meta,
    progress,
    past,
    due,
    error,
  } satisfies Record<ChangingField, unknown>
  const mayHaveBytes = typeof result === 'object' || typeof meta === 'object' || error !== undefined
  return mayHaveBytes ? pack(fields) : JSON.stringify(fields)
}

/** How the body of a task is written that has started as the one before it: in one go many start at the same moment. */
let started = { attempt: -1, startedAt: 0, open: '', whole: '' }

function startOf(attempt: number, startedAt: number): typeof started {
  if (started.attempt === attempt && started.startedAt === startedAt) return started
  const open = `{"attempt":${attempt},"startedAt":${startedAt}`
  started = { attempt, startedAt, open, whole: `${open}}` }
  return started
}

/** Whether nothing is to be said of a task but which attempt it is, when that started and what text it came to. */
const hasLittle = (row: TaskRow): boolean =>
  row.startedAt !== undefined &&
  row.runs === row.attempt &&
  row.losses === 0 &&
  row.replacedBy === undefined &&
  row.keys === undefined &&
  row.follows === undefined &&
  row.meta === undefined &&
  row.progress === undefined &&
  row.past === undefined &&
  row.due === undefined &&
  row.error === undefined &&
  typeof row.result !== 'object'
