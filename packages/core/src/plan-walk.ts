import { NO_HEADERS, sharedHeaders, type TaskHeaders } from './headers.ts'
import { END, type Plan, type PlanNode, type TaskSpec } from './plan.ts'

// What is asked of a plan once it is compiled.

/**
 * Go through the tasks a plan begins with, whose turn comes as it is sent. By calls and by index, here and where plans are compiled: in a loop that runs
 * but once, over 100,000 members, V8 makes an object for each step of an iterator.
 */
export function eachEntryTask(plan: Plan, tell: (spec: TaskSpec, index: number) => void): void {
  const open: (readonly number[])[] = [[plan.entry]]
  for (let list = 0; list < open.length; list += 1) {
    const indices = open[list] as readonly number[]
    for (let at = 0; at < indices.length; at += 1) {
      const index = indices[at] as number
      const node = plan.nodes[index]
      if (node?.kind === 'task') tell(node.spec, index)
      else if (node?.kind === 'fork') open.push(node.branches)
    }
  }
}

/** What is written on what a plan is of: on its only task, or on a workflow as a whole. */
export function headersOf({ nodes, headers }: Plan): TaskHeaders {
  const only = nodes.length === 1 ? nodes[0] : undefined
  return (only?.kind === 'task' ? only.spec.headers : headers) ?? NO_HEADERS
}

/** The headers that all tasks of a plan have; `undefined` for none. */
export function commonHeaders(nodes: readonly PlanNode[]): TaskHeaders | undefined {
  let common: TaskHeaders | undefined
  for (const node of nodes) {
    if (node.kind !== 'task') continue
    const { headers } = node.spec
    if (headers === undefined) return undefined
    common = common === undefined ? headers : sharedHeaders(common, headers)
  }
  return common
}

const previous = new WeakMap<Plan, readonly number[]>()

/** For each node the index of the one whose result it is given, or END; for a join, the one before its fork. Made once for a plan. */
export function previousNodes(plan: Plan): readonly number[] {
  let found = previous.get(plan)
  if (found === undefined) {
    found = findPrevious(plan.nodes)
    previous.set(plan, found)
  }
  return found
}

/** The node in the same branch whose result leads to this one; END where the branch begins with it. A join is led to by what stands before its fork. */
export function stepBefore(plan: Plan, index: number): number {
  const before = previousNodes(plan)[index] ?? END
  const node = plan.nodes[before]
  if (node === undefined || node.kind === 'fork') return END
  const next = plan.nodes[node.next]
  return node.next === index || (next?.kind === 'fork' && next.join === index) ? before : END
}

function findPrevious(nodes: readonly PlanNode[]): number[] {
  const before: number[] = new Array(nodes.length).fill(END)
  nodes.forEach((node, index) => {
    if (node.kind !== 'fork' && node.next !== END && nodes[node.next]?.kind !== 'join') before[node.next] = index
  })
  // a fork stands before what it leads to, so one pass in order is enough
  nodes.forEach((node, index) => {
    if (node.kind !== 'fork') return
    for (const inner of [...node.branches, node.join]) before[inner] = before[index] as number
  })
  return before
}
