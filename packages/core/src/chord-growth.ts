import type { Draft, MemberEnded } from './draft.ts'
import type { ChordExtended } from './event.ts'
import { chordOfTask } from './place.ts'
import { currentRun } from './rows.ts'
import { isReady } from './states.ts'
import { complete } from './workflow-life.ts'

/** Add a canvas to the header of the chord that a running task is a member of: it is one more member, behind the others. */
export function extendChord(draft: Draft, event: ChordExtended): void {
  const row = draft.task(event.id)
  if (row === undefined || isReady(row.state) || currentRun(row).run !== event.run) return
  const { member: id, plan, at } = event
  const join = draft.join(chordOfTask(draft, row) ?? '')
  if (join === undefined || join.remaining === 0 || join.added?.some((member) => member.id === id)) return
  const added = [...(join.added ?? []), { id, result: undefined, error: undefined }]
  draft.put({ ...join, remaining: join.remaining + 1, added })
  draft.mail.push({
    type: 'canvas-sent',
    id,
    plan,
    input: undefined,
    parent: row.id,
    root: row.root,
    settles: join.id,
    at,
  })
}

/** Count a member that was added, once. */
export function takeMemberEnded(draft: Draft, { join: id, member, ends }: MemberEnded): void {
  const join = draft.join(id)
  const index =
    join?.added?.findIndex((one) => one.id === member && one.result === undefined && one.error === undefined) ?? -1
  if (join?.added === undefined || index < 0) return
  const result = ends.ok ? ends.result : undefined
  const error = ends.ok ? undefined : ends.error
  const added = join.added.with(index, { id: member, result, error })
  draft.put({ ...join, added, remaining: join.remaining - 1, failed: join.failed + (ends.ok ? 0 : 1) })
  const workflow = draft.workflow(join.workflow)
  if (join.remaining === 1 && workflow !== undefined)
    complete(draft, workflow, Number(id.slice(join.workflow.length + 1)))
}
