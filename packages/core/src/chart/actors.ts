import { type AnyStateMachine, StateMachine } from 'xstate'
import { type Placeholder, placeholderOf } from './placeholder.ts'
import { type ChartInvoke, type ChartNode, placedStates, placeOf } from './places.ts'

/** What a machine's actor comes to. */
export type ChartActor =
  | { readonly kind: 'placeholder'; readonly placeholder: Placeholder }
  /** Another machine: a run of its own. */
  | { readonly kind: 'machine'; readonly machine: AnyStateMachine }
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
  return { kind: 'live' }
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

/** A machine with all that it, and what it invokes, may invoke or spawn. */
export function withMachines(machine: AnyStateMachine): readonly AnyStateMachine[] {
  const machines = new Set([machine])
  for (const one of machines) for (const invoked of invokedMachines(one)) machines.add(invoked)
  return [...machines]
}

/** The machines that a machine may invoke or spawn: those among its actors, and those that stand in its states themselves. */
export function invokedMachines(machine: AnyStateMachine): readonly AnyStateMachine[] {
  const found = new Set<AnyStateMachine>()
  for (const logic of Object.values((machine.implementations.actors ?? {}) as Record<string, unknown>))
    if (isMachine(logic)) found.add(logic)
  const walk = (node: ChartNode): void => {
    for (const invoke of node.invoke) {
      const actor = invokedActor(node, invoke)
      if (actor.kind === 'machine') found.add(actor.machine)
    }
    for (const child of Object.values(node.states)) walk(child)
  }
  walk(machine.root)
  return [...found]
}

/** A placeholder of a machine, and where in it that is written. */
export interface PlacedPlaceholder {
  readonly placeholder: Placeholder
  /** `order.actors.charge`, or `order.states.charging.invoke[0]` where it stands in a state itself. */
  readonly path: string
}

/** All placeholders of a machine, each once. */
export function placedPlaceholders(machine: AnyStateMachine): readonly PlacedPlaceholder[] {
  const found = new Map<Placeholder, string>()
  const add = (actor: ChartActor, path: string): void => {
    if (actor.kind === 'placeholder' && !found.has(actor.placeholder)) found.set(actor.placeholder, path)
  }
  for (const [name, logic] of Object.entries((machine.implementations.actors ?? {}) as Record<string, unknown>))
    add(actorOf(logic), placeOf(`${machine.id}.actors`, name))
  for (const { node, path } of placedStates(machine))
    node.invoke.forEach((invoke, index) => {
      add(invokedActor(node, invoke), `${path}.invoke[${index}]`)
    })
  return [...found].map(([placeholder, path]) => ({ placeholder, path }))
}
