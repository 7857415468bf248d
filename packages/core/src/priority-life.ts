import type { Draft } from './draft.ts'
import type { TaskPrioritised } from './event.ts'
import type { PlanNode, TaskSpec } from './plan.ts'
import { nodeId, type RowReader, type TaskRow, type WorkflowRow } from './rows.ts'

/** States in which a task waits for its time or for a slot: it may still start sooner or later. */
const WAITING: ReadonlySet<string> = new Set(['PENDING', 'RECEIVED', 'RETRY'])

/** Change the priority of what has not started: of a task that waits, of a node whose turn has not come, of all such of a workflow. */
export function takePrioritised(draft: Draft, { id, priority }: TaskPrioritised): void {
  const row = draft.task(id)
  if (row !== undefined) return prioritiseTask(draft, row, priority)
  const whole = draft.workflow(id)
  if (whole !== undefined) return prioritiseNodes(draft, whole, [...whole.plan.nodes.keys()], priority)
  const { workflow, index } = nodeOf(draft, id)
  if (workflow !== undefined) prioritiseNodes(draft, workflow, [index], priority)
}

/** The priority with which something will start, or has started; `undefined` of what has ended or is unknown, and of a workflow. */
export function priorityOf(rows: RowReader, id: string): number | undefined {
  const row = rows.get(id)
  if (row?.kind === 'task') return row.spec.priority
  const { workflow, index } = nodeOf(rows, id)
  const node = workflow?.plan.nodes[index]
  return node?.kind === 'task' ? node.spec.priority : undefined
}

/** Later attempts keep it: it is in the row. */
function prioritiseTask(draft: Draft, row: TaskRow, priority: number): void {
  if (!WAITING.has(row.state) || row.spec.priority === priority) return
  draft.put({ ...row, spec: { ...row.spec, priority } })
  if (row.state === 'RECEIVED') draft.commands.push({ type: 'reprioritise-task', id: row.id })
}

function prioritiseNodes(draft: Draft, workflow: WorkflowRow, indices: readonly number[], priority: number): void {
  if (workflow.endedAt !== undefined) return
  const nodes: PlanNode[] = [...workflow.plan.nodes]
  const specs = new Map<TaskSpec, TaskSpec>()
  for (const index of indices) {
    const node = nodes[index]
    const row = draft.task(nodeId(workflow.id, index))
    if (row !== undefined) prioritiseTask(draft, row, priority)
    else if (node?.kind === 'task' && node.spec.priority !== priority) {
      const spec = specs.get(node.spec) ?? { ...node.spec, priority } // nodes that share one go on sharing one
      specs.set(node.spec, spec)
      nodes[index] = { ...node, spec }
    }
  }
  if (specs.size > 0) draft.put({ ...workflow, plan: { ...workflow.plan, nodes } })
}

function nodeOf(rows: RowReader, id: string): { readonly workflow: WorkflowRow | undefined; readonly index: number } {
  const slash = id.lastIndexOf('/')
  const row = rows.get(id.slice(0, slash))
  return { workflow: row?.kind === 'workflow' ? row : undefined, index: Number(id.slice(slash + 1)) }
}
