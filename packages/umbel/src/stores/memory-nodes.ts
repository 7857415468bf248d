import type { JoinRow, Row, TaskRow, WorkflowRow } from '@umbel/core'
import { SteadyMap } from '../steady-map.ts'

/** A row of a node of a workflow. */
export type NodeRow = JoinRow | (TaskRow & { readonly workflow: string })

/** Whether a row is of a node of a workflow, and has the id of one. */
export const isNodeRow = (row: Row): row is NodeRow =>
  (row.kind === 'join' || row.kind === 'task') && row.workflow !== undefined && row.id[row.workflow.length] === '/'

/**
 * Rows of the nodes of workflows, in a list for each workflow by the number of the node. In one map by id, what a member of a group of 100,000 cost
 * to be kept grew with the group: such a map is made anew each time that it has doubled, and each look into it misses the caches.
 */
export class NodeRows {
  readonly #workflows = new SteadyMap<(NodeRow | undefined)[]>()
  /** The workflow of the last one: many come one after another. */
  #last: string | undefined
  #nodes: (NodeRow | undefined)[] | undefined

  /** A workflow begins: room is made for its nodes. */
  begin({ id, plan }: WorkflowRow): void {
    if (this.#of(id) === undefined) this.#add(id, new Array(plan.nodes.length))
  }

  put(row: NodeRow): void {
    const nodes = this.#of(row.workflow) ?? this.#add(row.workflow, [])
    nodes[row.kind === 'task' ? row.node : numberOf(row.id)] = row
  }

  get(id: string): NodeRow | undefined {
    const slash = id.lastIndexOf('/')
    if (slash < 0) return undefined
    const row = this.#of(id.slice(0, slash))?.[numberOf(id)]
    return row?.id === id ? row : undefined
  }

  /** The rows of the nodes of a workflow, in the order of their numbers. */
  *of(workflow: string): Generator<NodeRow, void, undefined> {
    for (const row of this.#of(workflow) ?? []) if (row !== undefined) yield row
  }

  /** Drop the rows of the nodes of a workflow, and call back with each. */
  drop(workflow: string, dropped: (row: NodeRow) => void): void {
    for (const row of this.of(workflow)) dropped(row)
    this.#workflows.delete(workflow)
    this.#last = undefined
  }

  /** All of them. */
  *values(): Generator<NodeRow, void, undefined> {
    for (const nodes of this.#workflows.values()) for (const row of nodes) if (row !== undefined) yield row
  }

  #of(workflow: string): (NodeRow | undefined)[] | undefined {
    if (this.#last !== workflow) {
      this.#last = workflow
      this.#nodes = this.#workflows.get(workflow)
    }
    return this.#nodes
  }

  #add(workflow: string, nodes: (NodeRow | undefined)[]): (NodeRow | undefined)[] {
    this.#workflows.set(workflow, nodes)
    this.#nodes = nodes
    return nodes
  }
}

/** The number of the node whose row has an id. */
const numberOf = (id: string): number => Number(id.slice(id.lastIndexOf('/') + 1))
