import type { AnyEventObject } from 'xstate'
import { decode, type Encoded, encode } from '../codec.ts'
import { codedError } from '../coded-error.ts'
import type { Answer, ChartHeard, ChildEnded, ChildShowed, Draft } from '../draft.ts'
import { type ErrorData, fromErrorData } from '../error-data.ts'
import type {
  ChartActed,
  ChartDue,
  ChartResumed,
  ChartStarted,
  ChartTold,
  TaskRevoked,
  WorkflowRevoked,
} from '../event.ts'
import type { ChartRow, Heard, TaskRow } from '../rows.ts'
import { isForNobody, targetOfTimer, tell } from './carry.ts'
import type { Chart } from './charts.ts'
import { keyOfChild, withEnded } from './children.ts'
import { again, compensated, toldHow } from './compensate.ts'
import type { CompensationEvent } from './compensation.ts'
import { present } from './migration.ts'
import { NO_PAST } from './past.ts'
import { become, close, drop, fail, happen, isOver, offerKept } from './run.ts'
import { firstDue, nextDue, put } from './timers.ts'
import { firstStep } from './transition.ts'

/** Ids under which a run was told something that it remembers, to be told once. */
const MOST_HEARD = 256

/** Start a run. A second start under its id changes nothing. */
export function startChart(draft: Draft, event: ChartStarted): void {
  const known = draft.get(event.id)
  if (known !== undefined) {
    if (known.kind !== 'chart' || known.machine !== event.machine)
      refuse(draft, event, codedError('UMBEL_DUPLICATE_ID', `The id ${event.id} was used before.`))
    return
  }
  const row = newChart(event, draft.at)
  const chart = chartOf(draft, row)
  if (chart === undefined) return fail(draft, row, unknownMachine(row))
  const stepped = firstStep(chart.machine, row, decode(event.input, draft.machines.charts.errors))
  if (stepped.kind !== 'not-taken') become(draft, row, chart, stepped)
}

/** The row of a run that has not taken its first step. */
export function newChart({ id, machine, version, parent, root, settles }: ChartStarted, at: number): ChartRow {
  return {
    kind: 'chart',
    id,
    machine,
    version,
    value: {},
    context: '{}',
    state: 'STARTED',
    states: [],
    past: NO_PAST,
    children: {},
    begun: 0,
    timers: [],
    kept: [],
    heard: [],
    actions: [],
    parent,
    root: root ?? id,
    settles,
    result: undefined,
    error: undefined,
    sentAt: at,
    endedAt: undefined,
  }
}

/** Tell a run something: an event that no transition takes is kept until one does, one under an id that was heard is not told again. */
export function takeChartTold(draft: Draft, fact: ChartTold): void {
  const row = present(draft, fact.id)
  if (row === undefined) return refuse(draft, fact, codedError('UMBEL_UNKNOWN_RESULT', `No run has the id ${fact.id}.`))
  const heard = fact.dedupe === undefined ? undefined : row.heard.find(({ id }) => id === fact.dedupe)
  if (heard !== undefined) return answer(draft, fact, { ok: true, value: heard.answer })
  if (row.compensating !== undefined) return takeCompensationTold(draft, row, fact)
  if (isOver(row))
    return refuse(
      draft,
      fact,
      codedError('UMBEL_RUN_ENDED', `Run ${row.id} of ${row.machine} has ended as ${row.closing ?? row.state}.`),
    )
  const chart = chartOf(draft, row)
  const event = decode(fact.event, draft.machines.charts.errors) as AnyEventObject
  const hearing = withHeard(row, fact.dedupe, undefined)
  if (chart === undefined) return put(draft, withKept(hearing, fact))
  const { taken, emitted } = happen(draft, hearing, chart, event, fact)
  if (taken) {
    const now = draft.chart(row.id)
    if (emitted !== undefined && fact.dedupe !== undefined && now !== undefined)
      draft.put(withHeard(now, fact.dedupe, emitted))
    return answer(draft, fact, { ok: true, value: emitted })
  }
  if (fact.asks === true)
    return refuse(
      draft,
      fact,
      codedError(
        'UMBEL_EVENT_NOT_TAKEN',
        `Run ${row.id} of ${row.machine} takes no ${event.type} while it is ${row.state}.`,
      ),
    )
  if (chart.keep === 0) return put(draft, hearing)
  if (row.kept.length >= chart.keep)
    return refuse(
      draft,
      fact,
      codedError(
        'UMBEL_MAILBOX_FULL',
        `Run ${row.id} of ${row.machine} keeps ${chart.keep} events that no state has taken.`,
      ),
    )
  put(draft, withKept(hearing, fact))
}

/** Tell a run that takes back what it has done how it goes on, where it waits for that. */
function takeCompensationTold(draft: Draft, row: ChartRow, fact: ChartTold): void {
  const { type } = decode(fact.event, draft.machines.charts.errors) as AnyEventObject
  const isTaken = COMPENSATION_EVENTS.has(type)
  const hearing = withHeard(row, fact.dedupe, undefined)
  const next =
    row.compensating === undefined || !isTaken
      ? undefined
      : toldHow(hearing, row.compensating, type as CompensationEvent['type'])
  if (next !== undefined) {
    close(draft, next, fact)
    return answer(draft, fact, { ok: true, value: undefined })
  }
  const says = `Run ${row.id} of ${row.machine} has failed and is ${row.state}: it takes no ${type}.`
  refuse(draft, fact, codedError(isTaken ? 'UMBEL_EVENT_NOT_TAKEN' : 'UMBEL_RUN_ENDED', says))
}

const COMPENSATION_EVENTS: ReadonlySet<string> = new Set<CompensationEvent['type']>(['RETRY', 'SKIP'])

/**
 * Hand a run the first of what it has scheduled and is due; false where nothing is. What follows from it is delivered before the next is
 * taken: it may cancel or schedule others, and what the machine tells itself comes before what was due at the same moment.
 */
export function takeChartDue(draft: Draft, { id, at }: ChartDue): boolean {
  const row = present(draft, id)
  const timer = row === undefined ? undefined : firstDue(row.timers, at)
  if (row?.compensating !== undefined && timer !== undefined) {
    close(draft, again(row, row.compensating))
    return true
  }
  if (row === undefined || isOver(row) || timer === undefined) return false
  const chart = chartOf(draft, row)
  if (chart === undefined) {
    put(draft, row) // seen as one that has missed something, until its machine is registered
    return false
  }
  const rest = { ...row, timers: row.timers.filter((one) => one !== timer) }
  const to = targetOfTimer(timer)
  if (to.kind !== 'self') {
    put(draft, rest)
    if (!isForNobody(row, timer)) tell(draft, rest, to, timer.event)
  } else if (!happen(draft, rest, chart, decode(timer.event, draft.machines.charts.errors) as AnyEventObject).taken)
    put(draft, rest)
  return true
}

/** Take in an event that a machine has sent. As in XState it is lost where no transition takes it. */
export function takeChartHeard(draft: Draft, { id, event }: ChartHeard): void {
  const row = present(draft, id)
  if (row === undefined || isOver(row)) return
  const chart = chartOf(draft, row)
  if (chart === undefined) put(draft, { ...row, kept: [...row.kept, { event, own: true }] })
  else happen(draft, row, chart, decode(event, draft.machines.charts.errors) as AnyEventObject)
}

/** Tell a run how what it invoked has ended, unless it has left the state that did. */
export function takeChildEnded(draft: Draft, { id, child, ends }: ChildEnded): void {
  const row = present(draft, id)
  const key = row === undefined ? undefined : keyOfChild(row, child)
  if (row === undefined || key === undefined) return
  if (row.compensating !== undefined) return close(draft, compensated(row, row.compensating, ends))
  const { errors } = draft.machines.charts
  const event = ends.ok
    ? { type: `xstate.done.actor.${key}`, output: decode(ends.result, errors), actorId: key }
    : { type: `xstate.error.actor.${key}`, error: fromErrorData(ends.error, errors), actorId: key }
  const known = row.children[key]
  if (known !== undefined) ownEvent(draft, withEnded(draft, row, key, known, ends), event)
}

/** Tell a run that wants to hear of it how far a task has come. */
export function takeChildShowed(draft: Draft, { id, child }: ChildShowed): void {
  const row = present(draft, id)
  const task = draft.task(child)
  const key = row === undefined ? undefined : keyOfChild(row, child)
  if (row === undefined || task === undefined || key === undefined || row.children[key]?.watched !== true) return
  const snapshot = {
    status: 'active',
    output: undefined,
    error: undefined,
    state: task.state,
    info: infoOf(draft, task),
  }
  ownEvent(draft, row, { type: `xstate.snapshot.${key}`, snapshot })
}

/** End a run that is not wanted any more, with what it waits for. */
export function takeChartRevoked(draft: Draft, { id, error }: WorkflowRevoked | TaskRevoked): void {
  const row = draft.chart(id)
  if (row !== undefined && (row.compensating !== undefined || !isOver(row))) drop(draft, row, error)
}

/** Actions were run: what waits for that goes on. */
export function takeChartActed(draft: Draft, { id, n }: ChartActed): void {
  const row = draft.chart(id)
  if (row === undefined || !row.actions.some((action) => action.n <= n)) return
  const rest = { ...row, actions: row.actions.filter((action) => action.n > n) }
  if (rest.closing === undefined) put(draft, rest)
  else close(draft, rest)
}

/** The machine of a run is registered again: what came meanwhile is told, what is scheduled is armed. */
export function takeChartResumed(draft: Draft, { id }: ChartResumed): void {
  const row = present(draft, id)
  if (row?.compensating?.step === 'held') return close(draft, row)
  const chart = row === undefined || isOver(row) ? undefined : chartOf(draft, row)
  if (row === undefined || chart === undefined) return
  if (row !== draft.chart(id)) put(draft, row)
  offerKept(draft, id, chart)
  const now = draft.chart(id)
  const at = now === undefined ? undefined : nextDue(now)
  if (at !== undefined) draft.commands.push({ type: 'start-timer', id, at })
}

/** Tell a run of its own children, at once or once its machine is registered. */
function ownEvent(draft: Draft, row: ChartRow, event: AnyEventObject): void {
  const chart = chartOf(draft, row)
  if (chart === undefined) put(draft, { ...row, kept: [...row.kept, { event: encode(event), own: true }] })
  else if (!happen(draft, row, chart, event).taken) put(draft, row)
}

const chartOf = (draft: Draft, { machine, version }: ChartRow): Chart | undefined =>
  draft.machines.charts.find(machine, version)

const infoOf = (draft: Draft, { meta, progress }: TaskRow): unknown =>
  meta === undefined ? progress : decode(meta, draft.machines.charts.errors)

const withKept = (row: ChartRow, { event, by }: ChartTold): ChartRow => ({
  ...row,
  kept: [...row.kept, { event, ...(by !== undefined && { by }) }],
})

function withHeard(row: ChartRow, id: string | undefined, emitted: Encoded | undefined): ChartRow {
  if (id === undefined) return row
  const heard: Heard = { id, ...(emitted !== undefined && { answer: emitted }) }
  return { ...row, heard: [...row.heard.filter((one) => one.id !== id), heard].slice(-MOST_HEARD) }
}

const refuse = (draft: Draft, fact: ChartStarted | ChartTold, error: ErrorData): void =>
  answer(draft, fact, { ok: false, error })

function answer(draft: Draft, fact: ChartStarted | ChartTold, given: Answer): void {
  draft.answer(fact, given)
}

const unknownMachine = ({ machine, version }: ChartRow): ErrorData =>
  codedError('UMBEL_UNKNOWN_WORKFLOW', `No workflow ${machine} of version ${version} is registered here.`)
