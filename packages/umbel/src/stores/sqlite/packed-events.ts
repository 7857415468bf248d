import { type CanvasSent, END, type Encoded, type EngineEvent, type Plan, type TaskSpec } from '@umbel/core'
import { type Packed, pack, unpack } from './pack.ts'

/** A plan in an event: the number of a stored one, where there is one; of a single task with a shared spec the rest. */
type PlanInLog =
  | { readonly stored: number }
  | { readonly single: number; readonly args: Encoded; readonly kwargs: Encoded | undefined }

/** What the log needs of the plans that workflows have. */
export interface StoredPlans {
  numberOfPlan(workflow: string): number | undefined
  knownSpec(spec: TaskSpec): number | undefined
  spec(n: number): TaskSpec | undefined
  plan(n: number): Plan | undefined
}

/** What stands for a plan that was dropped with its workflow. */
const GONE: Plan = { nodes: [], entry: -1, exit: -1 }

/** What stands before each event of a list, and says what follows. */
const WHOLE = 0
const SENT = 1
const STARTED = 2
const SUCCEEDED = 3

/** What stands for an id that is that of the event before. */
const SAME = 0

/** What stands for a moment that is that of the event before. */
const THEN = ''

/**
 * Events as the log has them: one flat list, for JSON takes a good microsecond to name the fields of each. The facts of a plain task, nearly all there are,
 * have their values in the list (`SENT` id, at, number of the spec, args; `STARTED` id, attempt, run, at; `SUCCEEDED` the same and the result);
 * any other event stands in it whole.
 */
export function packEvents(events: readonly EngineEvent[], plans: StoredPlans): Packed {
  const list: unknown[] = []
  let before: EngineEvent | undefined
  for (const event of events) {
    const id = event.id === before?.id ? SAME : event.id
    const at = event.at === before?.at ? THEN : event.at
    before = event
    if (event.type === 'task-started' && event.key === undefined) list.push(STARTED, id, event.attempt, event.run, at)
    else if (event.type === 'task-succeeded' && event.writes === undefined && event.began === undefined)
      list.push(SUCCEEDED, id, event.attempt, event.run, at, event.result)
    else if (event.type === 'canvas-sent') packSent(list, event, [id, at], plans)
    else list.push(WHOLE, event)
  }
  return pack(list)
}

/** `whose`: id and moment. */
function packSent(list: unknown[], event: CanvasSent, whose: readonly unknown[], plans: StoredPlans): void {
  const plan = inLog(event, plans)
  if (plan === undefined) list.push(WHOLE, event)
  else if ('single' in plan && plan.kwargs === undefined && isPlain(event))
    list.push(SENT, ...whose, plan.single, plan.args)
  else list.push(WHOLE, { ...event, plan })
}

const isPlain = ({ input, parent, root, settles, redrives, unique }: CanvasSent): boolean =>
  input === undefined &&
  parent === undefined &&
  root === undefined &&
  settles === undefined &&
  redrives === undefined &&
  unique === undefined

/** Read what `packEvents` made, or what files of a version before the seventh have: a list of whole events. */
export function unpackEvents(packed: Packed, plans: StoredPlans): EngineEvent[] {
  const list = unpack(packed) as unknown[]
  if (typeof list[0] !== 'number') return (list as EngineEvent[]).map((event) => withPlan(event, plans))
  const events: EngineEvent[] = []
  let at = 0
  const next = <T>(): T => list[at++] as T
  while (at < list.length) {
    const kind = next<number>()
    if (kind === WHOLE) {
      events.push(withPlan(next<EngineEvent>(), plans))
      continue
    }
    const before = events.at(-1)
    const id = orThat(next(), SAME, before?.id as string)
    const moment = (): number => orThat(next(), THEN, before?.at as number)
    if (kind === SENT) events.push(sentEvent(id, moment(), next(), next(), plans))
    else events.push(runEvent(kind, { id, attempt: next(), run: next(), at: moment() }, next))
  }
  return events
}

/** What is given, or, where a mark stands in its place, that of the event before. */
const orThat = <T>(given: T | typeof SAME | typeof THEN, mark: typeof SAME | typeof THEN, before: T): T =>
  given === mark ? before : (given as T)

function sentEvent(id: string, at: number, spec: number, args: Encoded, plans: StoredPlans): CanvasSent {
  const whence = { input: undefined, parent: undefined, root: undefined, settles: undefined }
  return { type: 'canvas-sent', id, plan: single(plans.spec(spec), args, undefined), ...whence, at }
}

type OfRun = Pick<Extract<EngineEvent, { readonly type: 'task-started' }>, 'id' | 'attempt' | 'run' | 'at'>

function runEvent(kind: number, own: OfRun, next: () => Encoded): EngineEvent {
  if (kind === STARTED) return { type: 'task-started', ...own }
  if (kind === SUCCEEDED) return { type: 'task-succeeded', ...own, result: next() }
  throw new RangeError(`an event of the log is of no kind: ${kind}`)
}

function inLog({ id, plan }: CanvasSent, plans: StoredPlans): PlanInLog | undefined {
  const only = plan.nodes.length === 1 ? plan.nodes[0] : undefined
  if (only?.kind === 'task') {
    const number = plans.knownSpec(only.spec)
    return number === undefined ? undefined : { single: number, args: only.args, kwargs: only.kwargs }
  }
  const stored = plans.numberOfPlan(id)
  return stored === undefined ? undefined : { stored }
}

function withPlan(event: EngineEvent, plans: StoredPlans): EngineEvent {
  if (!('plan' in event)) return event
  const plan = event.plan as Plan | PlanInLog
  if ('stored' in plan) return { ...event, plan: plans.plan(plan.stored) ?? GONE }
  return 'single' in plan ? { ...event, plan: single(plans.spec(plan.single), plan.args, plan.kwargs) } : event
}

const single = (spec: TaskSpec | undefined, args: Encoded, kwargs: Encoded | undefined): Plan =>
  spec === undefined ? GONE : { nodes: [{ kind: 'task', spec, args, kwargs, next: END }], entry: 0, exit: 0 }
