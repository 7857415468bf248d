import { chunksOf, mapSignature, taskSignature } from '@umbel/core/tasks'
import type { NoKeywords } from './any-signature.ts'
import { Chunks } from './chunks.ts'
import { DEFINITION, type TaskDefinition } from './definition.ts'
import type { ArgumentsError, KeywordsError } from './mismatch.ts'
import type { Missing, Suffix } from './missing.ts'
import { Signature } from './signature.ts'

/**
 * A task of a module, by which it is called: `P` are its parameters, `R` its result, `K` its keyword arguments, `N` its name.
 * TypeScript cannot call a value that is one of several tasks; a type without names makes them one: `Task<[x: number], string>`.
 */
export class Task<
  P extends readonly unknown[],
  R,
  K extends object = NoKeywords,
  N extends string = string,
> extends Signature<P, R, K, N, never> {
  readonly name: N
  readonly [DEFINITION]: TaskDefinition

  /** Made by `defineTasks`; not meant to be called. */
  constructor(definition: TaskDefinition) {
    super(taskSignature({ task: definition.name }))
    this.name = definition.name as N
    this[DEFINITION] = definition
  }

  /**
   * Sign a call with all arguments or only the last ones: those missing in front are given later, or are the previous result.
   * Where optional parameters make it unclear which ones are meant, both readings are allowed: the handler gets what came
   * before, then these.
   */
  s<G extends Suffix<P>>(...given: G): Signature<Missing<P, G>, R, K, N, never>
  s<G extends readonly unknown[]>(this: WrongSuffix<N, G, P>, ...given: G): Signature<[], R, K, N, never>
  s(this: unknown, ...given: readonly unknown[]): never {
    return new Signature(taskSignature({ task: nameOf(this), args: given })) as never
  }

  /** Sign a call with all arguments that ignores the previous result and takes no more. */
  si(...given: P): Signature<[], R, K, N, 'immutable'>
  si<G extends readonly unknown[]>(this: WrongSuffix<N, G, P>, ...given: G): Signature<[], R, K, N, 'immutable'>
  si(this: unknown, ...given: readonly unknown[]): never {
    return new Signature(taskSignature({ task: nameOf(this), args: given, immutable: true })) as never
  }

  /** Sign one task that runs the handler with each item, in one worker and in order; the first error ends it. Gives the list of results. */
  map(this: WithoutKeywords<this, K, N>, items: readonly P[0][]): Signature<[], R[], NoKeywords, N, 'immutable'>
  map(this: unknown, items: readonly unknown[]): never {
    return new Signature(mapSignature('map', nameOf(this), items)) as never
  }

  /** Like `map`, with each item a list of all arguments. */
  starmap(this: WithoutKeywords<this, K, N>, items: readonly P[]): Signature<[], R[], NoKeywords, N, 'immutable'>
  starmap(this: unknown, items: readonly (readonly unknown[])[]): never {
    return new Signature(mapSignature('starmap', nameOf(this), items)) as never
  }

  /** Split lists of arguments into chunks of `size` each, side by side; gives a list of results for each chunk. */
  chunks(this: WithoutKeywords<this, K, N>, items: readonly P[], size: number): Chunks<R, N>
  chunks(this: unknown, items: readonly (readonly unknown[])[], size: number): never {
    return new Chunks(chunksOf(nameOf(this), items, size)) as never
  }
}

/** What stands in for a task whose `s` or `si` is given arguments that do not fit. */
type WrongSuffix<N extends string, Given, Takes> = ArgumentsError<
  `${N} does not take these arguments`,
  { given: Given; takes: Takes }
>

/** `this` where a call needs no keyword arguments. */
type WithoutKeywords<Self, K extends object, N extends string> = NoKeywords extends K
  ? Self
  : KeywordsError<`${N} needs keyword arguments, which map, starmap and chunks cannot give`, { missing: K }>

const nameOf = (task: unknown): string => (task as { readonly name: string }).name
