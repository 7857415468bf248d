import { END, type JoinNode } from './plan.ts'
import { nodeId, type RowReader, type TaskRow, type WorkflowRow } from './rows.ts'

/** Where in its canvas a task stands. */
export interface Place {
  /** Whether it is the last step of a member of a group, or of a chord's body. */
  readonly group: boolean
  /** Which member of the group, from 0. */
  readonly index: number | undefined
  /** Whether that group is the header of a chord. */
  readonly chord: boolean
  /** Steps of its chain that follow; a group or a chord counts as one. */
  readonly left: number
  /** How many callbacks it has for success, and for failure. */
  readonly callbacks: number
  readonly errbacks: number
}

/** Tell where a task stands. Takes time with the size of its canvas. */
export function placeOf(rows: RowReader, row: TaskRow): Place {
  const { workflow, row: standing } = standingOf(rows, row)
  const own = { callbacks: row.spec.link.length, errbacks: row.spec.linkError.length }
  if (workflow === undefined) return { group: false, index: undefined, chord: false, left: 0, ...own }
  const join = joinAfter(workflow, standing.node)
  const index = join?.members.indexOf(standing.node)
  const body = workflow.plan.nodes.some((node) => node.kind === 'join' && node.body === standing.node)
  return {
    group: join !== undefined || body,
    index,
    chord: join?.body !== undefined,
    left: stepsLeft(workflow, standing.node),
    ...own,
  }
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

function stepsLeft({ plan }: WorkflowRow, from: number): number {
  let left = 0
  for (let at = from; ; ) {
    const node = plan.nodes[at]
    if (node === undefined || node.kind === 'fork' || node.next === END) return left
    const next = plan.nodes[node.next]
    if (next === undefined || next.kind === 'join') return left
    left += 1
    at = next.kind === 'fork' ? ((plan.nodes[next.join] as JoinNode).body ?? next.join) : node.next
  }
}
