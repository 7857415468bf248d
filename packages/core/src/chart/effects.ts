import type { AnyActorRef, AnyEventObject, AnyMachineSnapshot } from 'xstate'
import { umbelError } from '../errors.ts'
import type { Actors, AskedAction } from './scope.ts'
import { InertRef } from './scope.ts'

/** What a step of a machine asks for, beside its next state. */
export type ChartEffect =
  | {
      readonly kind: 'start'
      readonly child: string
      readonly src: string
      readonly input: unknown
      readonly watched: boolean
    }
  | { readonly kind: 'stop'; readonly child: string }
  | {
      readonly kind: 'later'
      readonly send: string | undefined
      readonly delay: number
      readonly event: AnyEventObject
      readonly to: Target
    }
  | { readonly kind: 'cancel'; readonly send: string }
  | { readonly kind: 'tell'; readonly event: AnyEventObject; readonly to: Target }
  | { readonly kind: 'emit'; readonly event: AnyEventObject }
  | { readonly kind: 'log'; readonly label: string | undefined; readonly value: unknown }
  | {
      readonly kind: 'act'
      readonly action: string
      readonly params: unknown
      readonly event: AnyEventObject
      readonly context: unknown
    }

/** Who an event is for. */
export type Target =
  | { readonly kind: 'self' }
  | { readonly kind: 'parent' }
  | { readonly kind: 'child'; readonly id: string }

/** An actor as XState makes it for an invoke or a spawn. */
type MadeRef = AnyActorRef & { readonly options?: { readonly input?: unknown; readonly syncSnapshot?: boolean } }

/** Read what a step asks for off the actions that XState handed out. @throws UMBEL_BAD_MACHINE for what cannot be carried out */
export function effectsOf(asked: readonly AskedAction[], snapshot: AnyMachineSnapshot, actors: Actors): ChartEffect[] {
  const effects: ChartEffect[] = []
  const made = new Set<unknown>()
  for (const action of asked) {
    const effect = effectOf(action, actors)
    if (effect === undefined) continue
    if (effect.kind === 'start') made.add((action.params as { actorRef?: unknown }).actorRef)
    effects.push(effect)
  }
  // what `assign` has spawned comes as no action
  for (const ref of Object.values(snapshot.children) as MadeRef[])
    if (ref !== undefined && !(ref instanceof InertRef) && !made.has(ref))
      effects.push(startOf(ref.id, ref.src, ref.options?.input, ref))
  return effects
}

function effectOf({ type, params, info }: AskedAction, actors: Actors): ChartEffect | undefined {
  switch (type) {
    case 'xstate.spawnChild': {
      const { actorRef, src, input, id } = params as { actorRef?: MadeRef; src: unknown; input: unknown; id?: string }
      return startOf(actorRef?.id ?? id, src, input, actorRef)
    }
    case 'xstate.stopChild':
      return params === undefined ? undefined : { kind: 'stop', child: (params as { id: string }).id }
    case 'xstate.raise': {
      const { delay, event, id } = params as Scheduled
      return delay === undefined ? undefined : { kind: 'later', send: id, delay, event, to: { kind: 'self' } }
    }
    case 'xstate.cancel':
      return { kind: 'cancel', send: (params as { sendId: string }).sendId }
    case 'xstate.sendTo': {
      const { delay, event, id, to } = params as Scheduled & { readonly to: unknown }
      const target = targetOf(to, actors)
      return delay === undefined
        ? { kind: 'tell', event, to: target }
        : { kind: 'later', send: id, delay, event, to: target }
    }
    case 'xstate.emit':
      return { kind: 'emit', event: (params as Scheduled).event }
    case 'xstate.log': {
      const { label, value } = params as { label?: string; value: unknown }
      return { kind: 'log', label, value }
    }
    default:
      return { kind: 'act', action: type, params, event: info.event, context: info.context }
  }
}

interface Scheduled {
  readonly event: AnyEventObject
  readonly id: string | undefined
  readonly delay: number | undefined
}

function startOf(child: string | undefined, src: unknown, input: unknown, ref: MadeRef | undefined): ChartEffect {
  if (child === undefined || child === '')
    throw umbelError(
      'UMBEL_BAD_MACHINE',
      'The machine spawns an actor without an id, so that nothing could find it again.',
    )
  if (typeof src !== 'string')
    throw umbelError(
      'UMBEL_BAD_MACHINE',
      `The machine spawns ${child} by its logic, not by its name in setup({ actors }).`,
    )
  return { kind: 'start', child, src, input, watched: ref?.options?.syncSnapshot === true }
}

function targetOf(to: unknown, { self }: Actors): Target {
  if (to === self || to === undefined) return { kind: 'self' }
  if (to === self._parent) return { kind: 'parent' }
  return { kind: 'child', id: typeof to === 'string' ? to : (to as { id: string }).id }
}
