import {
  type ChartRow,
  type Clock,
  type ErrorClasses,
  isResultRow,
  type Plan,
  type ResultRow,
  type Row,
  type Store,
  umbelError,
} from '@umbel/core'
import { AsyncResult, hasEnded, type ResultSource } from './async-result.ts'
import type { Cell } from './cell.ts'
import type { Engine } from './engine.ts'
import { GroupResult } from './group-result.ts'
import { shown } from './known-names.ts'
import type { Sent } from './producer.ts'
import type { Results } from './results.ts'

/** What handles are answered from. */
export interface ResultSourceParts {
  readonly clock: Clock
  readonly errors: ErrorClasses
  readonly engine: Pick<Engine, 'get' | 'drained' | 'accepted' | 'isAhead'>
  readonly results: Results
  readonly store: Pick<Store, 'get' | 'peek' | 'children' | 'drop'>
}

/** Answers what handles ask, from what is in memory where it can, else from the store. */
export class AppResultSource implements ResultSource {
  readonly clock: Clock
  readonly errors: ErrorClasses
  readonly #engine: ResultSourceParts['engine']
  readonly #results: Results
  readonly #store: ResultSourceParts['store']

  constructor({ clock, errors, engine, results, store }: ResultSourceParts) {
    this.clock = clock
    this.errors = errors
    this.#engine = engine
    this.#results = results
    this.#store = store
  }

  cell(id: string): Cell {
    return this.#results.cell(id)
  }

  peek(id: string): ResultRow | undefined {
    return awaited(this.#engine.get(id) ?? this.#store.peek?.(id))
  }

  async childrenOf(id: string): Promise<readonly AsyncResult<unknown>[]> {
    await this.#engine.drained()
    const ids = await this.#store.children(id)
    return Promise.all(ids.map((child) => this.find(child)))
  }

  /** Resolve once what was sent under an id of the caller's choice is on its way, or refused. */
  async arrived(id: string): Promise<void> {
    await this.#results.find(id)?.checked
  }

  /** The same for all that was sent so far; `each` is called as soon as one is. */
  async allArrived(each: () => void): Promise<void> {
    await Promise.all(this.#results.checks().map((check) => check.then(each)))
  }

  /** Whether something stands under an id, or is on its way, that has not ended. */
  isOpen(id: string): boolean {
    const row = this.#engine.get(id)
    if (row !== undefined && isResultRow(row)) return !hasEnded(row)
    if (this.#isOnItsWay(id)) return true
    const [, workflow = '', node] = /^(.+)\/(\d+)$/.exec(id) ?? []
    const whole = this.#engine.get(workflow)
    const plan = whole?.kind === 'workflow' && whole.endedAt === undefined ? whole.plan : undefined
    return plan?.nodes[Number(node)] !== undefined || (workflow !== '' && this.#isOnItsWay(workflow))
  }

  #isOnItsWay(id: string): boolean {
    const cell = this.#results.find(id)
    return cell?.pending === true && !cell.accepted && cell.refused === undefined
  }

  /** Ask what stands under an id to end. Idempotent; what has ended stays as it is. */
  async revoke(id: string): Promise<void> {
    const cell = this.#results.find(id)
    if (cell?.checked !== undefined) await this.arrived(id)
    const error = {
      name: 'UmbelError',
      code: 'UMBEL_REVOKED',
      message: umbelError('UMBEL_REVOKED', `${id} was revoked.`).message,
    }
    const at = this.clock.now()
    // right behind the send, so that what was just sent never starts
    const type =
      cell?.plan !== undefined || isWhole(this.#engine.get(id) ?? this.#store.peek?.(id))
        ? 'workflow-revoked'
        : 'task-revoked'
    await this.#engine.accepted({ type, id, error, at })
  }

  async forget(id: string): Promise<void> {
    await this.#engine.drained()
    await this.#store.drop(id)
  }

  /**
   * Find what stands under an id and make its handle.
   * @throws UMBEL_UNKNOWN_RESULT when there is nothing, or retention has dropped it.
   */
  async find(id: string): Promise<AsyncResult<unknown>> {
    if (typeof id !== 'string') throw nothingUnder(id)
    await this.#engine.drained()
    const row = await this.#row(id)
    if (row?.kind === 'workflow') return this.#handle(id, row.plan, row.plan.exit, row)
    if (row?.kind === 'chart' || (row?.kind === 'task' && row.workflow === undefined))
      return this.#handle(id, undefined, -1, row)
    const [, workflowId, node] = /^(.+)\/(\d+)$/.exec(id) ?? []
    const workflow = workflowId === undefined ? undefined : await this.#row(workflowId)
    const plan = workflow?.kind === 'workflow' ? workflow.plan : undefined
    const kind = plan?.nodes[Number(node)]?.kind
    if (row !== undefined || kind === 'task' || kind === 'join') return this.#handle(id, plan, Number(node), row)
    throw nothingUnder(id)
  }

  /** The row of a run, wherever it is. */
  async run(id: string): Promise<ChartRow | undefined> {
    const row = await this.#row(id)
    return row?.kind === 'chart' ? row : undefined
  }

  /** A run was started under an id that was used before: what waits for it learns how it stands. */
  again(cell: Cell): void {
    if (!cell.ended && this.#engine.get(cell.id) === undefined) this.#load(cell)
  }

  async #row(id: string): Promise<ResultRow | undefined> {
    return awaited(this.#engine.get(id) ?? (await this.#store.get(id)))
  }

  /** The handle of what was just sent. */
  handleOf({ id, plan, cell }: Sent): AsyncResult<unknown> {
    if (plan.nodes.length > 1) return this.handle(id, plan, plan.exit)
    // of a task that was just sent nothing can be known yet
    return cell.pending ? new AsyncResult(id, this, undefined, -1, cell) : this.handle(id, undefined, -1)
  }

  /** The handle of what was just sent under an id. */
  sent(id: string): AsyncResult<unknown> {
    const { plan } = this.#results.cell(id)
    return this.handle(id, plan, plan?.exit ?? -1)
  }

  handle(id: string, plan: Plan | undefined, node: number): AsyncResult<unknown> {
    // of what was just sent nothing is stored, and asking costs
    return this.#handle(id, plan, node, this.#results.find(id)?.pending ? undefined : this.peek(id))
  }

  #handle(id: string, plan: Plan | undefined, node: number, known: ResultRow | undefined): AsyncResult<unknown> {
    const group = plan?.nodes[node]?.kind === 'join'
    const handle = group
      ? new GroupResult<readonly unknown[]>(id, this, plan, node)
      : new AsyncResult<unknown>(id, this, plan, node)
    this.#attach(this.#results.cell(id), plan === undefined || node < 0 ? id : handle.workflow, known)
    return handle
  }

  /** See to it that a cell learns of an end that has been already, or of a send that is refused. */
  #attach(cell: Cell, workflow: string, known: ResultRow | undefined): void {
    if (cell.ended) return
    if (known !== undefined && this.#engine.isAhead(known)) return // it is told of it soon
    if (known !== undefined && hasEnded(known) && !cell.pending) return this.#end(cell, known)
    cell.seen ??= known
    if (this.#engine.get(workflow) !== undefined && !cell.accepted) cell.answer(undefined)
    if (this.#engine.get(cell.id) !== undefined) return
    if (workflow !== cell.id && this.#results.waitsFor(workflow)) {
      const whole = this.#results.cell(workflow)
      const look = (): void => {
        if (whole.ended) return this.#load(cell)
        if (whole.refused !== undefined) return cell.answer(whole.refused)
        if (whole.accepted && !cell.accepted) cell.answer(undefined)
        whole.wait(look)
      }
      look()
    } else if (this.#engine.get(workflow) === undefined && !cell.pending) {
      this.#load(cell)
    }
  }

  #load(cell: Cell): void {
    this.#store.get(cell.id).then(
      (stored) => {
        const row = awaited(stored)
        if (row !== undefined && hasEnded(row)) return this.#end(cell, row)
        if (row?.kind === 'chart') return cell.answer(undefined) // it sleeps
        if (!cell.ended) cell.answer(umbelError('UMBEL_RESULT_GONE', `The result of ${cell.id} is not kept any more.`))
        this.#results.drop(cell.id)
      },
      (error: unknown) => cell.answer(error),
    )
  }

  #end(cell: Cell, row: ResultRow): void {
    cell.end(row)
    this.#results.drop(cell.id)
  }
}

/** What nobody can be given a handle of. */
export const nothingUnder = (id: unknown): Error =>
  umbelError('UMBEL_UNKNOWN_RESULT', `Nothing is known under the id ${shown(id)}.`)

/** Whether a row is of something that is revoked as a whole. */
const isWhole = (row: Row | undefined): boolean => row?.kind === 'workflow' || row?.kind === 'chart'

/** A row that a handle can be about: streams and keys have no result of their own. */
const awaited = (row: Row | undefined): ResultRow | undefined =>
  row !== undefined && isResultRow(row) ? row : undefined
