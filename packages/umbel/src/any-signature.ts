import type { Canvas, SignatureOptions } from '@umbel/core'
import type { AsyncResult } from './async-result.ts'
import type { GroupResult } from './group-result.ts'

/**
 * What the compiler knows about a signature beside its type parameters:
 * - `immutable`: takes no previous result and no further arguments.
 * - `group`: a group, whose handle is a GroupResult; `single`: a group written with one member, which a chain unrolls.
 * - `fans-out`: a chain or chord that ends in a group, whose handle is a GroupResult.
 */
export type Flag = 'immutable' | 'group' | 'single' | 'fans-out'

/** The keyword arguments of what takes none. */
export type NoKeywords =
  // biome-ignore lint/complexity/noBannedTypes: exactly this is meant, under a name that the compiler's messages show
  {}

/** Any signature, task or canvas, whatever its types. */
export interface AnySignature {
  readonly data: Canvas
  /** Types only; never set. */
  readonly '~types': {
    readonly missing: readonly unknown[]
    readonly result: unknown
    readonly kwargs: object
    readonly name: string
    readonly flags: string
  }
}

/** Positional arguments still missing. */
export type MissingOf<S extends AnySignature> = S['~types']['missing']
/** What it gives those who wait for it. */
export type ResultOf<S extends AnySignature> = S['~types']['result']
/** Keyword arguments still missing. */
export type KeywordsOf<S extends AnySignature> = S['~types']['kwargs']
/** Name for messages. */
export type NameOf<S extends AnySignature> = S['~types']['name']
/** What else is known: see Flag. */
export type FlagsOf<S extends AnySignature> = S['~types']['flags']

/** Whether a signature is known to have a flag. One whose flags were widened to `string` is known to have none. */
export type Has<S extends AnySignature, F extends Flag> =
  string extends FlagsOf<S> ? false : F extends FlagsOf<S> ? true : false

/** The handle of something sent, from its result and flags. */
export type Handle<R, F> = [Extract<F, 'group' | 'fans-out'>] extends [never]
  ? AsyncResult<R>
  : R extends readonly unknown[]
    ? GroupResult<R>
    : AsyncResult<R>

/** The handle that sending a signature gives. */
export type HandleOf<S extends AnySignature> = Handle<ResultOf<S>, FlagsOf<S>>

/** What may be set on a signature or given as it is sent. See SignatureOptions. */
export interface CallOptions extends Omit<SignatureOptions, 'link' | 'linkError' | 'immutable'> {
  /** Sent with the result once this succeeded. Given as it is sent, it replaces the links already there. */
  readonly link?: AnySignature | readonly AnySignature[]
  /** Sent once this failed for good. Given as it is sent, it replaces those already there. */
  readonly linkError?: AnySignature | readonly AnySignature[]
}

/** Arguments and options in one record, for `applyAsync`. */
export interface Application<Args, Keywords> extends CallOptions {
  readonly args?: Args
  readonly kwargs?: Keywords
}

/** Names of the options a call may have; others are refused. */
export const CALL_OPTIONS = {
  lane: true,
  priority: true,
  countdown: true,
  eta: true,
  expires: true,
  timeLimit: true,
  ignoreResult: true,
  headers: true,
  id: true,
  link: true,
  linkError: true,
} as const satisfies Record<keyof CallOptions, true>
