// How the positional arguments of a handler split into those given to `s` and those still missing in front of them.

/**
 * What `s` may be given for parameters `P`: any suffix. Optional parameters may be left out on the right as in a call, so for
 * `(a: string, b?: number)` both `s('x')` and `s(5)` are suffixes; a rest parameter may be given any number of values.
 */
export type Suffix<P extends readonly unknown[]> = IsPlain<P> extends true ? PlainSuffix<P> : LooseSuffix<P>

/**
 * The parameters still missing once `s` was given `G`; a union where `G` fits in several places
 * (`(a: string, b?: string)` given one string: nothing is missing, or `a` is).
 */
export type Missing<P extends readonly unknown[], G extends readonly unknown[]> =
  IsPlain<P> extends true ? DropLast<P, G> : LooseMissing<P, G>

/** Whether all parameters are required and there is no rest parameter. */
type IsPlain<P extends readonly unknown[]> = number extends P['length']
  ? false
  : P extends Required<P>
    ? IsTuple<P>
    : false
type IsTuple<P extends readonly unknown[]> = Required<P> extends P ? true : false

type PlainSuffix<P extends readonly unknown[]> = P extends readonly [unknown, ...infer T] ? P | PlainSuffix<T> : []

type DropLast<P extends readonly unknown[], G extends readonly unknown[]> = G extends readonly [unknown, ...infer GT]
  ? P extends readonly [...infer PT, unknown]
    ? DropLast<PT, GT>
    : never
  : P

/** The ways in which a handler can be called: a tuple of required elements for each number of arguments. Rests stay out. */
type Forms<P extends readonly unknown[]> = FormsDown<Required<Fixed<P>>, Fixed<P>['length']>
type FormsDown<Full extends readonly unknown[], Lengths extends number> = Full['length'] extends Lengths
  ? Full | (Full extends readonly [...infer Init, unknown] ? FormsDown<Init, Lengths> : never)
  : never

/** The parameters in front of the rest parameter. */
type Fixed<P extends readonly unknown[]> = number extends P['length'] ? FixedOf<P, []> : P
type FixedOf<P extends readonly unknown[], Front extends readonly unknown[]> = P extends readonly [infer H, ...infer T]
  ? FixedOf<T, [...Front, H]>
  : P[number][] extends P
    ? Front
    : P extends readonly [_?: infer H, ...rest: infer T]
      ? FixedOf<T, [...Front, _?: H]>
      : Front

/** The type of a rest parameter's values; `never` without one. */
type RestOf<P extends readonly unknown[]> = P extends readonly [_?: unknown, ...rest: infer T]
  ? P[number][] extends P
    ? P[number]
    : RestOf<T>
  : P[number]

type LooseSuffix<P extends readonly unknown[]> =
  | PlainSuffixOfEach<Forms<P>>
  | (number extends P['length'] ? WithRest<PlainSuffixOfEach<Required<Fixed<P>>>, RestOf<P>> : never)
type PlainSuffixOfEach<F> = F extends readonly unknown[] ? PlainSuffix<F> : never
type WithRest<F, X> = F extends readonly unknown[] ? [...F, ...X[]] : never

type LooseMissing<P extends readonly unknown[], G extends readonly unknown[]> =
  | Split<Forms<P>, G>
  | (number extends P['length'] ? SplitRest<Required<Fixed<P>>, RestOf<P>, G> : never)

/** Every front part of a form whose back part fits what was given. */
type Split<Form, G extends readonly unknown[]> = Form extends readonly unknown[]
  ? DropLast<Form, G> extends infer Front extends readonly unknown[]
    ? Form extends readonly [...Front, ...infer Back]
      ? G extends Back
        ? Front
        : never
      : never
    : never
  : never

/** The same for forms with rest values: `G` begins within the fixed parameters, or is all rest. */
type SplitRest<F extends readonly unknown[], X, G extends readonly unknown[], Back extends readonly unknown[] = []> =
  | (G extends readonly [...Back, ...X[]] ? (Back extends readonly [] ? [...F, ...X[]] : F) : never)
  | (F extends readonly [...infer Init, infer Last] ? SplitRest<Init, X, G, [Last, ...Back]> : never)
