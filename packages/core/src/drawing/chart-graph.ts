import { type AnyMachineSnapshot, type AnyStateMachine, getNextTransitions } from 'xstate'
import { invokedActor } from '../chart/actors.ts'
import {
  type ChartNode,
  type ChartTransition,
  entryOf,
  type PlacedState,
  type PlacedTransition,
  placedStates,
  type Trigger,
  triggerOf,
} from '../chart/places.ts'

/** A machine as plain data, for drawing. Ids of states are XState's, `order.charging`. */
export interface ChartGraph {
  readonly kind: 'machine'
  /** Id of the machine, and of its root state. */
  readonly id: string
  /** Its states in document order, the root first. */
  readonly nodes: readonly StateNodeData[]
  readonly edges: readonly StateEdge[]
}

/** One state of a machine. */
export interface StateNodeData {
  readonly id: string
  readonly key: string
  readonly parent?: string
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history'
  /** The state in it that is entered first. */
  readonly initial?: string
  /** Of a history state. */
  readonly history?: 'shallow' | 'deep'
  readonly tags: readonly string[]
  readonly invokes: readonly InvokeData[]
  /** Names of the actions it asks for as it is entered and left. */
  readonly entry: readonly string[]
  readonly exit: readonly string[]
  readonly description?: string
}

/** What a state invokes. */
export interface InvokeData {
  readonly id: string
  readonly kind: 'task' | 'canvas' | 'machine' | 'live' | 'missing'
  /** Name of the task, the canvas or the machine; for anything else its name in `setup({ actors })`. */
  readonly name: string
  /** Name of what takes back what it did, if the run fails later; `computed` for a function without one. */
  readonly compensate?: string
}

/** A way out of a state. Without a target it only acts. */
export interface StateEdge {
  readonly from: string
  readonly to: readonly string[]
  readonly on: EdgeTrigger
  /** `isLarge`, `not isLarge`, `a and b`; `guard` for a function without a name. */
  readonly guard?: string
  readonly actions: readonly string[]
}

/** What makes a machine take an edge. A delay is milliseconds, a name, or `computed` for a function without one. */
export type EdgeTrigger =
  | Exclude<Trigger, { readonly kind: 'after' }>
  | { readonly kind: 'after'; readonly delay: number | string }

/** Draw a machine as nodes and edges. */
export function chartGraph(machine: AnyStateMachine): ChartGraph {
  const states = placedStates(machine)
  return {
    kind: 'machine',
    id: machine.id,
    nodes: states.map(nodeOf),
    edges: states.flatMap(({ transitions }) => transitions.map(edgeOf)),
  }
}

/**
 * The ways out of the states that are active, guards not asked: what a machine in this snapshot can do next, and for which event,
 * time or end of an actor it waits.
 */
export function nextEdges(snapshot: AnyMachineSnapshot): readonly StateEdge[] {
  if (snapshot.status !== 'active') return []
  return getNextTransitions(snapshot).map((found) => {
    const transition = found as unknown as ChartTransition
    const source = transition.source as ChartNode
    const { eventType } = transition as unknown as { readonly eventType: string }
    return edgeOf({ transition, trigger: triggerOf(eventType, transition, source) })
  })
}

function nodeOf({ node }: PlacedState): StateNodeData {
  const { id, key, parent, type, history, tags, description } = node
  const initial = node.type === 'compound' ? node.initial?.target[0]?.id : undefined
  return {
    id,
    key,
    ...(parent !== undefined && { parent: parent.id }),
    type,
    ...(initial !== undefined && { initial }),
    ...(history !== false && { history }),
    tags: [...tags],
    invokes: node.invoke.map((invoke) => invokeOf(node, invoke)),
    entry: entryOf(node).flatMap(actionName),
    exit: node.exit.flatMap(actionName),
    ...(description !== undefined && { description }),
  }
}

function invokeOf(node: ChartNode, invoke: ChartNode['invoke'][number]): InvokeData {
  const { id } = invoke
  const src = String(typeof invoke.src === 'string' ? invoke.src : id)
  const actor = invokedActor(node, invoke)
  switch (actor.kind) {
    case 'placeholder': {
      const { kind, name, compensation } = actor.placeholder
      return { id, kind, name, ...(compensation !== undefined && { compensate: compensation.name }) }
    }
    case 'machine':
      return { id, kind: 'machine', name: actor.machine.id }
    default:
      return { id, kind: actor.kind, name: src }
  }
}

function edgeOf({ transition, trigger }: Pick<PlacedTransition, 'transition' | 'trigger'>): StateEdge {
  const guard = guardName(transition.guard)
  return {
    from: transition.source.id,
    to: (transition.target ?? []).map(({ id }) => id),
    on: trigger.kind === 'after' ? { kind: 'after', delay: delayOf(trigger.delay) } : trigger,
    ...(guard !== undefined && { guard }),
    actions: transition.actions.flatMap(actionName),
  }
}

function delayOf(delay: unknown): number | string {
  if (typeof delay === 'number' || typeof delay === 'string') return delay
  return (typeof delay === 'function' && delay.name) || 'computed'
}

interface GuardFunction {
  readonly name: string
  readonly guards?: readonly unknown[]
  readonly check?: unknown
  readonly stateValue?: unknown
}

function guardName(guard: unknown): string | undefined {
  if (guard === undefined) return undefined
  if (typeof guard === 'string') return guard
  if (typeof guard !== 'function') return (guard as { readonly type: string }).type
  const { name, guards, check, stateValue } = guard as unknown as GuardFunction
  if (check === undefined) return name === '' || name === 'guard' ? 'guard' : name
  if (guards === undefined) return `in ${typeof stateValue === 'string' ? stateValue : JSON.stringify(stateValue)}`
  const names = guards.map((one) => (isCombined(one) ? `(${guardName(one)})` : (guardName(one) as string)))
  return name === 'not' ? `not ${names[0]}` : names.join(` ${name} `)
}

const isCombined = (guard: unknown): boolean =>
  typeof guard === 'function' && ((guard as unknown as GuardFunction).guards?.length ?? 0) > 1

/** Names that say something: a timer that XState cancels as a state is left does not. */
function actionName(action: unknown): readonly string[] {
  if (typeof action === 'string') return [action]
  const { type, name } = action as { readonly type?: string; readonly name?: string }
  if (type === 'xstate.cancel' && isTimer(action)) return []
  const said = (type ?? name ?? '').replace(/^xstate\./, '')
  return [said === '' ? 'action' : said]
}

const isTimer = (action: unknown): boolean =>
  String((action as { readonly sendId?: unknown }).sendId).startsWith('xstate.after.')
