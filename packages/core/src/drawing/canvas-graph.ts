import { compilePlan, type Resolve } from '../compile-plan.ts'
import { umbelError } from '../errors.ts'
import { END, type ForkNode, type JoinNode, type Plan, type PlanNode, type TaskNode } from '../plan.ts'
import type { Canvas, MapSignature, TaskSignature } from '../signature.ts'

/** A canvas as plain data, for drawing. The id of a node is its place in the plan: `WORKFLOW/3` is the row of node `3`. */
export interface CanvasGraph {
  readonly kind: 'canvas'
  readonly nodes: readonly CanvasNode[]
  readonly edges: readonly CanvasEdge[]
}

/** One node of a canvas: a task, or where a group begins and ends. */
export type CanvasNode = CanvasTask | CanvasGroup

/** A task of a canvas, or members of a group that look alike, as one. */
export interface CanvasTask {
  readonly id: string
  readonly kind: 'task' | 'map' | 'starmap'
  readonly task: string
  /** Where the signature says so. */
  readonly lane?: string
  readonly priority?: number
  readonly countdown?: number | string
  /** Names of the tasks that are called once it succeeded or failed. */
  readonly link?: readonly string[]
  readonly linkError?: readonly string[]
  /** How many tasks it stands for, and how many of them have ended, where that was asked for. */
  readonly of: number
  readonly ended?: number
}

/** Where the members of a group begin (`fork`) or are waited for (`join`). A join that leads on makes it a chord. */
export interface CanvasGroup {
  readonly id: string
  readonly kind: 'fork' | 'join'
  /** How many members it has. */
  readonly of: number
}

/** What follows what. */
export interface CanvasEdge {
  readonly from: string
  readonly to: string
}

/** How a canvas is drawn. */
export interface CanvasGraphOptions {
  /** Members of a group that look alike are drawn as one from this many on. Default 5. */
  readonly collapse?: number
  /** Tell whether the node of this place in the plan has ended: then what stands for several says how many of them have. */
  readonly ended?: (node: number) => boolean
}

/**
 * Draw a canvas as nodes and edges.
 * @throws UMBEL_BAD_CANVAS, UMBEL_CANVAS_CYCLE, UMBEL_CANVAS_TOO_DEEP, UMBEL_CANVAS_TOO_LARGE; UMBEL_BAD_OPTION
 */
export function canvasGraph(canvas: Canvas, options: CanvasGraphOptions = {}): CanvasGraph {
  const calls: Single[] = []
  const plan = compilePlan(canvas, drawn(calls))
  return new Drawing(plan, calls, options).graph()
}

type Single = TaskSignature | MapSignature

/** Keeps what a plan is made of beside it: a drawing needs nothing that has to be resolved. */
const drawn = (calls: Single[]): Resolve => ({
  task(signature) {
    calls.push(signature)
    return { spec: undefined as unknown as TaskNode['spec'], args: '[]', kwargs: undefined }
  },
  errorCallbacks: () => [],
})

/** Members of a group that look alike. */
interface Likes {
  /** Where the first of them begins. */
  readonly entry: number
  /** How far behind it each of them begins; 0 for itself. */
  readonly offsets: readonly number[]
}

const ITSELF: readonly number[] = [0]

class Drawing {
  readonly #plan: Plan
  readonly #collapse: number
  readonly #ended: CanvasGraphOptions['ended']
  readonly #calls = new Map<number, Single>()
  readonly #nodes: CanvasNode[] = []
  readonly #edges: CanvasEdge[] = []

  constructor(plan: Plan, calls: readonly Single[], { collapse = 5, ended }: CanvasGraphOptions) {
    if (!(collapse >= 2))
      throw umbelError('UMBEL_BAD_OPTION', `collapse is ${String(collapse)}; it is a number above 1.`)
    this.#plan = plan
    this.#collapse = collapse
    this.#ended = ended
    let call = 0
    plan.nodes.forEach((node, index) => {
      if (node.kind === 'task') this.#calls.set(index, calls[call++] as Single)
    })
  }

  graph(): CanvasGraph {
    this.#sequence(this.#plan.entry, END, ITSELF)
    return { kind: 'canvas', nodes: this.#nodes, edges: this.#edges }
  }

  /** Draw what follows one another, from a node up to the join that ends it; gives the last node drawn. `offsets`: where its likes are. */
  #sequence(from: number, until: number, offsets: readonly number[]): number {
    let at = from
    for (;;) {
      const node = this.#plan.nodes[at] as PlanNode
      if (node.kind === 'task') this.#task(at, offsets)
      if (node.kind === 'fork') this.#fork(at, node, offsets)
      const last = node.kind === 'fork' ? node.join : at
      const { next } = this.#plan.nodes[last] as TaskNode | JoinNode
      if (next === END || next === until) return last
      this.#edge(last, next)
      at = next
    }
  }

  #fork(at: number, { branches, join }: ForkNode, offsets: readonly number[]): void {
    this.#nodes.push({ id: String(at), kind: 'fork', of: branches.length })
    for (const likes of this.#likes(branches, join)) {
      this.#edge(at, likes.entry)
      const all = offsets.flatMap((outer) => likes.offsets.map((inner) => outer + inner))
      this.#edge(this.#sequence(likes.entry, join, all), join)
    }
    if (branches.length === 0) this.#edge(at, join)
    this.#nodes.push({ id: String(join), kind: 'join', of: branches.length })
  }

  /** The branches of a group, those that look alike together where there are many of them. */
  #likes(branches: readonly number[], join: number): readonly Likes[] {
    const alike = new Map<string, number[]>()
    branches.forEach((entry, index) => {
      const looks = this.#looks(entry, branches[index + 1] ?? join)
      const entries = alike.get(looks)
      if (entries === undefined) alike.set(looks, [entry])
      else entries.push(entry)
    })
    return [...alike.values()].flatMap((entries): Likes[] => {
      const [entry] = entries as [number]
      if (entries.length < this.#collapse) return entries.map((one) => ({ entry: one, offsets: ITSELF }))
      return [{ entry, offsets: entries.map((one) => one - entry) }]
    })
  }

  /** What the nodes of a branch, which lie side by side in the plan, look like. */
  #looks(entry: number, end: number): string {
    const looks: string[] = []
    for (let at = entry; at < end; at += 1) {
      const node = this.#plan.nodes[at] as PlanNode
      const next = nextOf(node)
      looks.push(node.kind === 'task' ? JSON.stringify(this.#look(at)) : node.kind, next < end ? String(next - at) : '')
    }
    return looks.join()
  }

  #task(at: number, offsets: readonly number[]): void {
    const ended = this.#ended
    this.#nodes.push({
      id: String(at),
      ...this.#look(at),
      of: offsets.length,
      ...(ended !== undefined && { ended: offsets.filter((offset) => ended(at + offset)).length }),
    })
  }

  #look(at: number): Omit<CanvasTask, 'id' | 'of' | 'ended'> {
    const { kind, task, options } = this.#calls.get(at) as Single
    const { lane, priority, countdown, link = [], linkError = [] } = options
    return {
      kind,
      task,
      ...(lane !== undefined && { lane }),
      ...(priority !== undefined && { priority }),
      ...(countdown !== undefined && { countdown }),
      ...(link.length > 0 && { link: link.map(nameOf) }),
      ...(linkError.length > 0 && { linkError: linkError.map(nameOf) }),
    }
  }

  #edge(from: number, to: number): void {
    this.#edges.push({ from: String(from), to: String(to) })
  }
}

const nextOf = (node: PlanNode): number => (node.kind === 'fork' ? node.join : node.next)

const nameOf = (canvas: Canvas): string => ('task' in canvas ? canvas.task : canvas.kind)
