import type { Row } from '@umbel/core'
import { isNodeRow, NodeLists, numberIn, workflowOf } from '../node-lists.ts'

/**
 * Ids of what tasks and workflows started, oldest first. Those of nodes are in lists by number: each step of a chain is the child of the one
 * before, and in a map, each in a list of its own, they cost as much as a third of the step.
 */
export class Children {
  /** As a rule a node has one, which needs no list. */
  readonly #ofNodes = new NodeLists<string | string[]>()
  readonly #ofOthers = new Map<string, string[]>()

  add(parent: string, row: Row): void {
    const { id } = row
    const workflow = isNodeRow(row) ? row.workflow : workflowOf(parent)
    const node = numberIn(workflow, parent)
    if (node >= 0) return this.#addToNode(workflow, node, id)
    const siblings = this.#ofOthers.get(parent)
    if (siblings === undefined) this.#ofOthers.set(parent, [id])
    else siblings.push(id)
  }

  of(parent: string): readonly string[] {
    const workflow = workflowOf(parent)
    const node = numberIn(workflow, parent)
    const found = node < 0 ? this.#ofOthers.get(parent) : this.#ofNodes.get(workflow, node)
    return typeof found === 'string' ? [found] : [...(found ?? [])]
  }

  forget(parent: string): void {
    if (this.#ofOthers.size > 0) this.#ofOthers.delete(parent)
  }

  /** Forget those of the nodes of a workflow. */
  forgetNodes(workflow: string): void {
    this.#ofNodes.forget(workflow)
  }

  #addToNode(workflow: string, node: number, id: string): void {
    const siblings = this.#ofNodes.get(workflow, node)
    if (siblings === undefined) this.#ofNodes.put(workflow, node, id)
    else if (typeof siblings === 'string') this.#ofNodes.put(workflow, node, [siblings, id])
    else siblings.push(id)
  }
}
