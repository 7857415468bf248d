import { type Clock, type ErrorData, fromErrorData, MACHINES, makeIds, type Row, type Store } from '@umbel/core'
import { aftermathOf } from './aftermath.ts'
import { type AnnounceContext, announceSent } from './announce.ts'
import type { AppSettings } from './app-options.ts'
import { assembleLanes } from './assemble-lanes.ts'
import { machineEffects, resolving, runsOf } from './assemble-workflows.ts'
import { startsAtOnce } from './at-once.ts'
import { blockageTeller } from './blockages.ts'
import type { Cell } from './cell.ts'
import type { TaskDefinition } from './definition.ts'
import { Engine } from './engine.ts'
import { Finishing } from './finishing.ts'
import { type UniqueOf, uniqueAmong } from './key-of-task.ts'
import { type Lane, laneOf } from './lanes/lane.ts'
import { Limits } from './limits/limits.ts'
import { perform } from './perform.ts'
import { Producer } from './producer.ts'
import { Recovery } from './recovery.ts'
import { writesJudge } from './refused-writes.ts'
import { attemptReports } from './reports.ts'
import { AppResultSource } from './result-source.ts'
import { giving } from './result-value.ts'
import { Results } from './results.ts'
import { Revocations } from './revocations.ts'
import { Seats } from './seats.ts'
import type { AnyResult } from './sender.ts'
import { Shutdown } from './shutdown.ts'
import { SignalBus } from './signals.ts'
import { momentOf, ProcessHold, systemRandom } from './system.ts'
import { TimeLimits } from './time-limits.ts'
import { Timers } from './timers.ts'
import { Totals } from './totals.ts'
import { IdleRuns } from './workflows/idle-runs.ts'
import type { LocalRuns } from './workflows/local-runs.ts'
import type { Runs } from './workflows/runs.ts'
import type { WorkflowRegistry } from './workflows/workflow-registry.ts'

/** The parts of an app, put together. */
export interface Parts {
  readonly tasks: ReadonlyMap<string, TaskDefinition>
  readonly clock: Clock
  readonly store: Store
  readonly engine: Engine
  readonly lanes: ReadonlyMap<string, Lane>
  readonly limits: Limits
  readonly timers: Timers
  readonly timeLimits: TimeLimits
  readonly results: Results
  readonly totals: Totals
  readonly signals: SignalBus
  readonly producer: Producer
  readonly source: AppResultSource
  readonly shutdown: Shutdown
  readonly hold: ProcessHold
  readonly recovery: Recovery
  readonly idle: IdleRuns
  readonly registry: WorkflowRegistry
  readonly runs: Runs
  readonly locals: LocalRuns
  readonly uniqueOf: UniqueOf
  /** Tell what went wrong where nobody waits for an answer. */
  readonly failed: (error: unknown) => void
}

/** Tells observers what went wrong where nobody waits for an answer. */
export const failureTeller =
  (signals: SignalBus, clock: Clock) =>
  (error: unknown): void => {
    if (signals.wants('internal-error')) signals.emit('internal-error', { error, at: clock.now() })
  }

/** Tells observers of what a handler sent and was not taken in. */
export const refusalTeller =
  (signals: SignalBus, clock: Clock) =>
  (id: string, error: unknown): void => {
    if (signals.wants('send-failed')) signals.emit('send-failed', { id, error, at: clock.now() })
  }

/** Asks the store whether it knows an id, once it is open. */
const knownIn = (store: Store, engine: Engine) => async (id: string) => {
  await engine.opened()
  return (await store.get(id)) !== undefined
}

/** Put the parts of an app together. @throws UMBEL_BAD_ROUTE */
export function assemble(settings: AppSettings): Parts {
  const { clock, store, tasks, errors } = settings
  const signals = new SignalBus(() => clock.now())
  const failed = failureTeller(signals, clock)
  const seats = new Seats<Cell>()
  const results = new Results(seats, { idsAreNew: settings.random === systemRandom, give: giving(errors) })
  const totals = new Totals()
  const lanes = new Map<string, Lane>()
  const hold = new ProcessHold()
  const limits = new Limits({ tasks, shared: settings.limits, source: settings.tokens, clock, failed })
  const { resolver, registry } = resolving(settings, lanes, limits)
  const engine = new Engine({
    seats,
    store,
    perform: (step, row) => after(step, row),
    failed,
    came: (event) => announceSent(observed, 'before-task-publish', event),
    machines: MACHINES.withCharts(registry),
    clock,
    starts: (came, onTheWay) => starts(came, onTheWay),
    judge: writesJudge({ tasks, errors, totals }),
  })
  clock.heed?.(engine)
  // what waits for its time and is no task at hand is a run
  const dueOf = (id: string) => (engine.task(id) === undefined ? 'chart-due' : 'task-received')
  const timers = new Timers(clock, (id) => engine.accept({ type: dueOf(id), id, at: clock.now() }))
  const finishing = new Finishing(() => rest())
  const revocations = new Revocations(clock)
  const shutdown = new Shutdown({ engine, timers, lanes, finishing, revocations, clock })
  const source = new AppResultSource({ clock, errors, engine, results, store })
  const ids = makeIds(() => clock.now(), settings.random)
  const uniqueOf = uniqueAmong(tasks)
  const producer = new Producer({
    engine,
    lanes,
    results,
    signals,
    ids,
    resolver,
    now: () => clock.now(),
    uniqueOf,
    known: knownIn(store, engine),
    knownAtOnce: (id) => (engine.get(id) ?? store.peek?.(id)) !== undefined,
  })
  const machines = machineEffects({ engine, registry, signals, clock, failed })
  const effects = {
    engine,
    timers,
    results,
    totals,
    revocations,
    ...machines,
    lane: (name: string) => laneOf(lanes, name),
  }
  const idle = new IdleRuns({ engine, store, results, charts: registry })
  const recovery = new Recovery({
    store,
    engine,
    clock,
    idle,
    charts: registry,
    carryOut: (command) => perform(command, effects, (id) => engine.get(id)),
  })
  const now = (): number => clock.now()
  const row = (id: string): Row | undefined => engine.get(id)
  const observed: AnnounceContext = { signals, errors, finishing, givenBack: new Set(), now, row }

  const after = aftermathOf({ observed, effects, idle, rest })

  /** Things may have come to rest. */
  function rest(): void {
    hold.set(engine.active > 0 || finishing.size > 0)
    shutdown.looked()
  }

  const refused = refusalTeller(signals, clock)
  const running = { engine, results, source, registry, clock, ids, failed, refused, errors, producer, signals, totals }
  const { runs, locals, hearing } = runsOf({ ...running, emissions: machines.emissions })
  const reports = attemptReports({ engine, limits, producer, runs: hearing, signals, clock, store })
  const onStray = (error: ErrorData): void => failed(fromErrorData(error, errors))
  const timeLimits = new TimeLimits(tasks, clock)
  const stopping = (): boolean => shutdown.aborting
  const executing = { engine, limits, timeLimits, revocations, producer, totals, clock, finishing, tasks, stopping }
  const context = { ...executing, moment: momentOf(clock) }
  const handleOf = (id: string): AnyResult => source.sent(id)
  const blocked = blockageTeller(signals, () => clock.now())
  for (const lane of assembleLanes({ settings, context, reports, ids, handleOf, refused, onStray, blocked }))
    lanes.set(lane.name, lane)
  const starts = startsAtOnce(context, lanes)

  const working = { tasks, clock, store, engine, lanes, limits, timers, timeLimits, results, totals, signals }
  return { ...working, producer, source, shutdown, hold, recovery, idle, registry, runs, locals, uniqueOf, failed }
}
