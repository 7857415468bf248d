import type { AnyEventObject } from 'xstate'
import { decode, type Encoded, encode } from '../codec.ts'
import { codedError } from '../coded-error.ts'
import type { Draft, Ends } from '../draft.ts'
import { type ErrorData, toErrorData } from '../error-data.ts'
import type { ChartRow } from '../rows.ts'
import { settleFor } from '../task-life.ts'
import { carryOut } from './carry.ts'
import type { Chart } from './charts.ts'
import { stopChildren } from './children.ts'
import { compensate } from './compensate.ts'
import { compensationError } from './compensation.ts'
import { lengthOf, pastOf, type Told } from './past.ts'
import { put } from './timers.ts'
import { memoryOf, nextStep, type Stepped, snapshotOf, tagsOf, takes } from './transition.ts'

/** Steps that one run may take for one fact, those included that its children bring about at once. */
const MOST_STEPS = 1_000

/** What a run did with an event. */
export interface Reaction {
  readonly taken: boolean
  /** The first event that the machine emitted for it, encoded. */
  readonly emitted: Encoded | undefined
}

/** Give a run an event, and then what it has kept. The row holds what the fact brings, and is put where the event is taken. */
export function happen(draft: Draft, row: ChartRow, chart: Chart, event: AnyEventObject, told: Told = {}): Reaction {
  const stepped = nextStep(chart.machine, row, event, draft.machines.charts.errors)
  if (stepped.kind === 'not-taken') return { taken: false, emitted: undefined }
  const emitted = become(draft, row, chart, stepped, told)
  offerKept(draft, row.id, chart)
  return { taken: true, emitted }
}

/** Put a run where a step has led, and carry on with what it asks for. Returns what was emitted first. */
export function become(
  draft: Draft,
  row: ChartRow,
  chart: Chart,
  stepped: Exclude<Stepped, { kind: 'not-taken' }>,
  told: Told = {},
): Encoded | undefined {
  const steps = draft.stepped(row.id)
  if (steps > MOST_STEPS) return void fail(draft, row, loops(row))
  if (stepped.kind === 'broken') return void fail(draft, row, toErrorData(stepped.error))
  const { mail, commands } = draft
  const [mails, commanded] = [mail.length, commands.length]
  try {
    const { snapshot, effects } = stepped
    const { maxBytes } = draft.machines.charts
    const { row: next, emitted } = carryOut(draft, movedTo(draft, row, stepped, told), chart, effects)
    if (snapshot.status === 'active') {
      put(draft, next)
      draft.shown.push(next)
      if (next.state !== row.state || lengthOf(row.past) === 0) draft.moved.push(next)
    } else close(draft, { ...next, closing: 'SUCCESS', result: encode(snapshot.output, { maxBytes, path: 'output' }) })
    return emitted
  } catch (error) {
    // what cannot travel: nothing of the step counts
    mail.length = mails
    commands.cut(commanded)
    return void fail(draft, row, toErrorData(error))
  }
}

function movedTo(draft: Draft, row: ChartRow, { snapshot }: Extract<Stepped, { kind: 'moved' }>, told: Told): ChartRow {
  const { memory: _, ...rest } = row
  const memory = memoryOf(snapshot)
  const { deepest: state = 'STARTED', all: states } = tagsOf(snapshot)
  return {
    ...rest,
    value: snapshot.value,
    context: encode(snapshot.context, { maxBytes: draft.machines.charts.maxBytes, path: 'context' }),
    ...(memory !== undefined && { memory }),
    state: snapshot.status === 'done' ? row.state : state,
    states,
    past: pastOf(row.past, snapshot.status === 'done' ? 'SUCCESS' : state, draft.at, told),
  }
}

/** Offer a run what it has kept, in the order it came, until no transition takes any of it. */
export function offerKept(draft: Draft, id: string, chart: Chart): void {
  const { errors } = draft.machines.charts
  for (;;) {
    const row = draft.chart(id)
    if (row === undefined || isOver(row) || row.kept.length === 0) return
    const snapshot = snapshotOf(chart.machine, row, errors)
    // what its own children came to cannot wait
    const kept = row.kept.find(
      ({ own, event }) => own === true || takes(chart.machine, snapshot, decode(event, errors) as AnyEventObject),
    )
    if (kept === undefined) return
    const without = { ...row, kept: row.kept.filter((one) => one !== kept) }
    const stepped = nextStep(chart.machine, without, decode(kept.event, errors) as AnyEventObject, errors)
    if (stepped.kind === 'not-taken') put(draft, without)
    else become(draft, without, chart, stepped, kept)
  }
}

/** Whether a run takes no more events. */
export const isOver = ({ closing, endedAt }: ChartRow): boolean => closing !== undefined || endedAt !== undefined

/** End a run as failed: what it waits for is revoked. */
export function fail(draft: Draft, row: ChartRow, error: ErrorData): void {
  close(draft, { ...stopChildren(draft, row), closing: 'FAILURE', error })
}

/** End a run that is not wanted any more. What it has done stays done. */
export function drop(draft: Draft, row: ChartRow, error: ErrorData): void {
  const cause = row.compensating?.cause
  close(draft, {
    ...stopChildren(draft, row),
    closing: 'REVOKED',
    error: cause === undefined ? error : { ...error, cause },
  })
}

/** End a run, once the actions that it asked for are run and, where it has failed, what it has done is taken back. */
export function close(draft: Draft, row: ChartRow, told: Told = {}): void {
  const { closing, settles } = row
  const over: ChartRow = { ...row, states: [], children: {}, timers: [], kept: [] }
  if (row.actions.length > 0 || closing === undefined) return put(draft, over)
  if (compensate(draft, over, told)) return
  const { closing: _, compensating, done, ...ended } = over
  const error = closing === 'FAILURE' && compensating ? compensationError(row.id, compensating) : row.error
  put(draft, {
    ...ended,
    // a run that invoked it takes that over
    ...(settles !== undefined && done !== undefined && { done }),
    error,
    state: closing,
    past: pastOf(row.past, closing, draft.at, told),
    endedAt: draft.at,
  })
  draft.commands.push({ type: 'settle', id: row.id })
  if (settles === undefined) return
  const ends: Ends =
    error === undefined
      ? { ok: true, result: row.result ?? encode(undefined) }
      : { ok: false, revoked: closing === 'REVOKED', error }
  settleFor(draft, settles, row.id, ends)
}

const loops = ({ id, machine }: ChartRow): ErrorData =>
  codedError('UMBEL_MACHINE_LOOP', `Run ${id} of ${machine} has taken ${MOST_STEPS} steps for one event.`)
