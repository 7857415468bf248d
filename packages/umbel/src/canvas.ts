import type { Canvas } from '@umbel/core'
import { chainOf, chainOfOne, chordOf, groupOf, listGroupOf } from '@umbel/core/tasks'
import type {
  AnySignature,
  FlagsOf,
  Has,
  KeywordsOf,
  MissingOf,
  NameOf,
  NoKeywords,
  ResultOf,
} from './any-signature.ts'
import type {
  FirstName,
  Following,
  Follows,
  Gives,
  HasKeywords,
  KeywordsError,
  LastName,
  LinkError,
  Takes,
} from './mismatch.ts'
import { canvasOf, type FanOut, Signature } from './signature.ts'

/**
 * Compose steps that follow one another: each is given the result of the one before, in front of its own arguments.
 * The compiler checks each link. A group that a step follows becomes a chord; a group written with one member is that member.
 * A list whose steps are not known one by one (`chain(steps)` of an array) has to take what it gives.
 */
export function chain<const S extends readonly [AnySignature, ...AnySignature[]]>(...steps: Linked<S>): ChainOf<S>
export function chain<const S extends readonly AnySignature[]>(steps: Linked<S>): ChainOf<S>
export function chain(...steps: readonly unknown[]): unknown {
  const given = steps as readonly (AnySignature | readonly AnySignature[])[]
  const data = dataOf(given)
  const [only] = data
  // as in Celery, one step alone is taken as it is: a group stays one
  const alone = given.length === 1 && !Array.isArray(given[0]) && only !== undefined
  return new Signature(alone ? chainOfOne(only) : chainOf(data))
}

/**
 * Compose members that run side by side, all given the same arguments; results keep their order.
 * `group([...])` made from a list always gives a list; `group(one)` followed by a step in a chain is unrolled, as in Celery.
 */
export function group<const S extends readonly AnySignature[]>(members: S): GroupOf<S, never>
export function group<const S extends readonly AnySignature[]>(...members: Written<S>): GroupOf<S, Single<S>>
export function group(...members: readonly unknown[]): unknown {
  const data = dataOf(members as readonly (AnySignature | readonly AnySignature[])[])
  return new Signature(Array.isArray(members[0]) ? listGroupOf(data) : groupOf(data))
}

/** Compose a group whose list of results is given to `body`. The header is a list, a group, or a single signature (a list of one). */
export function chord<const H extends readonly AnySignature[] | AnySignature, B extends AnySignature>(
  header: H,
  body: BodyOf<H, B>,
): ChordOf<H, B>
export function chord(header: AnySignature | readonly AnySignature[], body: AnySignature): AnySignature {
  return new Signature(
    chordOf(Array.isArray(header) ? dataOf(header) : canvasOf(header as AnySignature), canvasOf(body)),
  )
}

function dataOf(given: readonly (AnySignature | readonly AnySignature[])[]): readonly Canvas[] {
  const [first] = given
  // a long list is taken as it is: to make a flat one would copy it as that grows
  const list = given.length === 1 && isList(first) ? first : given.some(isList) ? given.flat() : given
  return (list.includes(undefined as never) ? list.flat(0) : list).map((one) => canvasOf(one as AnySignature))
}

function isList(given: AnySignature | readonly AnySignature[] | undefined): given is readonly AnySignature[] {
  return Array.isArray(given)
}

// chain

/** Nothing more for a step that may follow the one before, else what is wrong with it. */
type Linked<S extends readonly AnySignature[]> = { readonly [I in keyof S]: S[I] & LinkedStep<S, I> }

type LinkedStep<S extends readonly AnySignature[], I> = I extends keyof S
  ? number extends S['length']
    ? Repeated<S[number]>
    : StepBefore<S, I> extends infer Before extends AnySignature
      ? S[I] extends AnySignature
        ? Follows<Before, S[I]> extends true
          ? unknown
          : Following<Before, S[I], `step ${StepNumber<I>}`, `step ${I & string}`>
        : never
      : unknown
  : never

type StepBefore<S extends readonly AnySignature[], I> = I extends keyof (readonly [undefined, ...S])
  ? (readonly [undefined, ...S])[I]
  : undefined

/** Steps count from 1: the index and one. */
type StepNumber<I> = I extends `${infer Tens}9`
  ? `${Tens extends '' ? '1' : StepNumber<Tens>}0`
  : I extends `${infer Tens}${LastDigit<I>}`
    ? `${Tens}${Successor[LastDigit<I>]}`
    : string
type LastDigit<I> = { [D in keyof Successor]: I extends `${string}${D}` ? D : never }[keyof Successor]
interface Successor {
  readonly '0': '1'
  readonly '1': '2'
  readonly '2': '3'
  readonly '3': '4'
  readonly '4': '5'
  readonly '5': '6'
  readonly '6': '7'
  readonly '7': '8'
  readonly '8': '9'
}

/** A step of a list whose steps are all of one type. */
type Repeated<S extends AnySignature> =
  Takes<S, ResultOf<S>> extends true
    ? unknown
    : LinkError<
        `the steps of this list (${NameOf<S>}) do not take what they give`,
        { gives: ResultOf<S>; takes: MissingOf<S> }
      >

/** The chain that steps make. One step is itself. */
export type ChainOf<S extends readonly AnySignature[]> = S extends readonly [infer Only extends AnySignature]
  ? Only
  : S extends readonly [infer First extends AnySignature, ...unknown[], infer Last extends AnySignature]
    ? ChainFrom<First, Last>
    : ChainFrom<S[number], S[number]>
type ChainFrom<First extends AnySignature, Last extends AnySignature> = Signature<
  MissingOf<First>,
  Gives<Last>,
  KeywordsOf<First>,
  `${FirstName<NameOf<First>>} ... ${LastName<NameOf<Last>>}`,
  Extract<FlagsOf<First>, 'immutable'> | FanOut<Last>
>

// group

/** The group that members make. */
export type GroupOf<S extends readonly AnySignature[], F extends string> = Signature<
  SharedMissing<S[number]>,
  ResultsOf<S>,
  SharedKeywords<S[number]>,
  GroupName<S>,
  'group' | F | AllImmutable<S[number]>
>

/** Members written one by one: how many there are tells whether a chain unrolls the group. */
type Written<S extends readonly AnySignature[]> = {
  readonly [I in keyof S]: number extends S['length']
    ? LinkError<'a list is spread over group(...): pass the list itself, group([...])', { members: S }>
    : S[I]
}
type GroupName<S extends readonly AnySignature[]> = S extends readonly []
  ? 'empty group'
  : `group of ${FirstName<NameOf<S[0] & AnySignature>>}${S['length'] extends 1 ? '' : ' and others'}`
type Single<S extends readonly AnySignature[]> = S['length'] extends 1
  ? true extends SomeGroup<S[number]>
    ? never
    : 'single'
  : never

/** Results of members side by side; groups right among them are flattened. */
type ResultsOf<S extends readonly AnySignature[]> =
  true extends SomeGroup<S[number]> ? FlatResults<S> : { -readonly [I in keyof S]: ResultOf<S[I]> }
type FlatResults<S extends readonly AnySignature[], Done extends readonly unknown[] = []> = S extends readonly [
  infer First extends AnySignature,
  ...infer Others extends readonly AnySignature[],
]
  ? FlatResults<Others, [...Done, ...FlatResult<First>]>
  : S extends readonly []
    ? Done
    : [...Done, ...FlatResult<S[number]>[number][]]
/** `true` among the answers where a group is among the signatures. */
type SomeGroup<S extends AnySignature> = S extends AnySignature ? Has<S, 'group'> : never
type FlatResult<S extends AnySignature> =
  Has<S, 'group'> extends true ? (ResultOf<S> extends readonly unknown[] ? ResultOf<S> : never) : [ResultOf<S>]

/** What all members can be given: those that are immutable ignore it. */
type SharedMissing<S extends AnySignature> = [Feeding<S>] extends [never]
  ? []
  : Feeding<S> extends (boxed: infer All) => void
    ? All extends readonly [readonly unknown[]]
      ? All[0]
      : never
    : never
type Feeding<S> = S extends AnySignature
  ? Has<S, 'immutable'> extends true
    ? never
    : (boxed: readonly [MissingOf<S>]) => void
  : never

type SharedKeywords<S extends AnySignature> = (S extends AnySignature ? (all: KeywordsOf<S>) => void : never) extends (
  all: infer All,
) => void
  ? All extends object
    ? All
    : NoKeywords
  : NoKeywords

type AllImmutable<S extends AnySignature> = [Feeding<S>] extends [never]
  ? [S] extends [never]
    ? never
    : 'immutable'
  : never

// chord

type Header<H> = H extends readonly AnySignature[]
  ? H
  : H extends AnySignature
    ? Has<H, 'group'> extends true
      ? H
      : readonly [H]
    : never
type HeaderResults<H> =
  Header<H> extends infer L
    ? L extends readonly AnySignature[]
      ? ResultsOf<L>
      : L extends AnySignature
        ? ResultOf<L>
        : never
    : never
type HeaderGroup<H> =
  Header<H> extends infer L
    ? L extends readonly AnySignature[]
      ? GroupOf<L, never>
      : L extends AnySignature
        ? L
        : never
    : never

/** `B` itself where it takes the list of the header's results, else what is wrong. */
type BodyOf<H, B extends AnySignature> =
  Takes<B, HeaderResults<H>> extends true
    ? HasKeywords<B> extends true
      ? B
      : KeywordsError<`the body (${FirstName<NameOf<B>>}) still misses keyword arguments`, { missing: KeywordsOf<B> }>
    : LinkError<
        `the body (${FirstName<NameOf<B>>}) does not take the list that the header${HeaderNames<H>} gives`,
        { gives: HeaderResults<H>; takes: MissingOf<B> }
      >
type HeaderNames<H> = H extends readonly AnySignature[] ? '' : H extends AnySignature ? ` (${NameOf<H>})` : ''

/** The chord that a header and a body make. */
export type ChordOf<H, B extends AnySignature> =
  HeaderGroup<H> extends infer G extends AnySignature
    ? Signature<
        MissingOf<G>,
        ResultOf<B>,
        KeywordsOf<G>,
        `${FirstName<NameOf<G>>} ... ${LastName<NameOf<B>>}`,
        Extract<FlagsOf<G>, 'immutable'> | FanOut<B>
      >
    : never
