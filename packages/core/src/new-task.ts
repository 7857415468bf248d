import { concatLists, type Encoded } from './codec.ts'
import type { Draft } from './draft.ts'
import { maker } from './made-young.ts'
import type { Expiry, TaskNode, TaskSpec } from './plan.ts'
import type { TaskRow } from './rows.ts'

/** Where a new task comes from and what it is given. */
export interface Origin {
  readonly id: string
  readonly workflow: string | undefined
  readonly node: number
  readonly parent: string | undefined
  readonly root: string
  readonly settles: string | undefined
  /** Encoded list put in front of its arguments. */
  readonly input: Encoded | undefined
}

/** Make the row of a new task, as it stands before its first fact. */
export function newTask(draft: Draft, { spec, args, kwargs }: TaskNode, origin: Origin): TaskRow {
  const fed = origin.input !== undefined && !spec.immutable
  return new NewTask(spec, fed ? concatLists(origin.input, args) : args, kwargs, origin, draft.at)
}

const NewTask = maker<TaskRow, [TaskSpec, Encoded, Encoded | undefined, Origin, number]>(function (
  spec,
  args,
  kwargs,
  { id, workflow, node, parent, root, settles },
  at,
) {
  this.kind = 'task'
  this.id = id
  this.spec = spec
  this.args = args
  this.kwargs = kwargs
  this.workflow = workflow
  this.node = node
  this.parent = parent
  this.root = root
  this.state = 'PENDING'
  this.attempt = 0
  this.runs = 0
  this.losses = 0
  this.expires = expiryOf(spec.expires, at)
  this.result = undefined
  this.error = undefined
  this.sentAt = at
  this.startedAt = undefined
  this.endedAt = undefined
  if (settles !== undefined) this.settles = settles
})

const expiryOf = (expiry: Expiry | undefined, at: number): number | undefined => {
  if (expiry === undefined) return undefined
  return 'at' in expiry ? expiry.at : at + expiry.after
}
