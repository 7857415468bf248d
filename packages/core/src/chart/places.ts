import type { AnyStateMachine } from 'xstate'

/** A state of a machine. */
export type ChartNode = AnyStateMachine['root']
/** A way out of a state. */
export type ChartTransition = ChartNode['always'] extends readonly (infer T)[] | undefined ? T : never
/** What a state invokes. */
export type ChartInvoke = ChartNode['invoke'][number]

/** What makes a machine take a way out of a state. */
export type Trigger =
  | { readonly kind: 'event'; readonly event: string }
  | { readonly kind: 'always' }
  /** Milliseconds, the name of a delay, or a function of the context. */
  | { readonly kind: 'after'; readonly delay: unknown }
  /** The state itself came to an end. */
  | { readonly kind: 'done' }
  /** What it invokes ended, failed or told something. */
  | { readonly kind: 'actor-done' | 'actor-error' | 'actor-snapshot'; readonly actor: string }

/** A way out of a state, and where in the machine it is written. */
export interface PlacedTransition {
  readonly trigger: Trigger
  readonly transition: ChartTransition
  /** `order.states.charging.on.PAID[0]`. */
  readonly path: string
}

/** A state of a machine, and where in it that is written. */
export interface PlacedState {
  readonly node: ChartNode
  /** `order.states.charging`. */
  readonly path: string
  readonly transitions: readonly PlacedTransition[]
}

/** All states of a machine in document order, each with its place. */
export function placedStates(machine: AnyStateMachine): readonly PlacedState[] {
  const found: PlacedState[] = []
  const walk = (node: ChartNode, path: string): void => {
    found.push({ node, path, transitions: placedTransitions(node, path) })
    for (const [key, child] of Object.entries(node.states)) walk(child, placeOf(`${path}.states`, key))
  }
  walk(machine.root, machine.id)
  return found
}

/** What a state does as it is entered. XState puts the timers of its `after` behind what is written there. */
export function entryOf(node: ChartNode): readonly unknown[] {
  const written: unknown = node.config.entry
  const count = written === undefined ? 0 : Array.isArray(written) ? written.length : 1
  return node.entry.slice(0, count)
}

/** Put one more key behind a path, in brackets where it is no plain name. */
export const placeOf = (path: string, key: string): string =>
  /^[\w*]{1,80}$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key.slice(0, 80))}]`

function placedTransitions(node: ChartNode, path: string): readonly PlacedTransition[] {
  const placed: PlacedTransition[] = []
  node.always?.forEach((transition, index) => {
    placed.push({ trigger: { kind: 'always' }, transition, path: `${path}.always[${index}]` })
  })
  for (const [event, transitions] of node.transitions) {
    transitions.forEach((transition, index) => {
      const trigger = triggerOf(event, transition, node)
      placed.push({ trigger, transition, path: `${placeOfTrigger(trigger, node, path)}[${index}]` })
    })
  }
  return placed
}

const ACTOR_EVENTS = [
  ['xstate.done.actor.', 'actor-done'],
  ['xstate.error.actor.', 'actor-error'],
  ['xstate.snapshot.', 'actor-snapshot'],
] as const

/** What makes a machine take a transition, by the event that XState calls it by. */
export function triggerOf(event: string, transition: ChartTransition, node: ChartNode): Trigger {
  if (event === `xstate.done.state.${node.id}`) return { kind: 'done' }
  if (event.startsWith('xstate.after.')) return { kind: 'after', delay: (transition as { delay?: unknown }).delay }
  for (const [prefix, kind] of ACTOR_EVENTS)
    if (event.startsWith(prefix)) return { kind, actor: event.slice(prefix.length) }
  return { kind: 'event', event }
}

const INVOKE_KEYS = { 'actor-done': 'onDone', 'actor-error': 'onError', 'actor-snapshot': 'onSnapshot' } as const

function placeOfTrigger(trigger: Trigger, node: ChartNode, path: string): string {
  switch (trigger.kind) {
    case 'always':
      return `${path}.always`
    case 'done':
      return `${path}.onDone`
    case 'after':
      return placeOf(`${path}.after`, String(trigger.delay))
    case 'event':
      return placeOf(`${path}.on`, trigger.event)
    default: {
      const index = node.invoke.findIndex(({ id }) => id === trigger.actor)
      const invoke = index < 0 ? `${path}.on` : `${path}.invoke[${index}]`
      return `${invoke}.${INVOKE_KEYS[trigger.kind]}`
    }
  }
}
