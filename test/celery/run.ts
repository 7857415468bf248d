import { type App, type AsyncResult, GroupResult, UmbelError } from 'umbel'
import { build, byPlace, optionsOf, positional } from './build.ts'
import { celeryMessage, celeryName } from './errors.ts'
import type { Build, Json, Outcome, Raised, Ran, Shown, Vector } from './vector.ts'

/** What came of one vector on the real engine. */
export interface Actual {
  /** Celery's JSON of the canvas as it was built. */
  readonly signature: unknown
  readonly outcome: Outcome
  readonly parents: readonly Shown[]
  /** Task bodies started; filled in once the app has come to rest. */
  readonly ran: Ran[]
  readonly hung: boolean
}

/** Collects what tasks log as they start, by the root of their tree. */
export class RanLog {
  readonly #byRoot = new Map<string, Ran[]>()

  constructor(app: App) {
    app.on('task-log', ({ message, fields }) => {
      if (message !== 'ran') return
      const { root, ran } = fields as { root: string; ran: Ran }
      this.of(root).push(ran)
    })
  }

  /** What ran in the tree of a root: the same list at every call, which still grows. */
  of(root: string): Ran[] {
    const known = this.#byRoot.get(root) ?? []
    this.#byRoot.set(root, known)
    return known
  }
}

/** Build a vector's canvas, send it, and wait for it, `limit` milliseconds at most. */
export async function runVector(app: App, log: RanLog, vector: Vector, limit: number): Promise<Actual> {
  const nothing = { parents: [], ran: [], hung: false }
  let signature: unknown
  let result: AsyncResult<unknown>
  try {
    signature = JSON.parse(JSON.stringify(build(vector.build)))
    const { call, ...tree } = byPlace({ build: vector.build, call: vector.call })
    const { node, kwargs } = called(tree.build, call)
    const { args, options } = call
    result = app.delay(build(node).clone(args, kwargs, optionsOf(options)))
  } catch (error) {
    const empty = error instanceof UmbelError && (error.code === 'UMBEL_BAD_CANVAS' || error.code === 'UMBEL_NO_APP')
    const kind = empty && vector.outcome.kind === 'none' ? 'none' : 'client_error'
    return { signature, outcome: { kind, error: raised(error) }, ...nothing }
  }
  const { get, hung } = await waited(result, limit)
  const outcome = { ...('raises' in get && { error: get.raises }), ...outcomeOf(result), get }
  return { signature, outcome, parents: hung ? [] : parentsOf(result), ran: log.of(rootOf(result)), hung }
}

/** A chord called with another body has that one; a task called with parameters by name has them behind its arguments. */
function called(node: Build, call: Vector['call']): { node: Build; kwargs: Json } {
  const { body, ...kwargs } = call.kwargs as Json & { body?: { $sig?: Build } }
  if (node.op === 'chord' && body?.$sig !== undefined) return { node: { ...node, body: body.$sig }, kwargs }
  if (node.op !== 'sig') return { node, kwargs: call.kwargs }
  const given = positional(node['task'] as string, node['args'] as readonly unknown[], call.kwargs)
  return { node: { ...node, args: given.args }, kwargs: given.kwargs }
}

async function waited(
  result: AsyncResult<unknown>,
  timeout: number,
): Promise<{ get: NonNullable<Outcome['get']>; hung: boolean }> {
  try {
    return { get: { value: plain(await result.get({ timeout })) }, hung: false }
  } catch (error) {
    return { get: { raises: raised(error) }, hung: error instanceof UmbelError && error.code === 'UMBEL_TIMEOUT' }
  }
}

function outcomeOf(result: AsyncResult<unknown>): Outcome {
  const shown = show(result)
  if (shown.kind === 'task') return shown
  const failed = firstError(shown)
  return { ...shown, state: result.state, ...(failed && { error: failed }) }
}

/** What a result shows without waiting. `info` of what failed is the error as it is stored. */
function show(result: AsyncResult<unknown>): Shown {
  if (result instanceof GroupResult) return { kind: 'group', results: result.results.map(show) }
  const { state, info } = result
  if (state === 'SUCCESS') return { kind: 'task', state, result: plain(info) }
  return { kind: 'task', state, ...(info instanceof Error && { error: raised(info) }) }
}

/** A group has no error of its own: its first failed member's stands for it. */
function firstError(shown: Shown): Raised | undefined {
  if (shown.kind === 'task') return shown.error
  return shown.results.map(firstError).find((error) => error !== undefined)
}

function parentsOf(result: AsyncResult<unknown>): Shown[] {
  const parents: Shown[] = []
  for (let at = result.parent; at !== undefined; at = at.parent) parents.push(show(at))
  return parents
}

/** Id of the tree: of the task, or of the workflow that the result is a part of. */
const rootOf = (result: AsyncResult<unknown>): string => result.workflow

const raised = (error: unknown): Raised => ({
  type: celeryName(error),
  message: error instanceof Error ? celeryMessage(error) : String(error),
})

/** A value as JSON has it: Celery knows no undefined. */
const plain = (value: unknown): unknown => (value === undefined ? null : (JSON.parse(JSON.stringify(value)) as Json))
