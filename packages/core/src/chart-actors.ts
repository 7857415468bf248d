import { type AnyActorLogic, type AnyStateMachine, StateMachine } from 'xstate'
import type { ChartInvoke, ChartNode } from './chart-places.ts'
import { type Placeholder, placeholderOf } from './placeholder.ts'

/** Where logic keeps that it is local. */
const LOCAL: unique symbol = Symbol.for('umbel.local') as never

/**
 * Mark actor logic (a promise, callback, observable or transition of XState) as local: it runs in this process beside the machine,
 * and nothing of it is stored but what it came to. After a restart it starts anew, from the beginning, with the same input; what it
 * sends is taken as any event. What must happen once, or take long, belongs in a task.
 */
export function local<Logic extends AnyActorLogic>(logic: Logic): Logic {
  return { ...logic, [LOCAL]: true }
}

/** What a machine's actor comes to. */
export type ChartActor =
  | { readonly kind: 'placeholder'; readonly placeholder: Placeholder }
  /** Another machine: a run of its own. */
  | { readonly kind: 'machine'; readonly machine: AnyStateMachine }
  /** Logic of XState's that was marked so. */
  | { readonly kind: 'local'; readonly logic: AnyActorLogic }
  /** Logic that could not go on after a restart. */
  | { readonly kind: 'live' }
  /** Nothing has this name. */
  | { readonly kind: 'missing' }

/**
 * What a machine means by the name of an actor: its name in `setup({ actors })`, or the one that XState gives to logic that stands in
 * an invoke itself (`xstate.invoke.0.order.charging`).
 */
export function chartActor(machine: AnyStateMachine, src: string): ChartActor {
  return actorOf(inlineLogic(machine, src) ?? (machine.implementations.actors as Record<string, unknown>)[src])
}

/** What logic comes to. */
export function actorOf(logic: unknown): ChartActor {
  if (typeof logic !== 'object' || logic === null) return { kind: 'missing' }
  const placeholder = placeholderOf(logic)
  if (placeholder !== undefined) return { kind: 'placeholder', placeholder }
  if (isMachine(logic)) return { kind: 'machine', machine: logic }
  return LOCAL in logic ? { kind: 'local', logic: logic as unknown as AnyActorLogic } : { kind: 'live' }
}

/** Whether something is a machine, of this copy of XState or of another. */
export const isMachine = (value: unknown): value is AnyStateMachine =>
  value instanceof StateMachine ||
  (typeof value === 'object' &&
    value !== null &&
    '__xstatenode' in value &&
    'root' in value &&
    'implementations' in value)

/** What an invoke stands for. */
export const invokedActor = (node: ChartNode, invoke: ChartInvoke): ChartActor =>
  typeof invoke.src === 'string' ? chartActor(node.machine as AnyStateMachine, invoke.src) : actorOf(invoke.src)

function inlineLogic(machine: AnyStateMachine, src: string): unknown {
  const [, index, id] = /^xstate\.invoke\.(\d+)\.(.*)$/s.exec(src) ?? []
  if (index === undefined || id === undefined) return undefined
  const { idMap } = machine as unknown as { readonly idMap: ReadonlyMap<string, ChartNode> }
  const invoke: unknown = idMap.get(id)?.config.invoke
  const one: unknown = Array.isArray(invoke) ? invoke[Number(index)] : invoke
  return (one as { readonly src?: unknown } | undefined)?.src
}
