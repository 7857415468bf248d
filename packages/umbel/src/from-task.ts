import {
  type Canvas,
  type CompensatedLogic,
  type Placeholder,
  type PlaceholderCompensation,
  type PlaceholderLogic,
  placeholderLogic,
  umbelError,
} from '@umbel/core'
import type { AnySignature, KeywordsOf, MissingOf, NoKeywords, ResultOf } from './any-signature.ts'
import { argumentsOf, type CallInput, called } from './call-input.ts'
import { type CompensateOptions, type Compensator, compensationOf, type FitsOutput } from './compensation.ts'
import type { KeywordsError } from './mismatch.ts'
import { canvasOf } from './signature.ts'
import { localHost } from './workflows/local-tasks.ts'

/**
 * Let a machine invoke a task, or a signature of one with options and arguments set: `setup({ actors: { charge: fromTask(charge) } })`.
 *
 * Its input is the list of arguments (without the context), `onDone` has the result as `event.output`, `onError` the error of its own
 * class as `event.error`. With `compensate` what it did is taken back if the run fails later: `fromTask(charge, { compensate: refund })`.
 * Only `app.workflow` runs it: started by XState itself it fails with UMBEL_PLACEHOLDER_STARTED.
 * @throws UMBEL_BAD_CANVAS for what is no signature of a task, UMBEL_BAD_OPTION, UMBEL_BAD_RETRY
 */
export function fromTask<S extends AnySignature>(task: S): PlaceholderLogic<ResultOf<S>, CallInput<S>>
export function fromTask<
  S extends AnySignature,
  C extends AnySignature | Compensator<ResultOf<S>, MissingOf<S>, KeywordsOf<S>>,
>(task: S, options: CompensateOptions<C & FitsOutput<ResultOf<S>, C>>): CompensatedLogic<ResultOf<S>, CallInput<S>>
export function fromTask(task: AnySignature, options?: CompensateOptions<unknown>): unknown {
  const canvas = canvasOf(task)
  if (!('task' in canvas))
    throw umbelError('UMBEL_BAD_CANVAS', `fromTask takes a task, not a ${canvas.kind}: use fromCanvas.`)
  return placeholderLogic(standIn('task', canvas.task, canvas, compensationOf(canvas.task, options)), localHost)
}

/**
 * Let a machine invoke a canvas: one whose arguments are the input, `fromCanvas(chain(fetch.s(), parse.s()))`, or a function that
 * makes one of them, `fromCanvas((order: Order) => group(order.channels.map((one) => notify.s(order, one))))`. It is called once
 * for each invocation, with the input spread over its parameters. Output, errors and `compensate` are as with `fromTask`.
 * @throws UMBEL_BAD_CANVAS for what is no canvas, UMBEL_BAD_OPTION, UMBEL_BAD_RETRY
 */
export function fromCanvas<S extends AnySignature>(canvas: S): PlaceholderLogic<ResultOf<S>, CallInput<S>>
export function fromCanvas<
  S extends AnySignature,
  C extends AnySignature | Compensator<ResultOf<S>, MissingOf<S>, KeywordsOf<S>>,
>(canvas: S, options: CompensateOptions<C & FitsOutput<ResultOf<S>, C>>): CompensatedLogic<ResultOf<S>, CallInput<S>>
export function fromCanvas<P extends readonly unknown[], S extends AnySignature>(
  make: (...args: P) => S & Ready<S>,
): PlaceholderLogic<ResultOf<S>, MadeInput<P>>
export function fromCanvas<
  P extends readonly unknown[],
  S extends AnySignature,
  C extends AnySignature | Compensator<ResultOf<S>, P, NoKeywords>,
>(
  make: (...args: P) => S & Ready<S>,
  options: CompensateOptions<C & FitsOutput<ResultOf<S>, C>>,
): CompensatedLogic<ResultOf<S>, MadeInput<P>>
export function fromCanvas(
  given: AnySignature | ((...args: never[]) => AnySignature),
  options?: CompensateOptions<unknown>,
): unknown {
  if (typeof given !== 'function') {
    const canvas = canvasOf(given)
    return placeholderLogic(standIn('canvas', canvas.kind, canvas, compensationOf(canvas.kind, options)), localHost)
  }
  const name = given.name || 'canvas'
  const canvasFor = (input: unknown): Canvas => canvasOf(given(...(argumentsOf(name, input) as never[])))
  const compensation = compensationOf(name, options)
  return placeholderLogic({ kind: 'canvas', name, canvas: undefined, canvasFor, compensation }, localHost)
}

/** The input of a canvas that a function makes: its arguments. */
export type MadeInput<P extends readonly unknown[]> = P | ([] extends P ? undefined : never)

/** A canvas that misses nothing. */
type Ready<S extends AnySignature> =
  [] extends MissingOf<S>
    ? NoKeywords extends KeywordsOf<S>
      ? S
      : KeywordsError<'the canvas still misses keyword arguments', { missing: KeywordsOf<S> }>
    : KeywordsError<'the canvas still misses arguments', { missing: MissingOf<S> }>

function standIn(
  kind: Placeholder['kind'],
  name: string,
  canvas: Canvas,
  compensation: PlaceholderCompensation | undefined,
): Placeholder {
  return { kind, name, canvas, canvasFor: (input) => called(name, canvas, input), compensation }
}
