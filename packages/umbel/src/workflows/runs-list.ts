import {
  type Chart,
  type ChartRow,
  type Charts,
  type CompensationEvent,
  nextEdges,
  type StateEdge,
  type Store,
  snapshotOf,
} from '@umbel/core'
import type { Engine } from '../engine.ts'
import { eachRow } from '../inspected-task.ts'
import type { IdleRuns } from './idle-runs.ts'

/** What a run waits for. Moments are in milliseconds since the epoch. */
export type RunWait =
  /** Something it has invoked, by its id. */
  | { readonly kind: 'child'; readonly on: string; readonly src: string }
  /** The next of its delayed events. */
  | { readonly kind: 'timer'; readonly until: number }
  /** Nothing but an event: see `next`. */
  | { readonly kind: 'event' }
  /** Its machine is not registered in this version: it goes on in an app that knows it. */
  | { readonly kind: 'unregistered' }

/** A run that has not ended. */
export interface InspectedRun {
  readonly id: string
  /** Id of its machine, and the version that it is on. */
  readonly workflow: string
  readonly version: string
  /** Whether it is a live actor of the process that tells of it, and is stored nowhere. */
  readonly local: boolean
  readonly state: string
  readonly states: readonly string[]
  /** Since when it has shown this state, and when it was started. */
  readonly since: number
  readonly startedAt: number
  /** Events that it keeps for a state that takes them. */
  readonly kept: number
  readonly waits: readonly RunWait[]
  /** The ways out of its active states: for which event, time or end they are, guards not asked. */
  readonly next: readonly StateEdge[]
}

/** Runs, cut off where they are many. */
export interface RunListing {
  /** How many there are, listed or not. */
  readonly total: number
  readonly runs: readonly InspectedRun[]
}

/** The runs that are live actors here, of one workflow or of all. */
export interface LocalList {
  list(workflow: string | undefined): readonly InspectedRun[]
}

/** What is looked through. */
interface RunListParts {
  readonly engine: Engine
  readonly store: Store
  readonly idle: IdleRuns
  readonly registry: Charts
  readonly locals: LocalList
}

/** List the runs that have not ended, those that sleep last and local ones behind them; of one workflow or of all. */
export async function listRuns(
  { engine, store, idle, registry, locals }: RunListParts,
  workflow: string | undefined,
  limit: number,
): Promise<RunListing> {
  const found: ChartRow[] = []
  let total = 0
  await eachRow(engine, (row) => {
    if (row.kind !== 'chart' || row.endedAt !== undefined) return
    if (workflow !== undefined && row.machine !== workflow) return
    total += 1
    if (found.length < limit) found.push(row)
  })
  for (const [machine, asleep] of idle.asleep) {
    if (workflow !== undefined && machine !== workflow) continue
    total += asleep.size
    for (const id of first(asleep, limit - found.length)) {
      const row = await store.get(id)
      if (row?.kind === 'chart') found.push(row)
    }
  }
  const local = locals.list(workflow)
  const runs = [...found.map((row) => inspected(row, registry)), ...local].slice(0, limit)
  return { total: total + local.length, runs }
}

/** The first of some ids, without a copy of all of them. */
function first(ids: ReadonlySet<string>, count: number): readonly string[] {
  const found: string[] = []
  for (const id of ids) {
    if (found.length >= count) break
    found.push(id)
  }
  return found
}

function inspected(row: ChartRow, registry: Charts): InspectedRun {
  const { id, machine, version, state, states, sentAt, past, kept } = row
  const chart = registry.find(machine, version)
  const next = chart === undefined ? [] : waysOut(chart, row, registry)
  return {
    id,
    workflow: machine,
    version,
    local: false,
    state,
    states,
    since: past.steps.length === 0 ? sentAt : past.at,
    startedAt: sentAt,
    kept: kept.length,
    waits: chart === undefined ? [{ kind: 'unregistered' }] : waitsOf(row),
    next,
  }
}

function waysOut(chart: Chart, row: ChartRow, registry: Charts): readonly StateEdge[] {
  if (row.compensating === undefined) return nextEdges(snapshotOf(chart.machine, row, registry.errors))
  const events: readonly CompensationEvent['type'][] = row.compensating.step === 'failed' ? ['RETRY', 'SKIP'] : []
  return events.map((event) => ({ from: row.machine, to: [], on: { kind: 'event', event }, actions: [] }))
}

function waitsOf({ children, timers }: ChartRow): readonly RunWait[] {
  const waits: RunWait[] = Object.values(children).flatMap(({ id, src, ended }) =>
    ended === true ? [] : [{ kind: 'child' as const, on: id, src }],
  )
  if (timers.length > 0) waits.push({ kind: 'timer', until: Math.min(...timers.map(({ due }) => due)) })
  return waits.length > 0 ? waits : [{ kind: 'event' }]
}
