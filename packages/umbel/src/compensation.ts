import { type PlaceholderCompensation, type RetryOptions, type RetryPolicy, retryPolicy, withCall } from '@umbel/core'
import type { AnySignature, KeywordsOf, MissingOf } from './any-signature.ts'
import { callOf, type GivenCall } from './call-input.ts'
import type { ArgumentsError, HasKeywords, KeywordsError, LinkError, Takes } from './mismatch.ts'
import { checkNames } from './option-checks.ts'
import { canvasOf } from './signature.ts'

/** How often a compensation that failed for good is sent again, on top of its task's own retries. */
export type CompensationRetry = Omit<RetryOptions, 'on'>

/** What takes back what a machine has invoked, if the run fails later. */
export interface CompensateOptions<C> {
  /**
   * Given what was done came to; one that ignores it (`si`) is not. Or a function that makes it of that and of the arguments that it
   * was given: `(receipt, { args: [order] }) => refund.s(order, receipt)`. It is called as the run has failed, once for each try.
   */
  readonly compensate: C
  /** How often a compensation that failed for good is sent again, on top of its task's own retries. Default: 5 times, from 1 second on. */
  readonly retry?: CompensationRetry
}

/** What makes a compensation of what was done and of the arguments that it was given. */
export type Compensator<Output, Args, Keywords> = (output: Output, given: GivenCall<Args, Keywords>) => AnySignature

/** Nothing where a compensation fits what gives `Output`, else what is wrong. */
export type FitsOutput<Output, C> = C extends AnySignature
  ? Takes<C, Output> extends true
    ? HasKeywords<C> extends true
      ? unknown
      : KeywordsError<'the compensation still misses keyword arguments', { missing: KeywordsOf<C> }>
    : LinkError<'the compensation does not take what is to be taken back', { gives: Output; takes: MissingOf<C> }>
  : C extends (...args: never[]) => infer Made
    ? Complete<Made>
    : unknown

/** Nothing where a signature misses nothing, else what is wrong. */
type Complete<Made> = Made extends AnySignature
  ? [] extends MissingOf<Made>
    ? HasKeywords<Made> extends true
      ? unknown
      : KeywordsError<'the compensation still misses keyword arguments', { missing: KeywordsOf<Made> }>
    : ArgumentsError<'the compensation still misses arguments', { missing: MissingOf<Made> }>
  : unknown

/** Times that a compensation is sent again, where nothing else is said. */
const MOST_RETRIES = 5

/** Check how compensations are sent again. @throws UMBEL_BAD_RETRY */
export const compensationPolicy = (retry: CompensationRetry = {}): RetryPolicy =>
  retryPolicy(typeof retry === 'object' ? { max: MOST_RETRIES, ...retry } : retry)

/** Read what takes back what `name` does. @throws UMBEL_BAD_OPTION, UMBEL_BAD_CANVAS, UMBEL_BAD_RETRY */
export function compensationOf(
  name: string,
  options: CompensateOptions<unknown> | undefined,
): PlaceholderCompensation | undefined {
  if (options === undefined) return undefined
  checkNames(`what takes back ${name}`, options, ['compensate', 'retry'])
  const { compensate } = options
  const retry = compensationPolicy(options.retry)
  if (typeof compensate === 'function') {
    const make = compensate as Compensator<unknown, readonly unknown[], Record<string, unknown>>
    return {
      name: make.name === '' || make.name === 'compensate' ? 'computed' : make.name,
      canvas: undefined,
      retry,
      canvasFor(output, input) {
        const { args, kwargs } = callOf(name, input)
        return canvasOf(make(output, { args, kwargs }))
      },
    }
  }
  const canvas = canvasOf(compensate as AnySignature)
  return {
    name: 'task' in canvas ? canvas.task : canvas.kind,
    canvas,
    retry,
    canvasFor: (output) => withCall(canvas, [output], {}, {}),
  }
}
