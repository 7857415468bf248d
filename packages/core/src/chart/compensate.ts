import { decode, encode } from '../codec.ts'
import type { Draft, Ends } from '../draft.ts'
import { umbelError } from '../errors.ts'
import { type RetryPolicy, retryDelay, unitHash } from '../retry.ts'
import type { ChartRow } from '../rows.ts'
import type { Chart, Compensation } from './charts.ts'
import { launch } from './children.ts'
import {
  type Compensating,
  type CompensationEvent,
  type CompensationState,
  compensationError,
  type Done,
} from './compensation.ts'
import { pastOf, type Told } from './past.ts'
import { put } from './timers.ts'

/** By what a run that has failed knows the compensation under way: its only child. */
const CHILD = 'compensation'

/** Go on with taking back what a run that has failed did. False where nothing of it is left: the run ends. */
export function compensate(draft: Draft, row: ChartRow, told: Told): boolean {
  const last = row.done?.at(-1)
  if (row.closing !== 'FAILURE' || row.error === undefined || last === undefined) return false
  const now = row.compensating ?? { cause: row.error, step: 'held', retries: 0, skipped: [] }
  const chart = chartOf(draft, row, last)
  const by = chart?.compensation(last.src)
  if (chart === undefined && last.by === undefined) show(draft, row, { ...now, step: 'held' }, told)
  else if (now.error === undefined) send(draft, row, last, by, now, told)
  else if (by !== undefined && now.retries < by.retry.max) wait(draft, row, last, by.retry, now, told)
  else show(draft, row, { ...now, step: 'failed' }, told)
  return true
}

function chartOf(draft: Draft, row: ChartRow, { by }: Done): Chart | undefined {
  const { machine, version } = by ?? row
  const { charts } = draft.machines
  return charts.find(machine, version) ?? charts.successor(machine, version)?.chart
}

/** Send a compensation. Its id is made of that of what it takes back, so that it is sent once whatever comes. */
function send(
  draft: Draft,
  row: ChartRow,
  last: Done,
  by: Compensation | undefined,
  now: Compensating,
  told: Told,
): void {
  const sent = (last.sent ?? 0) + 1
  const id = `${last.id}.c${sent}`
  const { errors } = draft.machines.charts
  const kind = launch(draft, row, id, () => {
    if (by === undefined) throw lost(row, last)
    return { kind: 'canvas', plan: by.plan(decode(last.output, errors), decode(last.input, errors)) }
  })
  const done = [...(row.done ?? []).slice(0, -1), { ...last, sent }]
  const children = { [CHILD]: { id, kind, src: last.src } }
  show(draft, { ...row, done, children }, { ...now, step: 'runs' }, told)
}

/** Send it again later. */
function wait(draft: Draft, row: ChartRow, last: Done, retry: RetryPolicy, now: Compensating, told: Told): void {
  const retries = now.retries + 1
  const due = draft.at + retryDelay(retry, retries, unitHash(`${row.id} ${last.src} ${retries}`))
  const timers = [{ send: undefined, due, event: AGAIN }]
  show(draft, { ...row, timers }, { ...now, step: 'waits', retries }, told)
}

/** What the timer of a compensation holds: no machine is told it. */
const AGAIN = encode({ type: 'umbel.compensation' })

function show(draft: Draft, row: ChartRow, now: Compensating, told: Told): void {
  const state: CompensationState = now.step === 'failed' ? 'COMPENSATION_FAILED' : 'COMPENSATING'
  const shown: ChartRow = {
    ...row,
    state,
    states: [state],
    past: pastOf(row.past, state, draft.at, told),
    error: errorOf(row, now),
    compensating: now,
  }
  put(draft, shown)
  draft.shown.push(shown)
  if (state !== row.state) draft.moved.push(shown)
}

function errorOf({ id, done }: ChartRow, now: Compensating): ChartRow['error'] {
  const last = now.step === 'failed' ? done?.at(-1) : undefined
  const failed = last === undefined || now.error === undefined ? undefined : { id: last.id, error: now.error }
  return compensationError(id, now, failed)
}

/** A run whose compensation has ended: it is the next one's turn, or it failed. */
export function compensated(row: ChartRow, now: Compensating, ends: Ends): ChartRow {
  if (ends.ok) return behind(row, now)
  return { ...row, children: {}, compensating: { ...now, step: 'held', error: ends.error } }
}

/** A run that sends its compensation again. */
export function again(row: ChartRow, { error: _, ...now }: Compensating): ChartRow {
  return { ...row, timers: [], compensating: { ...now, step: 'held' } }
}

/** A run that was told how to go on with a compensation that has failed for good; `undefined` where it is none. */
export function toldHow(row: ChartRow, now: Compensating, event: CompensationEvent['type']): ChartRow | undefined {
  const last = row.done?.at(-1)
  if (now.step !== 'failed' || now.error === undefined || last === undefined) return undefined
  switch (event) {
    case 'RETRY':
      return again(row, { ...now, retries: 0 })
    case 'SKIP':
      return behind(row, { ...now, skipped: [...now.skipped, { id: last.id, error: now.error }] })
  }
}

/** It is the turn of what was done before. */
const behind = (row: ChartRow, { cause, skipped }: Compensating): ChartRow => ({
  ...row,
  children: {},
  done: (row.done ?? []).slice(0, -1),
  compensating: { cause, step: 'held', retries: 0, skipped },
})

const lost = ({ machine, version }: ChartRow, { id, src, by }: Done): Error =>
  umbelError(
    'UMBEL_BAD_MACHINE',
    `${id} is to be taken back, and nothing of ${by?.machine ?? machine}, version ${by?.version ?? version}, compensates ${src} here.`,
  )
