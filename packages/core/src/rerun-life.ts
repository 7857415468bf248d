import type { Draft } from './draft.ts'
import { nodeId, type WorkflowRow } from './rows.ts'

/**
 * Take over what stands of a workflow that failed, before the one that runs in its place begins: tasks that succeeded are there
 * already as it comes to them, and so it begins its work at those that did not. All that stands before a success succeeded, too.
 */
export function takeOver(draft: Draft, workflow: WorkflowRow, of: string): void {
  for (const [index, node] of workflow.plan.nodes.entries()) {
    const id = nodeId(workflow.id, index)
    const old = draft.awaited(nodeId(of, index))
    if (node.kind === 'join' && old?.kind === 'join' && old.result !== undefined && old.added !== undefined)
      draft.put({ ...old, id, workflow: workflow.id, remaining: 0 })
    if (node.kind !== 'task' || old?.kind !== 'task') continue
    if (old.state !== 'SUCCESS') draft.letter({ type: 'redriven', id: old.id, as: workflow.id })
    else
      draft.put({
        ...old,
        id,
        workflow: workflow.id,
        parent: inPlaceOf(old.parent, of, workflow.id),
        root: workflow.root,
        ...(old.replacedBy !== undefined && { replacedBy: undefined }),
      })
  }
}

/** The same node of the other workflow; what is none stays. */
function inPlaceOf(parent: string | undefined, of: string, workflow: string): string | undefined {
  return parent?.startsWith(`${of}/`) ? workflow + parent.slice(of.length) : workflow
}
