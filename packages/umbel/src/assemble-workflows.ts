import { asksForCall, type Clock, compileRoutes, decode, type LogLine, lengthOf } from '@umbel/core'
import { announceMoved, announceWorkflowEnd } from './announce.ts'
import type { AppSettings } from './app-options.ts'
import type { Engine } from './engine.ts'
import type { SignalBus } from './signals.ts'
import { type ResolverOptions, SpecResolver } from './spec-resolver.ts'
import type { Totals } from './totals.ts'
import { Emissions } from './workflows/emissions.ts'
import { LocalRuns, type LocalRunsParts } from './workflows/local-runs.ts'
import { MachineActions } from './workflows/machine-actions.ts'
import { Runs, type RunsParts } from './workflows/runs.ts'
import { WorkflowRegistry } from './workflows/workflow-registry.ts'

/** Make what works out what is sent, and what machines invoke. @throws UMBEL_BAD_ROUTE, UMBEL_DUPLICATE_WORKFLOW */
export function resolving(
  { tasks, routes, maxBytes, errors, workflows }: Omit<AppSettings, 'store'>,
  lanes: ResolverOptions['lanes'],
  limits: ResolverOptions['limits'],
): { readonly resolver: SpecResolver; readonly registry: WorkflowRegistry } {
  const route = compileRoutes(routes)
  const resolver = new SpecResolver({
    tasks,
    lanes,
    route,
    routesByCall: routes.some(asksForCall),
    limits,
    maxBytes,
    workflows: { definition: (name) => registry.definition(name) },
  })
  const registry: WorkflowRegistry = new WorkflowRegistry({ errors, maxBytes, resolver })
  for (const one of workflows) registry.register(one)
  return { resolver, registry }
}

/** What the effects of machines are carried out with. */
interface MachineEffectParts {
  readonly engine: Engine
  readonly registry: WorkflowRegistry
  readonly signals: SignalBus
  readonly clock: Clock
  readonly failed: (error: unknown) => void
}

/** What carries out the commands that come of machines' steps. */
export interface MachineEffects {
  readonly actions: MachineActions
  readonly emissions: Emissions
  /** Show what a machine logs. */
  log(line: LogLine): void
}

/** Make what carries out the effects of machines. */
export function machineEffects({ engine, registry, signals, clock, failed }: MachineEffectParts): MachineEffects {
  return {
    actions: new MachineActions({ engine, registry, clock, failed }),
    emissions: new Emissions(failed),
    log: ({ id, label, value }) => logShower(signals, clock)(id, label, decode(value)),
  }
}

/** What runs are made with. */
type RunningParts = RunsParts & Omit<LocalRunsParts, 'moved' | 'ended' | 'log'> & AnnouncedParts

interface AnnouncedParts {
  readonly signals: SignalBus
  readonly totals: Totals
}

/** Make what starts and finds runs: those that are stored, those that are live actors, and who hears what handlers tell either. */
export function runsOf({ signals, totals, ...parts }: RunningParts): {
  readonly runs: Runs
  readonly locals: LocalRuns
  readonly hearing: Pick<Runs, 'hear'>
} {
  const runs = new Runs(parts)
  const locals = new LocalRuns({
    ...parts,
    moved: (row) => {
      announceMoved({ signals }, row)
      if (lengthOf(row.past) === 1) totals.runStarted(row)
    },
    ended: (row) => {
      totals.runEnded(row)
      announceWorkflowEnd({ signals }, row)
    },
    log: logShower(signals, parts.clock),
  })
  return { runs, locals, hearing: { hear: (id, told) => (locals.has(id) ? locals : runs).hear(id, told) } }
}

/** Shows what machines log: as a signal, or on the console where nobody listens to that. */
const logShower =
  (signals: SignalBus, clock: Clock) =>
  (id: string, label: string | undefined, value: unknown): void => {
    if (signals.wants('workflow-log')) signals.emit('workflow-log', { id, label, value, at: clock.now() })
    else console.info(`[${id}]`, ...(label === undefined ? [value] : [label, value]))
  }
