import {
  type CanvasSent,
  type Clock,
  END,
  type LetterRow,
  nodeId,
  type Plan,
  type PlanNode,
  type Row,
  redrivenId,
  type Store,
  type TaskRow,
  type TaskSpec,
  umbelError,
  type WorkflowRow,
} from '@umbel/core'
import type { Engine } from './engine.ts'
import type { UniqueOf } from './key-of-task.ts'
import { nextTurn } from './system.ts'

/** What is needed to send again what has failed. */
export interface RedriveParts {
  readonly engine: Engine
  readonly store: Store
  readonly clock: Clock
  readonly uniqueOf: UniqueOf
}

/** Arguments in the place of those that a task had, encoded; `undefined` where they stay. */
export interface Edit {
  readonly args: LetterRow['args'] | undefined
  readonly kwargs: LetterRow['kwargs']
  /** Version of the task that the arguments are for, where there are any. Default 1. */
  readonly version?: number | undefined
}

/** What a letter and a row tell of a task that is to be sent again. */
type Failed = Pick<LetterRow, 'id' | 'spec' | 'args' | 'kwargs' | 'workflow' | 'node' | 'root' | 'settles'>

/** Nodes looked at before the event loop gets a turn. */
const NODES_A_TURN = 500

/** Sends again what has failed: one thing after another, each once. What was sent once under an id is found under it ever after. */
export class Redrives {
  readonly #parts: RedriveParts
  #last: Promise<unknown> = Promise.resolve()

  constructor(parts: RedriveParts) {
    this.#parts = parts
  }

  /**
   * Send the task of a letter again, or run the workflow again that has failed with it. Resolves with the id, once it is stored.
   * @throws UMBEL_CANNOT_RERUN, UMBEL_UNKNOWN_RESULT
   */
  redrive(letter: LetterRow, edit: Edit | undefined): Promise<string> {
    return this.#inTurn(async () => {
      const now = await this.#parts.store.letter(letter.id)
      return now?.redrivenAs ?? this.#follow(letter, edit)
    })
  }

  /** Run a workflow again from what failed: by its id or that of a step. Resolves with the id, once it is stored. @throws UMBEL_CANNOT_RERUN, UMBEL_UNKNOWN_RESULT */
  rerun(id: string): Promise<string> {
    return this.#inTurn(async () => {
      const row = await this.#row(id)
      const step = row?.kind === 'task' || row?.kind === 'join'
      return this.#rerun(step ? (row.workflow ?? id) : id, undefined)
    })
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(async () => {
      await this.#parts.engine.drained()
      return run()
    })
    this.#last = turn.catch(() => {})
    return turn
  }

  /** Go up to what failed as a whole: what a task was replaced by has failed with it, and a step's workflow with the step. */
  async #follow(letter: LetterRow, edit: Edit | undefined): Promise<string> {
    let at: Failed = letter
    for (;;) {
      const whole = at.workflow === undefined ? undefined : await this.#workflow(at.workflow)
      const settles = whole === undefined ? at.settles : whole.settles
      if (settles === undefined) {
        if (edit !== undefined && at !== letter) throw cannot(`${letter.id} is part of ${at.id}: its arguments stand`)
        return whole === undefined ? this.#resend(at, edit) : this.#rerun(whole.id, edit && { ...edit, node: at.node })
      }
      const above = await this.#row(settles)
      if (above?.kind === 'join') throw cannot(`${letter.id} was added to a chord while that ran`)
      if (above?.kind === 'chart') throw cannot(`${letter.id} was invoked by a run, which has gone on without it`)
      if (above?.kind !== 'task') throw unknown(settles)
      at = above
    }
  }

  async #resend(failed: Failed, edit: Edit | undefined): Promise<string> {
    const { id, spec, root } = failed
    const node: PlanNode = {
      kind: 'task',
      spec: edit?.args === undefined ? freshSpec(spec) : specOf(freshSpec(spec), edit),
      args: edit?.args ?? failed.args,
      kwargs: edit?.kwargs ?? failed.kwargs,
      next: END,
    }
    await this.#send(id, root, { nodes: [node], entry: 0, exit: 0 }, undefined)
    return redrivenId(id)
  }

  async #rerun(id: string, edit: (Edit & { readonly node: number }) | undefined): Promise<string> {
    const as = redrivenId(id)
    if ((await this.#row(as)) !== undefined) return as
    const whole = await this.#workflow(id)
    if (whole.state !== 'FAILURE') throw cannot(`The workflow ${id} is ${whole.state}, not FAILURE`)
    if (whole.settles !== undefined)
      throw cannot(`The workflow ${id} goes on for ${whole.settles}, which failed with it`)
    await this.#checkChords(whole)
    await this.#send(id, whole.root, edit === undefined ? whole.plan : edited(whole.plan, edit), whole.input)
    return as
  }

  #send(id: string, root: string, plan: Plan, input: CanvasSent['input']): Promise<void> {
    const { engine, clock, uniqueOf } = this.#parts
    const unique = uniqueOf(plan)
    return engine.accepted({
      ...(unique !== undefined && { unique }),
      type: 'canvas-sent',
      id: redrivenId(id),
      plan,
      input,
      parent: id,
      root,
      settles: undefined,
      redrives: id,
      at: clock.now(),
    })
  }

  /** Refuse what members were added to while it ran: no plan has these. @throws UMBEL_CANNOT_RERUN */
  async #checkChords({ id, plan }: WorkflowRow): Promise<void> {
    for (const [index, { kind }] of plan.nodes.entries()) {
      const row = kind === 'join' ? await this.#row(nodeId(id, index)) : undefined
      if (row?.kind === 'join' && row.added !== undefined && row.result === undefined)
        throw cannot(`A chord of the workflow ${id} has failed that members were added to while it ran`)
      if (index % NODES_A_TURN === NODES_A_TURN - 1) await nextTurn()
    }
  }

  async #workflow(id: string): Promise<WorkflowRow> {
    const row = await this.#row(id)
    if (row?.kind === 'workflow') return row
    if (row !== undefined) throw cannot(`${id} is no workflow`)
    throw unknown(id)
  }

  async #row(id: string): Promise<Row | undefined> {
    return this.#parts.engine.get(id) ?? (await this.#parts.store.get(id))
  }
}

const cannot = (why: string): Error => umbelError('UMBEL_CANNOT_RERUN', `${why}.`)
const unknown = (id: string): Error => umbelError('UMBEL_UNKNOWN_RESULT', `Nothing is known under the id ${id}.`)

/** A spec as it is to be sent again: the moment by which it had to start has passed. */
const freshSpec = (spec: TaskSpec): TaskRow['spec'] =>
  spec.expires !== undefined && 'at' in spec.expires ? { ...spec, expires: undefined } : spec

/** A spec with the version that new arguments are for. */
const specOf = ({ version: _, ...spec }: TaskSpec, { version = 1 }: Edit): TaskSpec =>
  version === 1 ? spec : { ...spec, version }

/** A plan with other arguments for one of its tasks, which takes nothing from before any more: they are all it is given. */
function edited(plan: Plan, edit: Edit & { readonly node: number }): Plan {
  const { node: index, args, kwargs } = edit
  const node = plan.nodes[index]
  if (node?.kind !== 'task') return plan
  const spec = args === undefined ? node.spec : { ...specOf(node.spec, edit), immutable: true }
  return {
    ...plan,
    nodes: plan.nodes.with(index, { ...node, spec, args: args ?? node.args, kwargs: kwargs ?? node.kwargs }),
  }
}
