import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate'

/** Where one fact leads from one state, and what the machine asks for on the way. */
export interface Move<Action extends string> {
  readonly state: string
  readonly actions: readonly Action[]
}

/** A machine as a lookup: state, then fact. No entry: the fact changes nothing there. */
export type TransitionTable<Action extends string> = ReadonlyMap<string, ReadonlyMap<string, Move<Action>>>

/** Name a state by its innermost active key; `handler`, the inside of STARTED, is called by its parent. */
export function stateName(snapshot: AnyMachineSnapshot): string {
  let value: unknown = snapshot.value
  let name = ''
  while (typeof value === 'object' && value !== null) {
    const [key, inner] = Object.entries(value)[0] as [string, unknown]
    name = key
    value = inner
  }
  return value === 'handler' ? name : (value as string)
}

/**
 * Compile a machine without guards, context, entry or exit actions to a table, by asking XState itself what each state does about each fact.
 * XState's `transition` costs 15 us an event, the table under 0.2; a test proves them equal. Nor is `transition` asked here: it makes
 * an actor each time, and took three quarters of the 30 ms in which the tables of an app were made.
 */
export function transitionTable<Action extends string>(
  machine: AnyStateMachine,
  facts: readonly string[],
): TransitionTable<Action> {
  const table = new Map<string, Map<string, Move<Action>>>()
  for (const snapshot of leaves(machine)) {
    const from = stateName(snapshot)
    const moves = new Map<string, Move<Action>>()
    for (const type of facts) {
      const [taken] = machine.getTransitionData(snapshot, { type }) ?? []
      if (taken === undefined) continue
      const [target] = taken.target ?? []
      const actions = taken.actions as readonly unknown[] as readonly Action[] // by name alone, as these machines have them
      moves.set(type, { state: target === undefined ? from : entered(target), actions })
    }
    table.set(from, moves)
  }
  return table
}

/** The name, as `stateName` gives it, of the innermost state that is active once a state is entered. */
function entered(node: ChartNode): string {
  let inner = node
  while (inner.type === 'compound') inner = inner.initial.target?.[0] as ChartNode
  return inner.key === 'handler' ? (inner.parent as ChartNode).key : inner.key
}

type ChartNode = AnyStateMachine['root']

/** One snapshot for each innermost state of a machine without parallel states. */
function leaves(machine: AnyStateMachine): AnyMachineSnapshot[] {
  const found: AnyMachineSnapshot[] = []
  const walk = (node: ChartNode, wrap: (value: unknown) => unknown): void => {
    const children = Object.values(node.states)
    if (children.length === 0) found.push(machine.resolveState({ value: wrap(undefined) as never, context: {} }))
    for (const child of children) walk(child, (value) => wrap(value === undefined ? child.key : { [child.key]: value }))
  }
  walk(machine.root, (value) => value)
  return found
}
