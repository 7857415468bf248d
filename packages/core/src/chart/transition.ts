import type { AnyActorScope, AnyEventObject, AnyMachineSnapshot, AnyStateMachine, StateNode } from 'xstate'
import { decode } from '../codec.ts'
import { type ErrorClasses, fromErrorData } from '../error-data.ts'
import { umbelError } from '../errors.ts'
import type { ChartRow } from '../rows.ts'
import { type ChartEffect, effectsOf } from './effects.ts'
import { type Actors, type AskedAction, actorsOf, scopeOf } from './scope.ts'

/** Where a step has led a machine. Pure data but for the snapshot, which nobody keeps. */
export type Stepped =
  | { readonly kind: 'moved'; readonly snapshot: AnyMachineSnapshot; readonly effects: readonly ChartEffect[] }
  /** No transition took the event. */
  | { readonly kind: 'not-taken' }
  /** The machine itself failed: a guard or an assignment threw, or what it asks for cannot be done. */
  | { readonly kind: 'broken'; readonly error: unknown }

/** What makes the snapshot of a run again. */
type Stored = Pick<
  ChartRow,
  'id' | 'machine' | 'settles' | 'children' | 'value' | 'context' | 'memory' | 'state' | 'closing' | 'result' | 'error'
>

/** A snapshot as `restoreSnapshot` takes it. */
type Persisted = Parameters<AnyStateMachine['restoreSnapshot']>[0]

/** Take the first step of a run. */
export function firstStep(
  machine: AnyStateMachine,
  run: Pick<ChartRow, 'id' | 'machine' | 'settles'>,
  input: unknown,
): Stepped {
  const actors = actorsOf({ ...run, children: {} })
  return guarded(actors, (scope) => machine.getInitialSnapshot(scope, input as never))
}

/** Work out what an event does to a run. Changes nothing. */
export function nextStep(machine: AnyStateMachine, run: Stored, event: AnyEventObject, errors: ErrorClasses): Stepped {
  const actors = actorsOf(run)
  const before = restored(machine, run, actors, errors)
  const stepped = guarded(actors, (scope) => machine.transition(before, event, scope))
  if (stepped.kind !== 'moved' || stepped.snapshot !== before || stepped.effects.length > 0) return stepped
  return takes(machine, before, event) ? stepped : { kind: 'not-taken' }
}

/** The snapshot of a run, made anew from its row. */
export function snapshotOf(machine: AnyStateMachine, run: Stored, errors: ErrorClasses): AnyMachineSnapshot {
  return restored(machine, run, actorsOf(run), errors)
}

/** Whether some transition takes an event, be it only to ignore it. Guards are asked. */
export function takes(machine: AnyStateMachine, snapshot: AnyMachineSnapshot, event: AnyEventObject): boolean {
  return machine.getTransitionData(snapshot as never, event).length > 0
}

/** The tags of the states that are active, and the first of the deepest one that has any. */
export function tagsOf(snapshot: AnyMachineSnapshot): {
  readonly deepest: string | undefined
  readonly all: readonly string[]
} {
  const nodes = [...(snapshot._nodes as readonly StateNode[])].sort((a, b) => a.order - b.order)
  let deepest: StateNode | undefined
  for (const node of nodes) {
    if (node.tags.length > 0 && (deepest === undefined || node.path.length > deepest.path.length)) deepest = node
  }
  return { deepest: deepest?.tags[0], all: [...new Set(nodes.flatMap((node) => node.tags))] }
}

/** What the history states of a snapshot remember, as plain data; `undefined` where there is nothing. */
export function memoryOf({ historyValue }: AnyMachineSnapshot): ChartRow['memory'] {
  const entries = Object.entries(historyValue as Readonly<Record<string, readonly StateNode[]>>)
  if (entries.length === 0) return undefined
  return Object.fromEntries(entries.map(([key, nodes]) => [key, nodes.map(({ id }) => id)]))
}

function restored(machine: AnyStateMachine, run: Stored, actors: Actors, errors: ErrorClasses): AnyMachineSnapshot {
  const persisted = {
    status: statusOf(run),
    output: run.result === undefined ? undefined : decode(run.result, errors),
    error: run.error === undefined ? undefined : fromErrorData(run.error, errors),
    value: run.value,
    context: decode(run.context, errors),
    children: {},
    historyValue: Object.fromEntries(
      Object.entries(run.memory ?? {}).map(([key, ids]) => [key, ids.map((id) => ({ id }))]),
    ),
  }
  const snapshot = machine.restoreSnapshot(persisted as unknown as Persisted, scopeOf(actors, []))
  return Object.assign(snapshot, { children: { ...actors.children } })
}

function statusOf({ state, closing }: Stored): string {
  const end: string = closing ?? state
  if (end === 'SUCCESS') return 'done'
  if (end === 'FAILURE') return 'error'
  return end === 'REVOKED' ? 'stopped' : 'active'
}

function guarded(actors: Actors, work: (scope: AnyActorScope) => AnyMachineSnapshot): Stepped {
  const asked: AskedAction[] = []
  try {
    const snapshot = work(scopeOf(actors, asked))
    // the first step gives what broke it instead of throwing it
    if (snapshot.status === 'error') return { kind: 'broken', error: loopError(snapshot.error) }
    return { kind: 'moved', snapshot, effects: effectsOf(asked, snapshot, actors) }
  } catch (error) {
    return { kind: 'broken', error: loopError(error) }
  }
}

/** What broke a machine: XState has no error class for one that never comes to rest. */
export function loopError(error: unknown): unknown {
  if (!(error instanceof Error) || !error.message.startsWith('Infinite loop detected')) return error
  return umbelError(
    'UMBEL_MACHINE_LOOP',
    'The machine has not come to rest after a thousand transitions in one step.',
    {
      cause: error,
    },
  )
}
