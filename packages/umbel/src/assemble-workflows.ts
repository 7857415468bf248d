import { asksForCall, type Clock, compileRoutes, decode, type LogLine } from '@umbel/core'
import type { AppSettings } from './app-options.ts'
import type { Engine } from './engine.ts'
import type { SignalBus } from './signals.ts'
import { type ResolverOptions, SpecResolver } from './spec-resolver.ts'
import { Emissions } from './workflows/emissions.ts'
import { MachineActions } from './workflows/machine-actions.ts'
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
    log: ({ id, label, value }) => {
      const shown = decode(value)
      if (signals.wants('workflow-log')) signals.emit('workflow-log', { id, label, value: shown, at: clock.now() })
      else console.info(`[${id}]`, ...(label === undefined ? [shown] : [label, shown]))
    },
  }
}
