import {
  type AttemptCall,
  type Clock,
  chordOfTask,
  currentRun,
  type Encoded,
  type EngineEvent,
  expiredError,
  isExpired,
  type Outcome,
  placeOf,
  type Row,
  type Seat,
  type TaskKey,
  type TaskRow,
  type TaskSpec,
  toErrorData,
  umbelError,
  type Worker,
} from '@umbel/core'
import type { TaskDefinition } from './definition.ts'
import type { Engine } from './engine.ts'
import type { Taken } from './engine-incoming.ts'
import type { Finishing } from './finishing.ts'
import { keyOf } from './key-of-task.ts'
import type { Permit } from './limits/bucket.ts'
import type { Limits } from './limits/limits.ts'
import type { Producer } from './producer.ts'
import type { Revocations } from './revocations.ts'
import type { TimeLimits } from './time-limits.ts'
import type { Counted, Totals } from './totals.ts'

/** What an attempt needs of its app. */
export interface ExecutorContext {
  readonly engine: Engine
  readonly producer: Producer
  readonly timeLimits: TimeLimits
  readonly revocations: Revocations
  readonly totals: Totals
  readonly clock: Clock
  /** Its `now`, read once for all that is done in one go. */
  readonly moment: () => number
  readonly limits: Limits
  readonly finishing: Finishing
  /** Tasks the app registered, by name. */
  readonly tasks: ReadonlyMap<string, TaskDefinition>
  /** Whether the app is ending what runs: an aborted attempt is then given back, not revoked. */
  readonly stopping: () => boolean
}

/**
 * Run one attempt of a task that a lane has a slot for: resolve, expire, start, run under its time limits, report,
 * finish. `over` is called once the slot is free. By calls and not by promises: of those each attempt would cost several.
 * Classifying what came of it is done where the handler ran (`attempt.ts`), which sees the real error.
 */
export function execute(context: ExecutorContext, id: string, worker: Worker, over: () => void): void {
  const seat = context.engine.seat(id)
  const row = seat?.row
  const unused = (): void => {
    context.limits.unused(id)
    over()
  }
  if (row?.kind !== 'task' || row.state !== 'RECEIVED') return unused() // revoked on its way here
  begin(context, row, (call) => {
    // nothing is awaited between this look and the run, so that an abort finds what it aborts
    if (call === undefined || !stands(seat?.row, call.run)) unused()
    else runBegun(context, call, row.spec, worker, over)
  })
}

/** Run an attempt whose start is stored and still counts. */
export function runBegun(
  context: ExecutorContext,
  call: AttemptCall,
  spec: TaskSpec,
  worker: Worker,
  over: () => void,
): void {
  context.totals.count(spec, 'started')
  const watch = context.timeLimits.watch(call, worker)
  const ended = (outcome: Outcome, took?: number): void => {
    const at = context.clock.now()
    const began = took === undefined ? undefined : beganOf(context.engine.task(call.id), at, took)
    const event = outcomeEvent(context, call, outcome, at, began)
    countOutcome(context, spec, outcome)
    if ('unfinished' in outcome) return finish(context, event, worker, () => finished(context, call, watch, over))
    const late = outcome.kind === 'given-back' ? context.limits.permit(call.id) : undefined
    context.engine.accept(event, late && (() => backAtGate(context, call, late, over)))
    finished(context, call, watch, late ? undefined : over)
  }
  if (watch === undefined) worker.run(call, ended)
  else watch.run(ended)
}

/** A task that came too late for its permit waits at its gate again, or has ended meanwhile: until now it kept both from others. */
function backAtGate({ limits }: ExecutorContext, { id }: AttemptCall, late: Permit, over: () => void): void {
  if (limits.permit(id) === late) limits.late(id) // else it has been let go again by now
  over()
}

/** All of an attempt is over. */
function finished(
  { revocations }: ExecutorContext,
  { id }: AttemptCall,
  watch: { end(): void } | undefined,
  over: (() => void) | undefined,
): void {
  watch?.end()
  revocations.over(id)
  over?.()
}

/** Count what became of an attempt beside how its task ends. */
export function countOutcome({ totals }: ExecutorContext, of: Counted, { kind }: Outcome): void {
  if (kind === 'retry') totals.count(of, 'retried')
  else if (kind === 'lost') totals.count(of, 'lost')
}

/** The row of a task whose start is stored, where that still counts: it may have been revoked meanwhile. */
export function currentRow({ engine }: ExecutorContext, id: string, run: number): TaskRow | undefined {
  const row = engine.task(id)
  return row !== undefined && stands(row, run) ? row : undefined
}

/** Whether a start that was stored is still the last, and what it started has not ended. */
export const stands = (row: Row | undefined, run: number): boolean =>
  row?.kind === 'task' && row.runs === run && row.endedAt === undefined

/** Whether the start of a call still counts. */
const isCurrent = (context: ExecutorContext, { id, run }: AttemptCall): boolean =>
  currentRow(context, id, run) !== undefined

/** Store that an attempt starts. `taken` is called once that is done: with nothing where the task cannot start, or that cannot be stored. */
export function begin(context: ExecutorContext, row: TaskRow, taken: (call: AttemptCall | undefined) => void): void {
  const call = beginPlain(context, row, (error) => taken(error === undefined ? call : undefined))
  if (call !== undefined) return
  const { engine, clock, tasks } = context
  const at = clock.now()
  const definition = tasks.get(row.spec.task)
  if (definition !== undefined && !isExpired(row, at)) return beginKeyed(context, row, definition, taken)
  engine.accept(refusalOf(row, at))
  taken(undefined)
}

/** The same for a task that needs nothing but to be there in time. Gives what is to be run once that is stored; nothing of one that needs more, and nothing is stored then. */
export function beginPlain(
  context: ExecutorContext,
  row: TaskRow,
  taken: Taken,
  at = context.clock.now(),
  seat?: Seat,
): AttemptCall | undefined {
  const { engine, tasks } = context
  const definition = tasks.get(row.spec.task)
  if (definition === undefined || definition.options.idempotencyKey !== undefined || isExpired(row, at))
    return undefined
  const call = callOf(context, row, definition)
  engine.accept({ type: 'task-started', id: call.id, attempt: call.attempt, run: call.run, at }, taken, seat)
  return call
}

/** The same for a task that asks for a key as it starts. */
function beginKeyed(
  context: ExecutorContext,
  row: TaskRow,
  definition: TaskDefinition,
  taken: (call: AttemptCall | undefined) => void,
): void {
  const { engine, clock } = context
  const at = clock.now()
  const key = keyFor(engine, row, definition, at)
  if (key === 'none') return taken(undefined)
  const call = callOf(context, row, definition)
  const { id, attempt, run } = call
  const started = { type: 'task-started', id, attempt, run, at } as const
  engine.accept(key === undefined ? started : { ...started, key }, (error) => {
    // one whose key another task has may be on its way a second time once others are stored
    taken(error === undefined && isCurrent(context, call) ? call : undefined)
  })
}

/** The key that a task asks for as it starts. One that has none it can name has failed. */
function keyFor(engine: Engine, row: TaskRow, definition: TaskDefinition, at: number): TaskKey | undefined | 'none' {
  try {
    return keyOf(definition, row)
  } catch (error) {
    engine.accept({ type: 'task-failed', id: row.id, ...currentRun(row), error: toErrorData(error), at })
    return 'none'
  }
}

/** Store what an attempt came to, then let it run what its task does afterwards. Its slot is free once that is over. */
function finish({ engine, finishing }: ExecutorContext, event: EngineEvent, worker: Worker, done: () => void): void {
  const { id } = event
  finishing.begin(id, worker)
  const end = (): void => {
    finishing.end(id)
    done()
  }
  // where the store has been given up on, what is to be tidied up is tidied up all the same
  engine.accept(event, () => worker.finish(id).then(end))
}

/** The fact about a task which cannot start: it came too late, or nothing here can run it. */
function refusalOf(row: TaskRow, at: number): EngineEvent {
  const { id, spec } = row
  if (isExpired(row, at)) return { type: 'task-revoked', id, error: expiredError(row), at }
  const error = umbelError('UMBEL_UNKNOWN_TASK', `No task is registered as ${spec.task}.`)
  return { type: 'task-parked', id, ...currentRun(row), error: toErrorData(error), at }
}

function callOf(context: ExecutorContext, row: TaskRow, definition: TaskDefinition): AttemptCall {
  const { engine, limits } = context
  const alone = row.workflow === undefined && row.settles === undefined
  const chord = !alone && chordOfTask(engine, row) !== undefined
  const place = definition.options.place ? placeOf(engine, row) : undefined
  const startBy = limits.permit(row.id)?.startBy
  const plain = !chord && place === undefined && startBy === undefined
  return attemptCall(context, row, currentRun(row), plain ? NO_EXTRAS : { chord, place, startBy })
}

/** What few attempts have. */
type CallExtras = Pick<AttemptCall, 'chord' | 'place' | 'startBy'>

/** What a task starts as that has never started. */
export const FIRST = { attempt: 1, run: 1 }

const NO_EXTRAS: CallExtras = { chord: false, place: undefined, startBy: undefined }

/** Put together what goes to a worker. */
export function attemptCall(
  { timeLimits }: ExecutorContext,
  row: TaskRow,
  { attempt, run }: Pick<AttemptCall, 'attempt' | 'run'>,
  { chord, place, startBy }: CallExtras = NO_EXTRAS,
): AttemptCall {
  const { id, spec, args, kwargs, parent, root } = row
  const { task, via, lane, headers, version } = spec
  const timeLimit = timeLimits.of(row)
  return {
    id,
    task,
    via,
    attempt,
    run,
    args,
    kwargs,
    parent,
    root,
    lane,
    chord,
    place,
    startBy,
    timeLimit,
    headers,
    version,
  }
}

/** What every fact about a run says. */
type FactOfRun = Readonly<Record<'attempt' | 'run' | 'at', number>> & { readonly id: string }

/** The fact that an attempt was ended as its app stops: the next app makes up for it, unless it was acknowledged already. */
function cutOff({ engine }: ExecutorContext, own: FactOfRun): EngineEvent {
  const spec = engine.task(own.id)?.spec
  if (spec?.acks !== 'early') return { type: 'task-returned', ...own, begun: true }
  const error = umbelError('UMBEL_WORKER_LOST', `The app was stopped while task ${own.id} (${spec.task}) ran.`)
  return { type: 'task-lost', ...own, error: toErrorData(error) }
}

const NOTHING = {}

const writesOf = ({ writes }: { readonly writes?: Encoded }): { readonly writes?: Encoded } =>
  writes === undefined ? NOTHING : { writes }

/** Where an attempt began later than it was said to start, because it was handed on before it could, when that was. */
export function beganOf(row: Row | undefined, at: number, took: number | undefined): number | undefined {
  if (took === undefined || row?.kind !== 'task') return undefined
  const began = Math.round(at - took)
  return began > (row.startedAt ?? began) ? began : undefined
}

/** The fact that an attempt has succeeded. */
function successOf(
  { id, attempt, run }: AttemptCall,
  { result, writes }: Outcome & { readonly kind: 'succeeded' },
  at: number,
  began: number | undefined,
): EngineEvent {
  const event = { type: 'task-succeeded', id, attempt, run, at, result, began } as const
  return writes === undefined ? event : { ...event, writes }
}

/** The fact an outcome is. `began`: see `beganOf`. */
export function outcomeEvent(
  context: ExecutorContext,
  call: AttemptCall,
  outcome: Outcome,
  at: number,
  began: number | undefined,
): EngineEvent {
  if (outcome.kind === 'succeeded') return successOf(call, outcome, at, began)
  const { id, attempt, run, task } = call
  const { producer, stopping } = context
  const own = { id, attempt, run, at }
  switch (outcome.kind) {
    case 'failed':
      return { type: 'task-failed', ...own, error: outcome.error, began }
    case 'retry':
      return { type: 'task-retried', ...own, error: outcome.error, delay: outcome.delay }
    case 'replaced':
      try {
        return { type: 'task-replaced', ...own, plan: producer.planOf(outcome.canvas), ...writesOf(outcome) }
      } catch (error) {
        return { type: 'task-failed', ...own, error: toErrorData(error) }
      }
    case 'ignored':
      return { type: 'task-ignored', ...own }
    case 'rejected':
      return { type: 'task-rejected', ...own, reason: outcome.reason }
    case 'aborted':
      if (stopping()) return cutOff(context, own)
      return { type: 'task-revoked', id, error: outcome.error, at }
    case 'lost':
      return { type: 'task-lost', ...own, error: outcome.error }
    case 'given-back':
      return outcome.begun === true ? { type: 'task-returned', ...own, begun: true } : { type: 'task-returned', ...own }
    default:
      throw umbelError(
        'UMBEL_UNKNOWN_TASK',
        `An attempt of ${task} came to nothing known: ${JSON.stringify(outcome satisfies never)}.`,
      )
  }
}
