import type { AnyStateMachine } from 'xstate'

/** What is to be known of an action before it can be registered. */
export type ActionFault =
  | { readonly kind: 'says'; readonly path: string; readonly says: string; readonly live?: true }
  /** Data that has to be storable. */
  | { readonly kind: 'data'; readonly path: string; readonly value: unknown }
  /** It starts the actor of this name. */
  | { readonly kind: 'spawns'; readonly path: string; readonly src: string }

/** An action of XState's own, as `raise`, `sendTo` and the others make it. */
interface BuiltIn {
  readonly type: string
  readonly event?: unknown
  readonly delay?: unknown
  readonly to?: unknown
  readonly src?: unknown
  readonly id?: unknown
  readonly systemId?: unknown
  readonly actorRef?: unknown
}

const says = (path: string, text: string): ActionFault => ({ kind: 'says', path, says: text })

/** What a live actor can do, and a stored one cannot. */
const isLiveOnly = (path: string, text: string): ActionFault => ({ kind: 'says', path, says: text, live: true })

/** What is wrong with one action of a machine, and what of it is left to be looked at. */
export function actionFaults(machine: AnyStateMachine, action: unknown, path: string): readonly ActionFault[] {
  if (typeof action === 'function') {
    if (!('resolve' in action))
      return [
        isLiveOnly(
          path,
          'is a function: what a step has asked for is stored by name; give it one in setup({ actions })',
        ),
      ]
    return builtInFaults(machine, action as unknown as BuiltIn, path)
  }
  const { type, params } = (typeof action === 'string' ? { type: action } : action) as {
    type: string
    params?: unknown
  }
  const faults: ActionFault[] = []
  if (!Object.hasOwn(machine.implementations.actions ?? {}, type))
    faults.push(says(path, `names an action ${type} that setup({ actions }) does not have`))
  if (params !== undefined && typeof params !== 'function')
    faults.push({ kind: 'data', path: `${path}.params`, value: params })
  return faults
}

function builtInFaults(machine: AnyStateMachine, action: BuiltIn, path: string): readonly ActionFault[] {
  switch (action.type) {
    case 'xstate.spawnChild':
      return spawnFaults(action, path)
    case 'xstate.stopChild':
      return isLive(action.actorRef) ? [isLiveOnly(path, LIVE)] : []
    case 'xstate.sendTo':
    case 'xstate.raise':
    case 'xstate.emit':
      return [
        ...(isLive(action.to) ? [isLiveOnly(path, LIVE)] : []),
        ...unknownDelay(machine, action.delay, path).map((fault): ActionFault => ({ kind: 'says', ...fault })),
        ...(typeof action.event === 'object'
          ? [{ kind: 'data' as const, path: `${path}.event`, value: action.event }]
          : []),
      ]
    default:
      return []
  }
}

const LIVE = 'refers to a live actor, which is gone after a restart: name it by its id'

const isLive = (target: unknown): boolean => typeof target === 'object' && target !== null

function spawnFaults({ src, id, systemId }: BuiltIn, path: string): readonly ActionFault[] {
  const faults: ActionFault[] =
    typeof src === 'string'
      ? [{ kind: 'spawns', path, src }]
      : [isLiveOnly(path, 'spawns logic itself: what runs is stored by name; give it one in setup({ actors })')]
  if (id === undefined || id === '')
    faults.push(isLiveOnly(path, 'spawns an actor without an id, so that nothing could find it again'))
  if (systemId !== undefined)
    faults.push(isLiveOnly(path, 'sets a systemId: there is no system of actors to find it in'))
  return faults
}

interface Fault {
  readonly path: string
  readonly says: string
}

/** A delay by a name that has none. */
export function unknownDelay(machine: AnyStateMachine, delay: unknown, path: string): readonly Fault[] {
  if (typeof delay !== 'string' || Object.hasOwn(machine.implementations.delays ?? {}, delay)) return []
  return [{ path, says: `names a delay ${delay} that setup({ delays }) does not have` }]
}

/** Guards by names that have none, within `and`, `or` and `not` too. */
export function guardFaults(machine: AnyStateMachine, guard: unknown, path: string): readonly Fault[] {
  if (guard === undefined) return []
  if (typeof guard === 'function') {
    const { guards = [] } = guard as { readonly guards?: readonly unknown[] }
    return guards.flatMap((one, index) => guardFaults(machine, one, `${path}.guards[${index}]`))
  }
  const name = typeof guard === 'string' ? guard : (guard as { readonly type: string }).type
  if (Object.hasOwn(machine.implementations.guards ?? {}, name)) return []
  return [{ path, says: `names a guard ${name} that setup({ guards }) does not have` }]
}
