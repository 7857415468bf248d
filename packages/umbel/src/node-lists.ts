import type { JoinRow, Row, TaskRow } from '@umbel/core'
import { PagedList } from './paged-list.ts'
import { SteadyMap } from './steady-map.ts'

/** A row of a node of a workflow. */
export type NodeRow = (JoinRow | TaskRow) & { readonly workflow: string }

/** Whether a row is of a node of a workflow, and has the id of one. */
export const isNodeRow = (row: Row): row is NodeRow =>
  (row.kind === 'join' || row.kind === 'task') && row.workflow !== undefined && row.id[row.workflow.length] === '/'

/** The number of the node that a row is of. */
export const numberOf = (row: NodeRow): number => (row.kind === 'task' ? row.node : numberIn(row.workflow, row.id))

/** The workflow that an id is of a node of, if it is of any. */
export const workflowOf = (id: string): string => id.slice(0, Math.max(0, id.lastIndexOf('/')))

/** The number of the node of a workflow whose id this is; -1 where it is of none. Read off its codes: a piece of text would be made else. */
export function numberIn(workflow: string, id: string): number {
  const first = workflow.length + 1
  if (id[workflow.length] !== '/' || id.length === first || !id.startsWith(workflow)) return -1
  let number = 0
  for (let at = first; at < id.length; at += 1) {
    const digit = id.charCodeAt(at) - ZERO
    if (digit < 0 || digit > 9 || (number === 0 && at > first)) return -1
    number = number * 10 + digit
  }
  return number
}

const ZERO = 48

/**
 * What is had of each node of workflows, in a list for each workflow by the number of the node. In a map by id, what a member of a group cost grew with
 * the group: V8 makes a map anew each time that it has doubled, and each look into a large one waits for memory.
 */
export class NodeLists<T> {
  readonly #workflows = new SteadyMap<PagedList<T>>()
  /** The workflow that was looked for last: many nodes of one come one after another. */
  #last: string | undefined
  #nodes: PagedList<T> | undefined

  /** A workflow begins: there is room for its nodes from the start. */
  begin(workflow: string, nodes: number): void {
    if (this.#of(workflow) === undefined) this.#add(workflow, nodes)
  }

  put(workflow: string, node: number, value: T): void {
    const nodes = this.#of(workflow) ?? this.#add(workflow)
    nodes.set(node, value)
  }

  get(workflow: string, node: number): T | undefined {
    return this.#of(workflow)?.get(node)
  }

  /** Forget what there is of the nodes of a workflow, once `each` was called with that. */
  forget(workflow: string, each?: (value: T) => void): void {
    const nodes = this.#of(workflow)
    if (nodes === undefined) return
    if (each !== undefined) nodes.each(each)
    nodes.clear()
    this.#workflows.delete(workflow)
    this.#last = undefined
    this.#nodes = undefined
  }

  *values(): Generator<T, void, undefined> {
    for (const nodes of this.#workflows.values()) yield* nodes.values()
  }

  #of(workflow: string): PagedList<T> | undefined {
    if (this.#last !== workflow) {
      this.#last = workflow
      this.#nodes = this.#workflows.get(workflow)
    }
    return this.#nodes
  }

  #add(workflow: string, room?: number): PagedList<T> {
    const nodes = new PagedList<T>(room)
    this.#workflows.set(workflow, nodes)
    this.#nodes = nodes
    return nodes
  }
}
