import type { AnyStateMachine, StateValue } from 'xstate'
import type { Encoded } from '../codec.ts'
import type { ErrorClasses } from '../error-data.ts'
import type { Plan } from '../plan.ts'
import type { RetryPolicy } from '../retry.ts'

/** A machine that the user drew, as its runs need it. */
export interface Chart {
  readonly machine: AnyStateMachine
  /** Most events that wait in a run for a state that takes them. */
  readonly keep: number
  /** Work out what the machine calls `src` in its actors, for an input. @throws what is wrong with it */
  start(src: string, input: unknown): ChildStart
  /** What takes back what the machine calls `src`; `undefined` where nothing does. */
  compensation(src: string): Compensation | undefined
}

/** What takes back what something that a machine has invoked did. */
export interface Compensation {
  /** How often, and how late, it is sent again that has failed for good. */
  readonly retry: RetryPolicy
  /** Work out what is to be sent, of what the invoked came to and was given. @throws what is wrong with it */
  plan(output: unknown, input: unknown): Plan
}

/** What an invoked or spawned actor comes to: a canvas, or a run of another machine. */
export type ChildStart =
  | { readonly kind: 'canvas'; readonly plan: Plan }
  | { readonly kind: 'chart'; readonly machine: string; readonly version: string; readonly input: Encoded }

/** The machines that are known here. Given to `advance` by whoever registers them. */
export interface Charts {
  /** Classes of errors that are revived for machines. */
  readonly errors: ErrorClasses
  /** Most UTF-16 units and bytes of a context, an event or an output. */
  readonly maxBytes: number
  find(machine: string, version: string): Chart | undefined
  /** What runs of a version that is not known here go over to; `undefined` where they wait for it. */
  successor(machine: string, version: string): Successor | undefined
}

/** A version of a machine that can go on with the runs of an earlier one. */
export interface Successor {
  readonly version: string
  readonly chart: Chart
  /** Make of where a run stands where it stands in this version. @throws whatever the user's function does */
  migrate(from: Position): Position
}

/** Where a run stands: its active states as XState writes them, and its context. */
export interface Position {
  readonly value: StateValue
  readonly context: unknown
}

/** No machine at all. */
export const NO_CHARTS: Charts = {
  errors: new Map(),
  maxBytes: 1_048_576,
  find: () => undefined,
  successor: () => undefined,
}
