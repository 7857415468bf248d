import { decode, type Encoded, encode } from './codec.ts'
import { codedError } from './coded-error.ts'
import type { Draft } from './draft.ts'
import { sameValue } from './equal.ts'
import type { ErrorData } from './error-data.ts'
import type { TaskKey } from './event.ts'
import type { KeyRow, TaskRow, Uniqueness } from './rows.ts'

/** What a task that asks for a key as it is about to start is told. */
export type Claim =
  /** It has the key: its handler runs. */
  | { readonly kind: 'has' }
  /** Another task has it and has not ended. */
  | { readonly kind: 'waits' }
  /** A result stands under it. */
  | { readonly kind: 'stands'; readonly result: Encoded }
  /** It is another call's: the arguments differ. */
  | { readonly kind: 'differs'; readonly error: ErrorData }

/** Ask for a key for a task, which has it from now on where nobody else does. */
export function claimKey(draft: Draft, row: TaskRow, { id, ttl }: TaskKey): Claim {
  const known = draft.key(id)
  const key = known === undefined || isOver(known, draft.at) ? undefined : known
  if (key === undefined) {
    draft.put(heldKey(draft, id, row, ttl))
    return { kind: 'has' }
  }
  if (key.holder === row.id && key.state === 'held') return { kind: 'has' }
  if (!sameCall(key, row)) return { kind: 'differs', error: conflict(key, row) }
  if (key.state === 'held') return { kind: 'waits' }
  return { kind: 'stands', result: key.result ?? encode(undefined) }
}

/** The row of a key that a task has. */
export function heldKey(draft: Draft, id: string, holder: TaskRow, ttl: number | undefined): KeyRow {
  const { args, kwargs, spec } = holder
  return {
    kind: 'key',
    id,
    state: 'held',
    holder: holder.id,
    args,
    kwargs,
    version: spec.version,
    ttl,
    result: undefined,
    heldAt: draft.at,
    endedAt: undefined,
  }
}

/** The keys of a task with one more. */
export const withKey = ({ keys = [] }: TaskRow, id: string): readonly string[] =>
  keys.includes(id) ? keys : [...keys, id]

/** Let go of the keys under which a task is the only one, as it comes so far in its life: what is sent from now on is another one. */
export function leaveKeys(draft: Draft, row: TaskRow, until: Uniqueness['until']): void {
  for (const id of row.keys ?? []) {
    const key = draft.key(id)
    if (key?.unique?.until === until && key.holder === row.id && key.state === 'held')
      draft.put({ ...key, state: 'free', endedAt: draft.at })
  }
}

/** Whether a key counts no more. */
const isOver = ({ state, endedAt, ttl }: KeyRow, at: number): boolean =>
  state === 'free' || (endedAt !== undefined && ttl !== undefined && at >= endedAt + ttl)

/** Whether a task was given what the holder of a key was. What was sent to another version of the task cannot be compared. */
function sameCall(key: KeyRow, { args, kwargs, spec }: TaskRow): boolean {
  return key.version !== spec.version || (same(key.args, args, '[]') && same(key.kwargs, kwargs, '{}'))
}

function same(one: Encoded | undefined, other: Encoded | undefined, none: Encoded): boolean {
  return one === other || sameValue(decode(one ?? none), decode(other ?? none))
}

function conflict(key: KeyRow, { id, spec }: TaskRow): ErrorData {
  const what = `Task ${id} (${spec.task}) has the key ${key.id} of task ${key.holder}, which was given other arguments`
  return codedError('UMBEL_IDEMPOTENCY_CONFLICT', `${what}.`)
}
