import { encode } from './codec.ts'
import type { Draft, Ends } from './draft.ts'
import type { UniqueSend } from './event.ts'
import type { KeyRow, TaskRow } from './rows.ts'
import { endsOf, moveTask, turn } from './task-life.ts'

/** Begin a task that was sent as the only one of its key: where there is one already, it ends as that does and never runs. */
export function startUnique(draft: Draft, row: TaskRow, send: UniqueSend): void {
  const known = draft.key(send.id)
  const key = known === undefined || isOver(known, draft.at) ? undefined : known
  if (key === undefined) return begin(draft, row, send)
  if (key.state === 'kept') return endLike(draft, { ...row, follows: key.holder }, endsOfKey(key))
  moveTask(draft, { ...row, follows: key.holder }, 'task-held')
  if (send.debounce !== undefined) putOff(draft, key.holder, row, send)
}

/** End all that were sent while a task was the one of its key as it has ended. */
export function shareEnd(draft: Draft, row: TaskRow): void {
  const ends = endsOf(row)
  for (const follower of draft.followers(row.id)) endLike(draft, follower, ends)
}

/** Give back the key of a task that was the one of it and has ended; for the time of a throttle it counts on, unless it was revoked. */
export function leaveUnique(draft: Draft, row: TaskRow, key: KeyRow): void {
  const { at } = draft
  const throttled = key.unique?.throttle !== undefined && !isOver(key, at)
  const { result, error } = row
  if (throttled && row.state !== 'REVOKED') draft.put({ ...key, state: 'kept', result, error, endedAt: at })
  else draft.put({ ...key, state: 'free', endedAt: at })
}

function begin(draft: Draft, row: TaskRow, { id, until, debounce, throttle }: UniqueSend): void {
  draft.put({
    kind: 'key',
    id,
    state: 'held',
    holder: row.id,
    unique: throttle === undefined ? { until } : { until, throttle },
    args: '[]',
    kwargs: undefined,
    version: undefined,
    ttl: undefined,
    result: undefined,
    error: undefined,
    heldAt: draft.at,
    endedAt: undefined,
  })
  const only = { ...row, keys: [id] }
  if (debounce === undefined) turn(draft, only)
  else moveTask(draft, { ...only, due: draft.at + debounce }, 'task-scheduled')
}

/** Let the one that waits be called with what was sent last, once nothing more was sent for a while. */
function putOff(
  draft: Draft,
  id: string,
  { args, kwargs, spec }: TaskRow,
  { debounce = 0, maxWait }: UniqueSend,
): void {
  const waits = draft.task(id)
  if (waits === undefined) return
  const { version: _, ...rest } = waits.spec
  const of = spec.version === waits.spec.version ? waits.spec : withVersion(rest, spec.version)
  const latest = maxWait === undefined ? Number.POSITIVE_INFINITY : waits.sentAt + maxWait
  const due = Math.min(draft.at + debounce, latest)
  moveTask(draft, { ...waits, args, kwargs, spec: of, due }, 'task-scheduled')
}

const withVersion = (spec: TaskRow['spec'], version: number | undefined): TaskRow['spec'] =>
  version === undefined ? spec : { ...spec, version }

function endLike(draft: Draft, row: TaskRow, ends: Ends): void {
  if (ends.ok) moveTask(draft, { ...row, result: ends.result }, 'task-answered')
  else moveTask(draft, { ...row, error: ends.error }, ends.revoked ? 'task-revoked' : 'task-failed')
}

const endsOfKey = ({ result, error }: KeyRow): Ends =>
  error === undefined ? { ok: true, result: result ?? encode(undefined) } : { ok: false, revoked: false, error }

/** Whether what is sent now is sent under a key of its own: the time of a throttle has passed. */
const isOver = ({ state, unique, heldAt }: KeyRow, at: number): boolean =>
  state === 'free' || (unique?.throttle !== undefined && at >= heldAt + unique.throttle)
