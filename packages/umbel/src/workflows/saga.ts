import { type CompensationEvent, type CompensationState, umbelError } from '@umbel/core'
import {
  type AnyStateMachine,
  assign,
  type EventObject,
  type MetaObject,
  type ParameterizedObject,
  type ProvidedActor,
  StateMachine,
  type StateSchema,
  type StateValue,
} from 'xstate'
import type { AnySignature, MissingOf, ResultOf } from '../any-signature.ts'
import { type CompensationRetry, compensationPolicy } from '../compensation.ts'
import { fromCanvas, fromTask } from '../from-task.ts'
import type { Gives, LinkError, Takes } from '../mismatch.ts'
import { checkNames } from '../option-checks.ts'
import { canvasOf } from '../signature.ts'

/** One part of a saga: what it does, and what takes that back. */
export interface SagaPart {
  /** Given the saga's input; one that ignores it (`si`) is not. */
  readonly run: AnySignature
  /** Given what `run` came to, if a later part fails. */
  readonly compensate?: AnySignature
}

/** How a saga compensates. */
export interface SagaOptions {
  /** How often a compensation that failed for good is sent again, on top of its task's own retries. Default: 5 times, from 1 second on. */
  readonly retry?: CompensationRetry
}

/** What a person may tell a saga whose compensation failed for good: try it again, or go on without it. */
export type SagaEvent = CompensationEvent

/** What everyone sees of a saga while it runs. */
export type SagaTag = 'RUNNING' | CompensationState

/** What a saga remembers. */
export interface SagaContext<Input> {
  readonly input: Input
  /** Of the parts that succeeded, in order. */
  readonly results: readonly unknown[]
}

/** The machine of a saga. */
export type SagaMachine<Input, Results> = StateMachine<
  SagaContext<Input>,
  SagaEvent,
  Record<string, never>,
  ProvidedActor,
  ParameterizedObject,
  ParameterizedObject,
  string,
  StateValue,
  SagaTag,
  Input,
  Results,
  EventObject,
  MetaObject,
  StateSchema
>

/** What a saga is started with: what its first part takes. */
export type SagaInput<P extends readonly SagaPart[]> =
  MissingOf<P[0]['run']> extends readonly [infer Input] ? Input : unknown
/** What the parts of a saga come to, in order. */
export type SagaResults<P extends readonly SagaPart[]> = { readonly [I in keyof P]: ResultOf<P[I]['run']> }

type Checked<Input, P extends readonly SagaPart[]> = { readonly [I in keyof P]: P[I] & CheckedPart<Input, P[I]> }
type CheckedPart<Input, Part extends SagaPart> = {
  readonly run: Takes<Part['run'], Input> extends true
    ? unknown
    : LinkError<'this part does not take the input of the saga', { gives: Input; takes: MissingOf<Part['run']> }>
  readonly compensate?: Part extends { readonly compensate: infer C extends AnySignature }
    ? Takes<C, Gives<Part['run']>> extends true
      ? unknown
      : LinkError<
          'the compensation does not take what its part comes to',
          { gives: Gives<Part['run']>; takes: MissingOf<C> }
        >
    : unknown
}

/**
 * Make the machine of a saga: parts run one after another, each given the saga's input; when one fails for good, what succeeded before
 * it is compensated in reverse, and the saga fails with the part's own error. It gives the list of results.
 *
 * It is a machine whose states invoke the parts with `compensate`, as `fromTask` takes it: a compensation that fails for good is sent again
 * (`retry`), and then the saga shows COMPENSATION_FAILED until it is told RETRY or SKIP.
 * Run it as any machine: `app.workflow(saga('trip', [{ run: book, compensate: cancel }, ...])).start({ id, input })`.
 * @throws UMBEL_BAD_OPTION, UMBEL_BAD_CANVAS, UMBEL_BAD_RETRY
 */
export function saga<const P extends readonly SagaPart[]>(
  id: string,
  parts: Checked<SagaInput<P>, P>,
  options: SagaOptions = {},
): SagaMachine<SagaInput<P>, SagaResults<P>> {
  checkNames('saga', options, ['retry'])
  const list = parts as unknown as readonly SagaPart[]
  if (!Array.isArray(list) || list.length === 0)
    throw umbelError('UMBEL_BAD_OPTION', `The saga ${String(id).slice(0, 80)} needs a list of at least one part.`)
  for (const [index, part] of list.entries()) checkNames(`part ${index} of the saga ${id}`, part, ['run', 'compensate'])
  compensationPolicy(options.retry) // what is wrong with it is said also where no part has a compensation
  const actors = Object.fromEntries(list.map((part, index) => [`run${index}`, actorOf(part, options)]))
  return new StateMachine(sagaConfig(id, list) as never, { actors } as never) as AnyStateMachine as never
}

function actorOf({ run, compensate }: SagaPart, options: SagaOptions): unknown {
  const from = (canvasOf(run).kind === 'task' ? fromTask : fromCanvas) as (
    run: AnySignature,
    options?: object,
  ) => unknown
  return compensate === undefined ? from(run) : from(run, { compensate, ...options })
}

interface Given {
  readonly context: SagaContext<unknown>
}
type Told = Given & { readonly event: { readonly output: unknown } }

const kept = assign({ results: ({ context, event }: Told) => [...context.results, event.output] } as never)

function sagaConfig(id: string, parts: readonly SagaPart[]): object {
  const states = parts.map((_, index) => [
    `run${index}`,
    {
      tags: 'RUNNING',
      invoke: {
        id: `run${index}`,
        src: `run${index}`,
        input: ({ context }: Given) => [context.input],
        onDone: { target: index + 1 < parts.length ? `run${index + 1}` : 'done', actions: kept },
      },
    },
  ])
  return {
    id,
    context: ({ input }: { input: unknown }) => ({ input, results: [] }),
    initial: 'run0',
    output: ({ context }: Given) => context.results,
    states: { ...Object.fromEntries(states), done: { type: 'final' } },
  }
}
