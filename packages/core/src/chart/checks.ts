import type { AnyStateMachine } from 'xstate'
import { encode } from '../codec.ts'
import { umbelError } from '../errors.ts'
import { TASK_STATES } from '../states.ts'
import { type ActionFault, actionFaults, guardFaults, unknownDelay } from './action-checks.ts'
import { actorOf, type ChartActor, chartActor, invokedActor } from './actors.ts'
import { entryOf, type PlacedState, type PlacedTransition, placedStates, placeOf } from './places.ts'

/** Something for which a machine cannot be registered, and where in the machine it is written. */
export interface ChartFault {
  /** `order.states.charging.invoke[0]`. */
  readonly path: string
  /** What is wrong there, to stand behind the path. */
  readonly says: string
  /** Whether it is only that it could not be stored: a live actor can do it. */
  readonly live?: true
}

/** Refuse a machine that could not be stored and go on after a restart. @throws UMBEL_BAD_MACHINE, which names each place */
export const checkChart = (machine: AnyStateMachine): void => refuseFaults(chartFaults(machine))

/** Refuse a machine that could not even run as a live actor. @throws UMBEL_BAD_MACHINE, which names each place */
export const checkLocalChart = (machine: AnyStateMachine): void =>
  refuseFaults(chartFaults(machine).filter(({ live }) => live !== true))

/** Refuse a machine for what is wrong with it, if anything is. @throws UMBEL_BAD_MACHINE, which names each place */
export function refuseFaults(faults: readonly ChartFault[]): void {
  const [first] = faults
  if (first === undefined) return
  const more = faults.slice(1, MOST_SAID).map(({ path, says }) => ` ${path} ${says}.`)
  const rest = faults.length > MOST_SAID ? ` There are ${faults.length - MOST_SAID} more.` : ''
  throw umbelError('UMBEL_BAD_MACHINE', `${first.path} ${first.says}.${more.join('')}${rest}`, {
    details: { path: first.path, faults },
  })
}

/** Most faults that one message names; all of them stand in its details. */
const MOST_SAID = 5

/** All that keeps a machine, and the machines it invokes, from being registered. */
export function chartFaults(machine: AnyStateMachine): readonly ChartFault[] {
  const faults: ChartFault[] = []
  const seen = new Set<AnyStateMachine>()
  const check = (one: AnyStateMachine): void => {
    if (seen.has(one)) return
    seen.add(one)
    const inOne = faultsOf(one)
    faults.push(...inOne.faults)
    for (const invoked of inOne.machines) check(invoked)
  }
  check(machine)
  return faults
}

interface Found {
  readonly faults: ChartFault[]
  readonly machines: AnyStateMachine[]
}

function faultsOf(machine: AnyStateMachine): Found {
  const found: Found = { faults: [...idFaults(machine)], machines: [] }
  const { faults } = found
  const { context } = machine.config as { readonly context?: unknown }
  if (typeof context !== 'function') faults.push(...travels(context, `${machine.id}.context`))
  for (const state of placedStates(machine)) stateFaults(state, found)
  implementationFaults(machine, found)
  return found
}

// no dots: XState reads them as steps down into states
const ID = /^[a-zA-Z_][\w-]{0,127}$/

function idFaults(machine: AnyStateMachine): readonly ChartFault[] {
  const { id } = machine
  if ((machine.config as { readonly id?: unknown }).id === undefined)
    return [{ path: id, says: 'has no id: its runs are stored under it', live: true }]
  if (ID.test(id)) return []
  return [
    { path: id.slice(0, 80), says: 'is no id of a machine: letters, digits, _ and - after a letter or _', live: true },
  ]
}

function stateFaults(state: PlacedState, found: Found): void {
  const { node, path, transitions } = state
  const { faults } = found
  faults.push(...node.tags.flatMap((tag, index) => tagFaults(tag, `${path}.tags[${index}]`)))
  if (typeof node.output !== 'function') faults.push(...travels(node.output, `${path}.output`))
  invokeFaults(state, found)
  const machine = node.machine as AnyStateMachine
  faults.push(...listFaults(machine, entryOf(node), `${path}.entry`, found))
  faults.push(...listFaults(machine, node.exit, `${path}.exit`, found))
  for (const placed of transitions) faults.push(...transitionFaults(machine, placed, found))
}

function tagFaults(tag: unknown, path: string): readonly ChartFault[] {
  const shown = JSON.stringify(String(tag).slice(0, 80))
  if (typeof tag !== 'string' || !/^[A-Z][A-Z0-9_]{0,63}$/.test(tag))
    return [{ path, says: `is ${shown}: tags are states that everyone sees, written like CHARGING` }]
  if ((TASK_STATES as readonly string[]).includes(tag))
    return [{ path, says: `is ${shown}, which every task has: give the state a name of its own` }]
  return []
}

function invokeFaults({ node, path }: PlacedState, { faults, machines }: Found): void {
  const ids = new Set<string>()
  node.invoke.forEach((invoke, index) => {
    const place = `${path}.invoke[${index}]`
    const name = typeof invoke.src === 'string' && !invoke.src.startsWith('xstate.invoke.') ? invoke.src : undefined
    faults.push(...actorFaults(invokedActor(node, invoke), name, place, machines))
    if (invoke.systemId !== undefined) faults.push({ path: `${place}.systemId`, says: NO_SYSTEM, live: true })
    if (ids.has(invoke.id))
      faults.push({ path: `${place}.id`, says: `is ${invoke.id}, as that of another invoke here` })
    ids.add(invoke.id)
    if (typeof invoke.input !== 'function') faults.push(...travels(invoke.input, `${place}.input`))
  })
}

const NO_SYSTEM = 'is set: there is no system of actors to find it in; send to it by its id'

function actorFaults(
  actor: ChartActor,
  name: string | undefined,
  path: string,
  machines: AnyStateMachine[],
): readonly ChartFault[] {
  const called = name === undefined ? '' : ` ${name}`
  switch (actor.kind) {
    case 'machine':
      machines.push(actor.machine)
      return []
    case 'placeholder':
      return []
    case 'live':
      return [
        {
          path,
          says: `runs logic${called} of its own (a promise, a callback, an observable, ...), of which nothing is left after a restart`,
          live: true,
        },
      ]
    case 'missing':
      return [{ path, says: `names an actor${called} that setup({ actors }) does not have` }]
  }
}

function transitionFaults(
  machine: AnyStateMachine,
  { transition, trigger, path }: PlacedTransition,
  found: Found,
): readonly ChartFault[] {
  const faults = [...guardFaults(machine, transition.guard, `${path}.guard`)]
  if (trigger.kind === 'after') faults.push(...unknownDelay(machine, trigger.delay, path))
  return [...faults, ...listFaults(machine, transition.actions, `${path}.actions`, found)]
}

function listFaults(
  machine: AnyStateMachine,
  actions: readonly unknown[],
  path: string,
  found: Found,
): readonly ChartFault[] {
  return actions.flatMap((action, index) => actionPlaceFaults(machine, action, `${path}[${index}]`, found))
}

function actionPlaceFaults(
  machine: AnyStateMachine,
  action: unknown,
  path: string,
  { machines }: Found,
): readonly ChartFault[] {
  return actionFaults(machine, action, path).flatMap((fault) => settledFault(machine, fault, machines))
}

function settledFault(
  machine: AnyStateMachine,
  fault: ActionFault,
  machines: AnyStateMachine[],
): readonly ChartFault[] {
  switch (fault.kind) {
    case 'says':
      return [{ path: fault.path, says: fault.says, ...(fault.live === true && { live: true }) }]
    case 'data':
      return travels(fault.value, fault.path)
    case 'spawns':
      return actorFaults(chartActor(machine, fault.src), fault.src, fault.path, machines)
  }
}

/** What is registered under names but stands in no state: it may be reached from functions. */
function implementationFaults(machine: AnyStateMachine, found: Found): void {
  const { actors, actions } = machine.implementations as Readonly<Record<'actors' | 'actions', Record<string, unknown>>>
  const said = new Set(found.faults.map(({ says }) => says))
  for (const [name, logic] of Object.entries(actors ?? {})) {
    const faults = actorFaults(actorOf(logic), name, placeOf(`${machine.id}.actors`, name), found.machines)
    found.faults.push(...faults.filter(({ says }) => !said.has(says)))
  }
  for (const [name, action] of Object.entries(actions ?? {})) {
    if (isBuiltIn(action))
      found.faults.push(...actionPlaceFaults(machine, action, placeOf(`${machine.id}.actions`, name), found))
  }
}

const isBuiltIn = (action: unknown): boolean => typeof action === 'function' && 'resolve' in action

/** Whether a value that stands in a machine could be stored. */
function travels(value: unknown, path: string): readonly ChartFault[] {
  if (value === undefined) return []
  try {
    encode(value, { path })
    return []
  } catch (error) {
    const [, place = path, says = 'cannot be stored'] = /^(\S+) (.*?)\. /s.exec((error as Error).message) ?? []
    return [{ path: place, says: `${says}, which cannot be stored`, live: true }]
  }
}
