// What does not fit, said so that the compiler's message names the step and both types. Types only.
import type { AnySignature, Has, KeywordsOf, MissingOf, NameOf, NoKeywords, ResultOf } from './any-signature.ts'

/** What the compiler shows in place of a step that does not take what comes before it. */
export interface LinkError<Message extends string, Types> {
  readonly error: Message
  readonly types: Types
}

/** What the compiler shows in place of positional arguments that do not fit. */
export interface ArgumentsError<Message extends string, Types> {
  readonly error: Message
  readonly types: Types
}

/** What the compiler shows in place of keyword arguments that do not fit. */
export interface KeywordsError<Message extends string, Types> {
  readonly error: Message
  readonly types: Types
}

/** Name of the first step of a chain. */
export type FirstName<N extends string> = N extends `${infer First} ... ${string}` ? First : N
/** Name of the last step of a chain. */
export type LastName<N extends string> = N extends `${string} ... ${infer Last}` ? Last : N

/** What a step hands on within a chain: a group written with one member is unrolled. */
export type Gives<S extends AnySignature> =
  Has<S, 'single'> extends true ? (ResultOf<S> extends readonly [infer Only] ? Only : ResultOf<S>) : ResultOf<S>

/** Whether a signature takes one value put before its arguments and is complete with it. */
export type Takes<S extends AnySignature, Value> =
  Has<S, 'immutable'> extends true ? true : [Value] extends MissingOf<S> ? true : false

/** Whether no keyword argument is missing that has no default. */
export type HasKeywords<S extends AnySignature> = NoKeywords extends KeywordsOf<S> ? true : false

/** Whether `Next` may stand after `Before`. */
export type Follows<Before extends AnySignature, Next extends AnySignature> =
  Takes<Next, Gives<Before>> extends true ? HasKeywords<Next> : false

/** `Next` itself where it may follow `Before`, else what is wrong. `Where` and `After` say in words which steps they are. */
export type Following<
  Before extends AnySignature,
  Next extends AnySignature,
  Where extends string,
  After extends string,
> =
  Takes<Next, Gives<Before>> extends true
    ? HasKeywords<Next> extends true
      ? Next
      : KeywordsError<
          `${Where} (${FirstName<NameOf<Next>>}) still misses keyword arguments`,
          { missing: KeywordsOf<Next> }
        >
    : LinkError<
        `${Where} (${FirstName<NameOf<Next>>}) does not take what ${After} (${LastName<NameOf<Before>>}) gives`,
        { gives: Gives<Before>; takes: MissingOf<Next> }
      >
