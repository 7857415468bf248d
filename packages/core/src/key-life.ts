import type { Draft, HolderEnded } from './draft.ts'
import { heldKey, withKey } from './key-claim.ts'
import type { KeyRow, TaskRow } from './rows.ts'
import { moveTask, receive } from './task-life.ts'
import { leaveUnique, shareEnd } from './unique-life.ts'

/** A task that has keys has ended: its result stands under them, and goes to all that wait; without one they are the next one's. */
export function takeHolderEnded(draft: Draft, { id }: HolderEnded): void {
  const row = draft.task(id)
  for (const of of row?.keys ?? []) {
    const key = draft.key(of)
    if (row === undefined || key?.state !== 'held' || key.holder !== id) continue
    if (key.unique === undefined) leaveKey(draft, row, key)
    else leaveUnique(draft, row, key)
  }
  if (row !== undefined) shareEnd(draft, row)
}

function leaveKey(draft: Draft, row: TaskRow, key: KeyRow): void {
  const { result } = row
  if (row.state !== 'SUCCESS') return passOn(draft, key)
  draft.put({ ...key, state: 'kept', result, endedAt: draft.at })
  for (const follower of draft.followers(key.id))
    moveTask(draft, { ...follower, follows: undefined, result, error: undefined }, 'task-answered')
}

/** Give a key that was left without a result to the task that has waited for it longest. */
function passOn(draft: Draft, key: KeyRow): void {
  const { value: next } = draft.followers(key.id).next()
  if (next === undefined) return draft.put({ ...key, state: 'free', endedAt: draft.at })
  const holder = { ...next, follows: undefined, keys: withKey(next, key.id) }
  draft.put(heldKey(draft, key.id, holder, key.ttl))
  receive(draft, holder)
}
