import type { CompensatedLogic, CompensationEvent, CompensationState } from '@umbel/core'
import type { AnyStateMachine, EventFrom, StateMachine, TagsFrom } from 'xstate'

/** The actors that a machine names in `setup({ actors })`. */
type ActorsOf<M> =
  M extends StateMachine<
    infer _Context,
    infer _Event,
    infer _Children,
    infer Actor,
    infer _Action,
    infer _Guard,
    infer _Delay,
    infer _Value,
    infer _Tag,
    infer _Input,
    infer _Output,
    infer _Emitted,
    infer _Meta,
    infer _Schema
  >
    ? Actor
    : never

/** `Type` for a machine that invokes what has `compensate`, else nothing. */
type IfCompensated<M, Type> = [
  Extract<ActorsOf<M>['logic'], Pick<CompensatedLogic<unknown, unknown>, '~compensated'>>,
] extends [never]
  ? never
  : Type

/** What a run of a machine may be sent: with `compensate` also how to go on where a compensation has failed for good. */
export type RunEvent<M extends AnyStateMachine> = EventFrom<M> | IfCompensated<M, CompensationEvent>

/** What a run of a machine may be waited for to show: with `compensate` also that it takes back what it has done. */
export type RunTag<M extends AnyStateMachine> = TagsFrom<M> | IfCompensated<M, CompensationState>
