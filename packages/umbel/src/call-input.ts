import { type Canvas, didYouMean, umbelError, withCall } from '@umbel/core'
import {
  type AnySignature,
  type Application,
  CALL_OPTIONS,
  type KeywordsOf,
  type MissingOf,
  type NoKeywords,
} from './any-signature.ts'
import { shown } from './known-names.ts'
import { Signature } from './signature.ts'

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

/** What something was given: its arguments, which a list of them and a record of call options both come to. */
export interface GivenCall<Args, Keywords> {
  readonly args: Args
  readonly kwargs: Keywords
}

/** Put a machine's input into what it invokes. @throws UMBEL_BAD_INPUT */
export function called(name: string, canvas: Canvas, input: unknown): Canvas {
  const { args, kwargs, options } = callOf(name, input)
  if (options === undefined) return withCall(canvas, args, kwargs, {})
  const { data } = new Signature(canvas).set(options)
  return withCall(data, args, kwargs, {})
}

interface Call extends GivenCall<readonly unknown[], Record<string, unknown>> {
  readonly options: Omit<Application<unknown, unknown>, 'args' | 'kwargs'> | undefined
}

/** Read a machine's input. @throws UMBEL_BAD_INPUT */
export function callOf(name: string, input: unknown): Call {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    return { args: argumentsOf(name, input), kwargs: {}, options: undefined }
  const { args, kwargs = {}, ...options } = input as Application<readonly unknown[], Record<string, unknown>>
  for (const option of Object.keys(options)) {
    if (option === 'id' || !Object.hasOwn(CALL_OPTIONS, option))
      throw umbelError(
        'UMBEL_BAD_INPUT',
        `The input of ${name} is a record with ${option.slice(0, 80)}.${didYouMean(option, INPUT_KEYS)}`,
      )
  }
  return { args: argumentsOf(name, args), kwargs, options }
}

const INPUT_KEYS = ['args', 'kwargs', ...Object.keys(CALL_OPTIONS).filter((option) => option !== 'id')]

/** Read a machine's input that is a list of arguments. @throws UMBEL_BAD_INPUT */
export function argumentsOf(name: string, input: unknown): readonly unknown[] {
  if (input === undefined) return []
  if (Array.isArray(input)) return input
  throw umbelError('UMBEL_BAD_INPUT', `The input of ${name} is ${shown(input)}.`)
}
