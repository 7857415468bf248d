import type {
  Clock,
  Duration,
  ErrorClasses,
  ErrorData,
  Plan,
  Progress,
  ResultRow,
  TaskHeaders,
  TaskState,
} from '@umbel/core'
import {
  decode,
  END,
  fromErrorData,
  headersOf,
  isReady,
  milliseconds,
  NO_HEADERS,
  nodeId,
  previousNodes,
  umbelError,
} from '@umbel/core/tasks'
import type { Cell, Reject, Resolve } from './cell.ts'
import { currentAttempt } from './current-attempt.ts'
import { getting, given } from './getting.ts'
import { hasFailed, resultOf, revived, settle } from './result-value.ts'

/** How long and whether to wait. */
export interface GetOptions {
  /** Longest wait, after which `get` throws UMBEL_TIMEOUT. Default: no limit. */
  readonly timeout?: Duration
  /** Stops the wait (not the work) with UMBEL_ABORTED. */
  readonly signal?: AbortSignal
}

/** One change of a task: what `updates()` gives. */
export interface Update {
  readonly state: TaskState
  /** What `ctx.setState` gave beside the state. */
  readonly meta: unknown
  /** What `ctx.progress` told last. */
  readonly progress: Progress | undefined
}

/** What handles ask of the app they came from. */
export interface ResultSource {
  readonly clock: Clock
  readonly errors: ErrorClasses
  cell(id: string): Cell
  /** The row as it stands, as far as it can be told at once. */
  peek(id: string): ResultRow | undefined
  /** Handles of what a task or workflow started. */
  childrenOf(id: string): Promise<readonly AsyncResult<unknown>[]>
  revoke(id: string): Promise<void>
  forget(id: string): Promise<void>
  /** Make the handle of what stands under an id. */
  handle(id: string, plan: Plan | undefined, node: number): AsyncResult<unknown>
}

/**
 * The handle of one task, or of a workflow that ends in one. Getters show the last state known here; `get()` waits.
 * Not thenable, on purpose: awaiting a handle by mistake would hide the difference between sent and done.
 */
export class AsyncResult<R> {
  readonly id: string
  /** Type of the result; never set. */
  declare readonly '~result': R
  protected readonly source: ResultSource
  protected readonly cell: Cell
  protected readonly plan: Plan | undefined
  protected readonly node: number

  /** Made by `delay`, `send` and `app.result`; `node` is the node of `plan` it stands for, -1 for none. */
  constructor(id: string, source: ResultSource, plan?: Plan, node = -1, cell = source.cell(id)) {
    this.id = id
    this.source = source
    this.plan = plan
    this.node = node
    this.cell = cell
  }

  /** Resolve once the send is stored; reject with the reason when it was not. Left unread, it harms nobody. */
  get accepted(): Promise<void> {
    const cell = this.cell
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (cell.accepted) resolve()
        else if (cell.refused !== undefined) reject(cell.refused)
        else cell.wait(look)
      }
      look()
    })
  }

  /**
   * Wait for the end and return the result.
   * @throws the task's own error, revived; UMBEL_TIMEOUT; UMBEL_ABORTED; UMBEL_REVOKED and its like;
   * UMBEL_WOULD_DEADLOCK at once when called from a handler.
   */
  get(options: GetOptions = NO_OPTIONS): Promise<R> {
    refuseInHandler(this.id)
    const limit = options.timeout === undefined ? undefined : milliseconds(options.timeout, 'timeout')
    if (limit !== undefined || options.signal !== undefined)
      return this.#ended(limit, options.signal).then((row) => this.value(row))
    // of what is no node of a canvas the cell knows as much as its handle
    if (this.plan === undefined && this.node < 0 && this.cell.gives) return given(this.cell)
    return getting(this.cell, this, AsyncResult.settle<R>)
  }

  /** Tell what it has come to, now that it is over. */
  private static settle<R>(handle: AsyncResult<R>, resolve: Resolve<R>, reject: Reject): void {
    settle(handle.cell, (row) => handle.value(row), resolve as Resolve, reject)
  }

  /** State as last known here. PENDING also when nothing is known. */
  get state(): TaskState {
    const row = this.row()
    return row === undefined ? 'PENDING' : stateOf(row)
  }

  /**
   * What is known beside the state: the result or the error once ended, else what `setState` or `progress` told last. Of a chord
   * whose header failed it is UMBEL_CHORD_FAILED, which names the member; `get()` throws that member's own error.
   */
  get info(): unknown {
    const row = this.row()
    if (row === undefined || row.kind === 'join') return undefined
    if (row.error !== undefined && row.state !== 'SUCCESS') return fromErrorData(row.error, this.source.errors)
    if (row.kind === 'task' && row.spec.ignoreResult && row.result !== undefined) return undefined
    if (row.result !== undefined) return decode(row.result, this.source.errors)
    if (row.kind !== 'task') return undefined
    return row.meta === undefined ? row.progress : decode(row.meta, this.source.errors)
  }

  /** Of a run of a machine, the tags of all its active states; else its state alone. */
  get states(): readonly string[] {
    const row = this.row()
    return row?.kind === 'chart' ? row.states : [this.state]
  }

  /** What is written on it: on the task, or on every task of the canvas. Empty also when nothing is known. */
  get headers(): TaskHeaders {
    const row = this.row()
    if (row?.kind === 'task') return row.spec.headers ?? NO_HEADERS
    if (row?.kind === 'workflow') return headersOf(row.plan)
    const node = this.workflow === this.id ? undefined : this.plan?.nodes[this.node]
    if (node?.kind === 'task') return node.spec.headers ?? NO_HEADERS
    return this.plan === undefined ? (this.cell.headers ?? NO_HEADERS) : headersOf(this.plan)
  }

  /** Whether it has ended, in whatever way. */
  ready(): boolean {
    const row = this.row()
    return row !== undefined && hasEnded(row)
  }

  /** Whether it has ended with a result. */
  successful(): boolean {
    const row = this.row()
    return row !== undefined && hasEnded(row) && row.error === undefined
  }

  /** Whether it has ended as FAILURE. */
  failed(): boolean {
    return this.state === 'FAILURE'
  }

  /** Handle of the step before this one in its chain; a group's handle where a group stood before it. */
  get parent(): AsyncResult<unknown> | undefined {
    const { plan } = this
    if (plan === undefined || this.node < 0) return undefined
    const { workflow } = this
    const before = (this.node === plan.exit ? plan.before : undefined) ?? previousNodes(plan)[this.node] ?? END
    return before === END ? undefined : this.source.handle(nodeId(workflow, before), plan, before)
  }

  /** Handles of what it has started so far: links, `ctx.send`, what replaced it, the steps after it. */
  get children(): Promise<readonly AsyncResult<unknown>[]> {
    return this.source.childrenOf(this.plan === undefined || this.node < 0 ? this.id : nodeId(this.workflow, this.node))
  }

  /** Ask that it never starts, or stops: a waiting task is taken out, a running one's signal is aborted, a workflow ends whole. */
  revoke(): Promise<void> {
    return this.source.revoke(this.id)
  }

  /** Drop its result from the store. Handles that have seen it keep it. */
  forget(): Promise<void> {
    return this.source.forget(this.id)
  }

  /** Each change of state, meta or progress from now on, the end included. Older ones are dropped beyond 1,000 unread. */
  async *updates(): AsyncGenerator<Update, void> {
    const queue: ResultRow[] = []
    let wake: (() => void) | undefined
    const stop = this.cell.watch((row) => {
      queue.push(row)
      if (queue.length > 1_000) queue.shift()
      wake?.()
    })
    const told = (): void => wake?.()
    try {
      if (this.cell.seen !== undefined) queue.unshift(this.cell.seen)
      await this.accepted
      this.cell.wait(told) // a refusal brings no row
      for (;;) {
        const row = queue.shift()
        if (row === undefined) {
          if (this.cell.refused !== undefined) throw this.cell.refused
          await new Promise<void>((resolve) => {
            wake = resolve
          })
          continue
        }
        yield this.#update(row)
        if (hasEnded(row)) return
      }
    } finally {
      this.cell.forget(told)
      stop()
    }
  }

  /** Call back once it has ended, or once that can no longer be: its send was refused, the app stopped. */
  whenReady(ended: () => void, refused: (error: unknown) => void): void {
    this.#ended(undefined, undefined).then(ended, refused)
  }

  #update(row: ResultRow): Update {
    const task = row.kind === 'task' ? row : undefined
    return {
      state: stateOf(row),
      meta: task?.meta === undefined ? undefined : decode(task.meta, this.source.errors),
      progress: task?.progress,
    }
  }

  /** The row as last known here. */
  protected row(): ResultRow | undefined {
    return this.cell.ended ? this.cell.seen : (this.source.peek(this.id) ?? this.cell.seen)
  }

  /** Id of the workflow it belongs to; its own where it belongs to none. */
  get workflow(): string {
    const suffix = `/${this.node}`
    return this.id.endsWith(suffix) ? this.id.slice(0, -suffix.length) : this.id
  }

  /** What an ended row gives the one who waits. */
  protected value(row: ResultRow): R {
    const { errors } = this.source
    if (hasFailed(row)) throw this.leadsToFailure ? this.revive(row.error) : fromErrorData(row.error, errors)
    return resultOf(row, errors) as R
  }

  /** False where a chord failed whose body is a chord: as in Celery the handle leads past it to the first header, which has not. */
  private get leadsToFailure(): boolean {
    const { plan } = this
    if (plan?.before === undefined || this.node !== plan.exit || plan.nodes[plan.exit]?.kind === 'join') return true
    const header = this.source.peek(nodeId(this.workflow, plan.before))
    return header === undefined || header.kind !== 'join' || header.error !== undefined
  }

  /**
   * An error as the waiter sees it: a failed chord gives the error of the member that failed first, where that is of the same
   * canvas. What a task was replaced by, or what was added to its chord, is of another.
   */
  protected revive(data: ErrorData): Error {
    return revived(data, this.workflow, this.source.errors)
  }

  #ended(limit: number | undefined, signal: AbortSignal | undefined): Promise<ResultRow> {
    const { cell, source } = this
    return new Promise((resolve, reject) => {
      const finish = (act: () => void): void => {
        timer?.cancel()
        signal?.removeEventListener('abort', abort)
        cell.forget(look)
        act()
      }
      const abort = (): void =>
        finish(() =>
          reject(umbelError('UMBEL_ABORTED', `Waiting for task ${this.id} was aborted.`, { cause: signal?.reason })),
        )
      const look = (): void => {
        if (cell.ended) finish(() => resolve(cell.seen as ResultRow))
        else if (cell.refused !== undefined) finish(() => reject(cell.refused))
        else cell.wait(look)
      }
      const timer =
        limit === undefined
          ? undefined
          : source.clock.setTimer(
              () =>
                finish(() => reject(umbelError('UMBEL_TIMEOUT', `Task ${this.id} has not ended within ${limit} ms.`))),
              limit,
            )
      if (signal?.aborted) return abort()
      signal?.addEventListener('abort', abort)
      look()
    })
  }
}

const NO_OPTIONS: GetOptions = {}

/** Refuse to wait within a handler. @throws UMBEL_WOULD_DEADLOCK */
export function refuseInHandler(id: string): void {
  const attempt = currentAttempt.getStore()
  if (attempt === undefined) return
  throw umbelError(
    'UMBEL_WOULD_DEADLOCK',
    `The handler of ${attempt.call.task} would block its worker by waiting for task ${id}.`,
  )
}

/** Whether a row has ended. */
export const hasEnded = (row: ResultRow): boolean =>
  row.kind === 'join' ? row.remaining === 0 : row.kind === 'task' ? isReady(row.state) : row.endedAt !== undefined

/** The task state a row shows. */
function stateOf(row: ResultRow): TaskState {
  if (row.kind === 'task' || row.kind === 'chart') return row.state
  if (row.kind === 'workflow') return row.state === 'ACTIVE' || row.state === 'CANCELLING' ? 'STARTED' : row.state
  if (row.remaining > 0) return 'STARTED'
  return row.error === undefined ? 'SUCCESS' : 'FAILURE'
}
