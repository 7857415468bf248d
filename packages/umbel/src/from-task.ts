import {
  type Canvas,
  didYouMean,
  type Placeholder,
  type PlaceholderLogic,
  placeholderLogic,
  umbelError,
  withCall,
} from '@umbel/core'
import {
  type AnySignature,
  type Application,
  CALL_OPTIONS,
  type KeywordsOf,
  type MissingOf,
  type NoKeywords,
  type ResultOf,
} from './any-signature.ts'
import { shown } from './known-names.ts'
import type { KeywordsError } from './mismatch.ts'
import { canvasOf, Signature } from './signature.ts'

/**
 * What a machine gives what it invokes: the positional arguments as a list, or them with keyword arguments and options in one
 * record, as `applyAsync` takes it. What takes no arguments needs no input.
 */
export type CallInput<S extends AnySignature> =
  | (NoKeywords extends KeywordsOf<S> ? MissingOf<S> | ([] extends MissingOf<S> ? undefined : never) : never)
  | InputRecord<MissingOf<S>, KeywordsOf<S>>

type InputRecord<M extends readonly unknown[], K extends object> = Omit<Application<M, K>, 'args' | 'kwargs' | 'id'> &
  ([] extends M ? { readonly args?: M } : { readonly args: M }) &
  (NoKeywords extends K ? { readonly kwargs?: K } : { readonly kwargs: K })

/**
 * Let a machine invoke a task, or a signature of one with options and arguments set: `setup({ actors: { charge: fromTask(charge) } })`.
 *
 * Its input is the list of arguments (without the context), `onDone` has the result as `event.output`, `onError` the error of its own
 * class as `event.error`. Only `app.workflow` runs it: started by XState itself it fails with UMBEL_PLACEHOLDER_STARTED.
 * @throws UMBEL_BAD_CANVAS for what is no signature of a task
 */
export function fromTask<S extends AnySignature>(task: S): PlaceholderLogic<ResultOf<S>, CallInput<S>> {
  const canvas = canvasOf(task)
  if (!('task' in canvas))
    throw umbelError('UMBEL_BAD_CANVAS', `fromTask takes a task, not a ${canvas.kind}: use fromCanvas.`)
  return placeholderLogic(standIn('task', canvas.task, canvas))
}

/**
 * Let a machine invoke a canvas: one whose arguments are the input, `fromCanvas(chain(fetch.s(), parse.s()))`, or a function that
 * makes one of them, `fromCanvas((order: Order) => group(order.channels.map((one) => notify.s(order, one))))`. It is called once
 * for each invocation, with the input spread over its parameters. Output and errors are as with `fromTask`.
 * @throws UMBEL_BAD_CANVAS for what is no canvas
 */
export function fromCanvas<S extends AnySignature>(canvas: S): PlaceholderLogic<ResultOf<S>, CallInput<S>>
export function fromCanvas<P extends readonly unknown[], S extends AnySignature>(
  make: (...args: P) => S & Ready<S>,
): PlaceholderLogic<ResultOf<S>, MadeInput<P>>
export function fromCanvas(given: AnySignature | ((...args: never[]) => AnySignature)): unknown {
  if (typeof given !== 'function') {
    const canvas = canvasOf(given)
    return placeholderLogic(standIn('canvas', canvas.kind, canvas))
  }
  const name = given.name || 'canvas'
  return placeholderLogic({
    kind: 'canvas',
    name,
    canvas: undefined,
    canvasFor: (input) => canvasOf(given(...(argumentsOf(name, input) as never[]))),
  })
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

function standIn(kind: Placeholder['kind'], name: string, canvas: Canvas): Placeholder {
  return { kind, name, canvas, canvasFor: (input) => called(name, canvas, input) }
}

function called(name: string, canvas: Canvas, input: unknown): Canvas {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    return withCall(canvas, argumentsOf(name, input), {}, {})
  const { args, kwargs = {}, ...options } = input as Application<readonly unknown[], Record<string, unknown>>
  for (const option of Object.keys(options)) {
    if (option === 'id' || !Object.hasOwn(CALL_OPTIONS, option))
      throw umbelError(
        'UMBEL_BAD_INPUT',
        `The input of ${name} is a record with ${option.slice(0, 80)}.${didYouMean(option, INPUT_KEYS)}`,
      )
  }
  const { data } = new Signature(canvas).set(options)
  return withCall(data, argumentsOf(name, args), kwargs, {})
}

const INPUT_KEYS = ['args', 'kwargs', ...Object.keys(CALL_OPTIONS).filter((option) => option !== 'id')]

function argumentsOf(name: string, input: unknown): readonly unknown[] {
  if (input === undefined) return []
  if (Array.isArray(input)) return input
  throw umbelError('UMBEL_BAD_INPUT', `The input of ${name} is ${shown(input)}.`)
}
