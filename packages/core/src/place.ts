import { END, type JoinNode, type TaskNode } from './plan.ts'
import { nodeId, type RowReader, type TaskRow, type WorkflowRow } from './rows.ts'

/** Where in its canvas a task stands. What goes on for a task that was replaced stands where that one stood. */
export interface Place {
  /** Whether it is the last step of a member of a group, or of a chord's body. */
  readonly group: boolean
  /** Which member of the group, from 0. */
  readonly index: number | undefined
  /** Whether that group is the header of a chord, or ends a member of one. */
  readonly chord: boolean
  /** Steps of its chain that follow; a group or a chord counts as one. */
  readonly left: number
  /** How many callbacks it has for success, and for failure. */
  readonly callbacks: number
  readonly errbacks: number
  /** Whether its tree begins with it, or with what it has the result of. */
  readonly first: boolean
}

/** Tell where a task stands. Takes time with the size of its canvas. */
export function placeOf(rows: RowReader, row: TaskRow): Place {
  let place: Place | undefined
  for (let at = row; ; ) {
    const workflow = workflowOf(rows, at)
    const { ends, ...stands } = workflow === undefined ? ALONE : standsIn(workflow, at.node)
    const callbacks = at.spec.link.length
    const errbacks = at.spec.linkError.length
    const here: Place = { ...stands, callbacks, errbacks, first: at.parent === undefined }
    place = place === undefined ? here : within(place, here)
    const settles = ends ? (workflow ?? at).settles : undefined
    const replaced = settles === undefined ? undefined : rows.get(settles)
    if (replaced?.kind !== 'task') return place
    at = replaced
  }
}

/** The place of a step of what replaced a task, given the task's: the last step stands there, all share its error callbacks. */
function within(inner: Place, outer: Place): Place {
  const errbacks = inner.errbacks + outer.errbacks
  return inner.left > 0
    ? { ...inner, left: inner.left + outer.left, errbacks }
    : { ...outer, callbacks: inner.callbacks + outer.callbacks, errbacks }
}

/** How a task stands within its own workflow. */
interface Stands extends Pick<Place, 'group' | 'index' | 'chord' | 'left'> {
  /** Whether the steps that follow it are the last of the whole. */
  readonly ends: boolean
}

/** One that is a workflow of its own. */
const ALONE: Stands = { group: false, index: undefined, chord: false, left: 0, ends: true }

function standsIn(workflow: WorkflowRow, node: number): Stands {
  const join = joinAfter(workflow, node)
  const body = workflow.plan.nodes.some((other) => other.kind === 'join' && other.body === node)
  return {
    group: join !== undefined || body,
    index: join?.members.indexOf(node),
    chord: join !== undefined && isHeader(workflow, join),
    ...stepsLeft(workflow, node),
  }
}

/** Whether the results of a group go to a chord's body: as in Celery also where it is all that a task was replaced by. */
function isHeader(workflow: WorkflowRow, join: JoinNode): boolean {
  const { plan, settles } = workflow
  if (join.body !== undefined) return true
  if (join.next === END) return settles !== undefined
  const next = plan.nodes[join.next]
  return next?.kind === 'join' && isHeader(workflow, next)
}

/** Id of the join of the chord whose header a task is the last step of a member of; `undefined` where it is of none. */
export function chordOfTask(rows: RowReader, row: TaskRow): string | undefined {
  const { workflow, row: standing } = standingOf(rows, row)
  if (workflow === undefined) return undefined
  const node = workflow.plan.nodes[standing.node]
  const isHeader = joinAfter(workflow, standing.node)?.body !== undefined
  return isHeader && node?.kind === 'task' ? nodeId(workflow.id, node.next) : undefined
}

interface Standing {
  readonly row: TaskRow
  readonly workflow: WorkflowRow | undefined
}

/** What goes on for a task that was replaced stands where that one stood. */
function standingOf(rows: RowReader, row: TaskRow): Standing {
  let standing: Standing = { row, workflow: workflowOf(rows, row) }
  for (;;) {
    const { row: at, workflow } = standing
    const ends = workflow === undefined || workflow.plan.exit === at.node
    const settles = ends ? (workflow ?? at).settles : undefined
    const replaced = settles === undefined ? undefined : rows.get(settles)
    if (replaced?.kind !== 'task') return standing
    standing = { row: replaced, workflow: workflowOf(rows, replaced) }
  }
}

function workflowOf(rows: RowReader, row: TaskRow): WorkflowRow | undefined {
  const workflow = row.workflow === undefined ? undefined : rows.get(row.workflow)
  return workflow?.kind === 'workflow' ? workflow : undefined
}

/** The join that a node leads to, which it is then a member of. */
function joinAfter({ plan }: WorkflowRow, index: number): JoinNode | undefined {
  const node = plan.nodes[index]
  const next = node === undefined || node.kind === 'fork' ? undefined : plan.nodes[node.next]
  return next?.kind === 'join' ? next : undefined
}

function stepsLeft({ plan }: WorkflowRow, from: number): Pick<Stands, 'left' | 'ends'> {
  let left = 0
  for (let at = from; ; ) {
    const node = plan.nodes[at]
    const next = node === undefined || node.kind === 'fork' ? undefined : plan.nodes[node.next]
    if (next === undefined || next.kind === 'join') return { left, ends: next === undefined }
    left += 1
    at = next.kind === 'fork' ? ((plan.nodes[next.join] as JoinNode).body ?? next.join) : (node as TaskNode).next
  }
}
