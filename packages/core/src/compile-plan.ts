import { stampedCallbacks } from './canvas-options.ts'
import { chunkMembers, membersOf, settleOptions } from './canvas-parts.ts'
import { checkShape, MAX_GROUPS_IN_A_ROW } from './canvas-shape.ts'
import { umbelError } from './errors.ts'
import type { Open } from './made-young.ts'
import { Pieces } from './pieces.ts'
import {
  END,
  type ErrorCallback,
  type ForkNode,
  type JoinNode,
  type Plan,
  type PlanNode,
  planOfOne,
  type TaskNode,
} from './plan.ts'
import type {
  Canvas,
  ChainSignature,
  ChordSignature,
  GroupSignature,
  MapSignature,
  TaskSignature,
} from './signature.ts'
import { stampCanvas } from './stamp.ts'

/** Deepest nesting of canvases that is accepted. */
export const MAX_CANVAS_DEPTH = 200

/** Most nodes that one plan may have. */
const MAX_PLAN_NODES = 2_000_000

/** Works what nodes are made of out of signatures. Throws what is wrong with them. */
export interface Resolve {
  /** The task's options, routes and defaults in one signature. `fed`: gets a result from before. */
  task(signature: TaskSignature | MapSignature, fed: boolean): Omit<TaskNode, 'kind' | 'next'>
  /** What is called when something fails. */
  errorCallbacks(callbacks: readonly Canvas[]): readonly ErrorCallback[]
}

const isSingle = (canvas: Canvas): canvas is TaskSignature | MapSignature =>
  canvas.kind === 'task' || canvas.kind === 'map' || canvas.kind === 'starmap'

function taskNode(canvas: TaskSignature | MapSignature, resolve: Resolve, fed: boolean): TaskNode {
  const { spec, args, kwargs } = resolve.task(canvas, fed)
  return { kind: 'task', spec, args, kwargs, next: END } // by a literal: nodes of a large canvas live long, and may be made old
}

const tooLarge = (): Error => umbelError('UMBEL_CANVAS_TOO_LARGE', `This canvas has more than ${MAX_PLAN_NODES} nodes.`)

interface Part {
  readonly entry: number
  /** The node whose `next` is still open. */
  readonly exit: number
}

/**
 * Compile a canvas to its plan. `fed`: its first task gets a result from before.
 * @throws UMBEL_CANVAS_TOO_DEEP, UMBEL_CANVAS_CYCLE, UMBEL_CANVAS_TOO_LARGE, UMBEL_BAD_CANVAS, and what `resolve` throws.
 */
export function compilePlan(canvas: Canvas, resolve: Resolve, fed = false): Plan {
  checkShape(canvas)
  if (isSingle(canvas)) {
    const { spec, args, kwargs } = resolve.task(canvas, fed)
    return planOfOne(spec, args, kwargs)
  }
  const { headers } = canvas.options
  const compiler = new Compiler(resolve)
  return compiler.whole(headers === undefined ? canvas : stampCanvas(canvas, headers), fed)
}

/** A step as it runs: a group of one stands for its member, except when it was made from a list. */
function unrolled(step: Canvas): Canvas {
  checkShape(step)
  if (step.kind !== 'group' || step.list === true || step.members.length !== 1) return step
  return settleOptions(step).members[0] as Canvas
}

/** The canvas that a chain of one step comes to. */
function aloneIn(canvas: Canvas): Canvas {
  let top = canvas
  while (top.kind === 'chain' && top.steps.length === 1) top = unrolled(top.steps[0] as Canvas)
  return top
}

/**
 * The error callbacks that a chord's body has of its own: as in Celery those of a task, and of a chain as a whole. Its steps and
 * members never began, and a group and a chord have none: they hand them on.
 */
const errorsOf = (body: Canvas): readonly Canvas[] =>
  isSingle(body) || body.kind === 'chain' ? stampedCallbacks(body.options.linkError, body.options.headers) : []

class Compiler {
  readonly #nodes = new Pieces<Open<PlanNode>>()
  readonly #resolve: Resolve
  readonly #path = new Set<Canvas>()
  #members = 0

  constructor(resolve: Resolve) {
    this.#resolve = resolve
  }

  /**
   * Compile what a handle is given for. As in Celery, the handle of a chord leads back to the header, whatever its body is, and
   * a group of one that ends in a group is that group.
   */
  whole(canvas: Canvas, fed: boolean): Plan {
    const { entry, exit } = this.part(canvas, 0, fed)
    const top = aloneIn(canvas)
    const nodes = this.#nodes.list()
    const last = nodes[exit]
    // as in Celery there is no way back from an empty group that ends a chain
    if (top.kind === 'chain' && last?.kind === 'join' && last.members.length === 0)
      return { nodes, entry, exit, before: END }
    const fork = nodes[entry]
    if (fork?.kind !== 'fork' || (top.kind !== 'chord' && top.kind !== 'group')) return { nodes, entry, exit }
    const inner = this.#onlyGroup(fork.join)
    if (top.kind === 'chord') return { nodes, entry, exit, before: inner ?? fork.join }
    if (inner === undefined || fork.join !== exit) return { nodes, entry, exit }
    this.#open(inner).next = END
    return { nodes, entry: fork.branches[0] as number, exit: inner }
  }

  /** The join of a group that is, or ends, the only member of another. */
  #onlyGroup(join: number): number | undefined {
    const { members } = this.#nodes.at(join) as JoinNode
    const [only] = members
    return only !== undefined && members.length === 1 && this.#nodes.at(only)?.kind === 'join' ? only : undefined
  }

  /** `last`: the end of a body's chain, as deep as what it ends. Groups in a row, written flat, are bodies nested so. */
  part(canvas: Canvas, depth: number, fed: boolean, last = false): Part {
    checkShape(canvas)
    if (isSingle(canvas)) {
      return this.#single(taskNode(canvas, this.#resolve, fed))
    }
    this.#enter(canvas, depth)
    const inside = last ? depth : depth + 1
    if (canvas.kind === 'chunks') return this.#group(chunkMembers(canvas), inside, fed)
    const part = this.#composed(settleOptions(canvas), inside, fed, last)
    this.#path.delete(canvas)
    return part
  }

  /** Go into a canvas, unless it is inside of itself. */
  #enter(canvas: Canvas, depth: number): void {
    if (this.#path.has(canvas)) throw umbelError('UMBEL_CANVAS_CYCLE', `This ${canvas.kind} contains itself.`)
    if (depth >= MAX_CANVAS_DEPTH) {
      throw umbelError('UMBEL_CANVAS_TOO_DEEP', `This canvas is nested deeper than ${MAX_CANVAS_DEPTH} levels.`)
    }
    if (this.#path.size >= MAX_GROUPS_IN_A_ROW * 2) {
      throw umbelError('UMBEL_CANVAS_TOO_DEEP', `This canvas has more than ${MAX_GROUPS_IN_A_ROW} groups in a row.`)
    }
    this.#path.add(canvas)
  }

  /** Look through groups right within groups before they are flattened: one may contain itself, or far too many. */
  #checkMembers(members: readonly Canvas[], depth: number): void {
    this.#members += members.length
    if (this.#members > MAX_PLAN_NODES) throw tooLarge()
    for (let at = 0; at < members.length; at += 1) {
      const member = members[at] as Canvas
      checkShape(member)
      if (member.kind !== 'group') continue
      this.#enter(member, depth)
      this.#checkMembers(member.members, depth + 1)
      this.#path.delete(member)
    }
  }

  #composed(
    canvas: ChainSignature | GroupSignature | ChordSignature,
    depth: number,
    fed: boolean,
    last: boolean,
  ): Part {
    switch (canvas.kind) {
      case 'chain':
        return this.#chain(canvas.steps, depth, fed, last)
      case 'group':
        return this.#group(canvas.members, depth, fed)
      case 'chord': {
        const header = this.#group(canvas.header, depth, fed)
        const body = this.part(canvas.body, depth, true, canvas.body.kind === 'chain')
        const join = this.#nodes.at(header.exit) as Open<JoinNode>
        join.body = body.exit
        const errors = this.#resolve.errorCallbacks(errorsOf(canvas.body))
        if (errors.length > 0) join.errors = errors
        return this.#follow(header, body)
      }
      default:
        throw umbelError(
          'UMBEL_BAD_CANVAS',
          `A canvas cannot be of kind ${JSON.stringify((canvas as { kind: unknown }).kind)}.`,
        )
    }
  }

  #chain(steps: readonly Canvas[], depth: number, fed: boolean, last: boolean): Part {
    let part: Part | undefined
    for (let index = 0; index < steps.length; index += 1) {
      const step = unrolled(steps[index] as Canvas)
      const next = this.part(step, depth, fed || index > 0, last && index === steps.length - 1)
      part = part === undefined ? next : this.#follow(part, next)
    }
    if (part === undefined) throw umbelError('UMBEL_BAD_CANVAS', 'A chain needs at least one step.')
    return part
  }

  #group(members: readonly Canvas[], depth: number, fed: boolean): Part {
    const fork: Open<ForkNode> = { kind: 'fork', branches: [], join: END }
    const entry = this.#single(fork).entry
    this.#checkMembers(members, depth)
    const flat = membersOf(members)
    const branches = new Array<number>(flat.length)
    const exits = new Array<number>(flat.length)
    for (let at = 0; at < flat.length; at += 1) {
      const branch = this.part(flat[at] as Canvas, depth, fed)
      branches[at] = branch.entry
      exits[at] = branch.exit
    }
    fork.branches = branches
    const join = this.#single({ kind: 'join', members: exits, next: END })
    fork.join = join.entry
    for (let at = 0; at < exits.length; at += 1) this.#open(exits[at] as number).next = join.entry
    return { entry, exit: join.exit }
  }

  #follow(before: Part, after: Part): Part {
    this.#open(before.exit).next = after.entry
    return { entry: before.entry, exit: after.exit }
  }

  #single(node: Open<PlanNode>): Part {
    const index = this.#nodes.length
    if (index >= MAX_PLAN_NODES) throw tooLarge()
    this.#nodes.push(node)
    return { entry: index, exit: index }
  }

  #open(index: number): Open<TaskNode> | Open<JoinNode> {
    return this.#nodes.at(index) as Open<TaskNode> | Open<JoinNode>
  }
}
