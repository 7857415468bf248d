import type { Canvas, CelerySignature, SignatureOptions, TaskHeaders } from '@umbel/core'
import {
  addLink,
  addLinkError,
  badHeaders,
  checkedHeaders,
  didYouMean,
  pipeOf,
  replaceParts,
  setImmutable,
  setOptions,
  stampCanvas,
  toCeleryJson,
  umbelError,
  unchained,
  withCall,
} from '@umbel/core/tasks'
import {
  type AnySignature,
  type Application,
  CALL_OPTIONS,
  type CallOptions,
  type FlagsOf,
  type Handle,
  type Has,
  type NameOf,
  type NoKeywords,
} from './any-signature.ts'
import { senderFor } from './live-apps.ts'
import type { ArgumentsError, FirstName, Following, Gives, KeywordsError, LastName } from './mismatch.ts'
import { checkRecord } from './option-checks.ts'
import { RestCall, type Sender } from './sender.ts'

/**
 * One call of a task, or a canvas of such calls: immutable data with methods that give new ones.
 *
 * `M` are the positional arguments still missing in front, `R` is the result, `K` the keyword arguments still missing,
 * `N` its name in messages, `F` what else is known (see Flag). All are checked by the compiler only.
 * TypeScript cannot call a method of a value that is one of several signatures: send such a one by `app.delay(signature)`, or
 * give it a type without names, `Signature<[], number>`.
 */
export class Signature<
  M extends readonly unknown[],
  R,
  K extends object = NoKeywords,
  N extends string = string,
  F extends string = string,
> implements AnySignature
{
  /** The canvas as plain, frozen data. */
  readonly data: Canvas
  /** Types only; never set. */
  declare readonly '~types': {
    readonly missing: M
    readonly result: R
    readonly kwargs: K
    readonly name: N
    readonly flags: F
  }

  /** Made by `s`, `chain`, `group`, `chord`, ...; not meant to be called. */
  constructor(data: Canvas) {
    this.data = data
  }

  /**
   * Give keyword arguments; they win over those already given.
   * On a canvas they go to the first step of a chain and to every member of a group.
   */
  kw<const G extends Partial<K>>(
    given: G & Record<Exclude<keyof G, keyof K>, never>,
  ): Signature<M, R, string extends keyof K ? K : Omit<K, keyof G>, N, F>
  kw<const G extends object>(
    given: KeywordsError<`${N} does not take these keyword arguments`, { given: G; takes: K }> & G,
  ): Signature<M, R, K, N, F>
  kw(given: object): never {
    return this.remade(withCall(this.data, [], given as Record<string, unknown>, {})) as never
  }

  /** Set options, over those already set; headers go name by name. @throws UMBEL_BAD_OPTION for a name that is no option, and for headers that are none. */
  set(options: CallOptions): this {
    checkRecord('set', options)
    return this.remade(setOptions(this.data, optionsOf(options))) as this
  }

  /**
   * Write headers on it and on all that is in it, at every level and callbacks included: `ctx.headers` of each task, and of what it
   * sends. As in Celery, those set already stay as they are. JSON values by name; 64 at most, of 1,024 characters each.
   * @throws UMBEL_BAD_OPTION
   */
  stamp(headers: TaskHeaders): this {
    return this.remade(stampCanvas(this.data, checkedHeaders(headers, badHeaders))) as this
  }

  /**
   * Make it ignore, or take again, previous results and further arguments. On a group it goes to every member, on a chord to
   * its header, on a chain to its first step.
   */
  setImmutable(on: true): Signature<[], R, K, N, F | 'immutable'>
  setImmutable(on: false): Signature<readonly unknown[], R, K, N, Exclude<F, 'immutable'>>
  setImmutable(on: boolean): never {
    return this.remade(setImmutable(this.data, on)) as never
  }

  /** Merge like a call: `args` go before those already given, keywords and options win over them. Immutable ones keep theirs. */
  clone(
    args: readonly unknown[] = [],
    kwargs: object = {},
    options: CallOptions = {},
  ): Signature<readonly unknown[], R, object, N, F> {
    return this.remade(withCall(this.data, args, kwargs as Record<string, unknown>, optionsOf(options))) as never
  }

  /** Swap the given parts instead of merging them; parts left out stay. */
  replace(parts: {
    readonly args?: readonly unknown[]
    readonly kwargs?: object
    readonly options?: CallOptions
  }): Signature<readonly unknown[], R, object, N, F> {
    const { args, kwargs, options } = parts
    return this.remade(
      replaceParts(this.data, {
        ...(args && { args }),
        ...(kwargs && { kwargs: kwargs as Record<string, unknown> }),
        ...(options && { options: optionsOf(options) }),
      }),
    ) as never
  }

  /** Put another step after this one. A group before it becomes a chord whose body is that step. Celery's `a | b`. */
  pipe<S extends AnySignature>(
    next: Following<this, S, 'the next step', 'the step before it'>,
  ): Signature<M, Gives<S>, K, `${FirstName<N>} ... ${LastName<NameOf<S>>}`, Extract<F, 'immutable'> | FanOut<S>>
  pipe(next: AnySignature): never {
    return new Signature(pipeOf(this.data, next.data)) as never
  }

  /**
   * Send `callback` with the result once this succeeded; the same one is kept once. Gives this signature (Celery's gives the callback).
   * On a chain it belongs to the last step, on a chord to the body, on a group to the first member, which it ignores the result of.
   */
  link<S extends AnySignature>(callback: Following<this, S, 'the callback', 'the task it is linked to'>): this
  link(callback: AnySignature): this {
    return this.remade(addLink(this.data, callback.data)) as this
  }

  /**
   * Send `callback` once this failed for good; the same one is kept once. Gives this signature (Celery's gives the callback).
   * One with room for a single argument, a group and a chord are given the failed task's id; one with more the first two or three of
   * (request, error, stack). On a chain it belongs to every step, on a group to every member, on a chord to the body.
   */
  linkError(callback: AnySignature): this {
    return this.remade(addLinkError(this.data, callback.data)) as this
  }

  /** The same as `linkError`, under the name that gives the signature itself in Celery too. */
  onError(callback: AnySignature): this {
    return this.linkError(callback)
  }

  /**
   * Send it with the arguments still missing, and return its handle at once.
   * @throws what is wrong with the call, UMBEL_LANE_FULL, UMBEL_NO_APP, UMBEL_AMBIGUOUS_APP.
   */
  delay(this: Complete<this, K, N>, ...missing: M): Handle<R, F>
  delay<G extends readonly unknown[]>(this: WrongCall<K, N, G, M>, ...given: G): Handle<R, F>
  delay(this: unknown, ...missing: readonly unknown[]): never {
    return senderOf(this as AnySignature).delay((this as AnySignature).data, new RestCall(missing)) as never
  }

  /** Send it like `delay`, but wait while a lane's backlog is full. */
  send(this: Complete<this, K, N>, ...missing: M): Promise<Handle<R, F>>
  send<G extends readonly unknown[]>(this: WrongCall<K, N, G, M>, ...given: G): Promise<Handle<R, F>>
  send(this: unknown, ...missing: readonly unknown[]): never {
    return senderOf(this as AnySignature).send((this as AnySignature).data, new RestCall(missing)) as never
  }

  /** Send it with arguments, keyword arguments and options in one record, and return its handle at once. Throws like `delay`. */
  applyAsync(call: ApplicationOf<M, K>): Handle<R, F> {
    checkRecord('applyAsync', call)
    const { args, kwargs, ...options } = call as Application<readonly unknown[], Record<string, unknown>>
    return senderOf(this).delay(this.data, {
      args: args ?? [],
      kwargs: kwargs ?? {},
      options: optionsOf(options),
    }) as Handle<R, F>
  }

  /** The steps of a chain one by one, with what was linked to it. */
  unchain(): readonly AnySignature[] {
    return unchained(this.data).map((step) => new Signature(step))
  }

  /**
   * Write it as Celery's JSON, which `signature.fromJSON` reads: `JSON.stringify(signature)` works.
   * @throws UMBEL_CANNOT_TRAVEL for arguments that are no JSON values
   */
  toJSON(): CelerySignature {
    return toCeleryJson(this.data)
  }

  /** The same with other data. */
  protected remade(data: Canvas): AnySignature {
    return new Signature(data)
  }
}

/** `this` where no keyword argument without a default is missing. */
type Complete<Self, K extends object, N extends string> = NoKeywords extends K
  ? Self
  : KeywordsError<`${N} still misses keyword arguments`, { missing: K }>

/** What stands in for a signature that is called with arguments that do not fit, or without keywords it needs. */
type WrongCall<K extends object, N extends string, Given, Takes> = Given extends Takes
  ? KeywordsError<`${N} still misses keyword arguments`, { missing: K }>
  : ArgumentsError<`${N} is not called with the arguments it takes`, { given: Given; takes: Takes }>

/** What `applyAsync` takes: what is missing is required there. */
type ApplicationOf<M extends readonly unknown[], K extends object> = Omit<Application<M, K>, 'args' | 'kwargs'> &
  ([] extends M ? { readonly args?: M } : { readonly args: M }) &
  (NoKeywords extends K ? { readonly kwargs?: K } : { readonly kwargs: K })

/** Whether what ends in this step fans out. */
export type FanOut<S extends AnySignature> =
  Has<S, 'single'> extends true
    ? Extract<FlagsOf<S>, 'fans-out'>
    : [Extract<FlagsOf<S>, 'group' | 'fans-out'>] extends [never]
      ? never
      : 'fans-out'

const senderOf = ({ data }: AnySignature): Sender => senderFor(firstTask(data))

/** Options as data. @throws UMBEL_BAD_OPTION for a name that is no option, and for headers that are none. */
function optionsOf({ link, linkError, headers, ...options }: CallOptions): SignatureOptions {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(CALL_OPTIONS, name)) {
      throw umbelError(
        'UMBEL_BAD_OPTION',
        `${name} is no option of a call.${didYouMean(name, Object.keys(CALL_OPTIONS))}`,
      )
    }
  }
  return {
    ...options,
    ...(link && { link: callbacks(link) }),
    ...(linkError && { linkError: callbacks(linkError) }),
    ...(headers !== undefined && { headers: checkedHeaders(headers, badHeaders) }),
  }
}

const callbacks = (given: AnySignature | readonly AnySignature[]): readonly Canvas[] =>
  (Array.isArray(given) ? (given as readonly AnySignature[]) : [given as AnySignature]).map(canvasOf)

/** The data of a signature, or of a canvas that is data already. @throws UMBEL_BAD_CANVAS for anything else. */
export function canvasOf(what: AnySignature | Canvas): Canvas {
  if (typeof what === 'object' && what !== null) {
    const canvas = 'data' in what ? what.data : what
    if (typeof canvas === 'object' && canvas !== null) return canvas
  }
  throw umbelError(
    'UMBEL_BAD_CANVAS',
    `A signature is expected where ${what === null ? 'null' : `a value of type ${typeof what}`} stands.`,
  )
}

/** Name of the task that starts first: it tells which app is to send. */
function firstTask(canvas: Canvas): string {
  switch (canvas.kind) {
    case 'chain':
      return firstTask(canvas.steps[0] ?? nothing(canvas))
    case 'group':
      return firstTask(canvas.members[0] ?? nothing(canvas))
    case 'chord':
      return firstTask(canvas.header[0] ?? canvas.body)
    default:
      return canvas.task
  }
}

function nothing(canvas: Canvas): never {
  throw umbelError(
    'UMBEL_NO_APP',
    `This ${canvas.kind} is empty: no task of it tells which app is to send it. Use app.delay(signature).`,
  )
}
