import type { Duration, RetryOptions, TimeLimit } from '@umbel/core'
import { didYouMean, milliseconds, umbelError } from '@umbel/core/tasks'
import type { NoKeywords } from './any-signature.ts'
import type { AnyKeywords, ContextWith } from './context.ts'
import type { AnyHandler, AttemptEnd, TaskBase, Upcast } from './definition.ts'
import type { IdempotencyKey } from './idempotency-key.ts'
import type { TaskRateLimit } from './limits/task-limit.ts'
import type { StandardSchema } from './standard-schema.ts'
import type { Unique } from './unique.ts'

/** Options of a task that its bases may set as well; the task's own win, and of two bases the inner one's. `P` are its parameters. */
export interface SharedOptions<States extends string, P extends readonly unknown[] = AnyParameters> {
  /** Lane it runs on. Default: the route's, else `default`. */
  readonly lane?: string
  /** 0 to 9, 9 runs first. Default 5. */
  readonly priority?: number
  /** Run on the main loop, which suits I/O, instead of a thread. Default false. */
  readonly inline?: boolean
  /** States of its own which `ctx.setState` may name, in upper case. A task has those of its bases too. */
  readonly states?: readonly States[]
  /** When an attempt that failed is tried again. Default: never. */
  readonly retry?: RetryOptions
  /** Revoke instead of starting once this long has passed since it was due. Default: never. */
  readonly expires?: Duration
  /**
   * How long a call of its handler may take: at `soft` its signal is aborted, at `hard` its thread is ended; a bare duration is
   * the hard limit. Of its bases each limit is inherited for itself. Default: as long as it likes.
   */
  readonly timeLimit?: TimeLimit
  /** Keep no result. Default false. */
  readonly ignoreResult?: boolean
  /**
   * When an attempt is acknowledged. `late` (default): with its outcome; one whose thread or process dies under it is made up for, so
   * the handler runs at least once. `early`: as it starts; it fails with UMBEL_WORKER_LOST instead, so each attempt runs at most once.
   */
  readonly acks?: 'late' | 'early'
  /** How fast it may start, over all lanes and threads; what waits for that holds no slot. Default: as fast as slots allow. */
  readonly rateLimit?: TaskRateLimit<P>
}

// biome-ignore lint/suspicious/noExplicitAny: what a base's callbacks are given is known to the tasks made with it
type AnyParameters = readonly any[]

/** Options of one task. */
export interface TaskOptions<
  States extends string,
  Given extends object,
  Kwargs,
  P extends readonly unknown[] = AnyParameters,
> extends SharedOptions<States, P> {
  /** Version of what it takes: raise it as its parameters change. Default 1. It travels with what is sent. */
  readonly version?: number
  /** What makes of the arguments and keyword arguments of a version those of the next, under the older one's number. */
  readonly upcast?: Readonly<Record<number, Upcast>>
  /**
   * Works out from its arguments the key under which a call comes to one result: another one with the key is not run but has that
   * result, whether it is a retry, a recovery or sent again. Given other arguments it fails with UMBEL_IDEMPOTENCY_CONFLICT. Default: none.
   */
  readonly idempotencyKey?: IdempotencyKey<P>
  /**
   * One live task for each key: what is sent beside it ends as it does and never runs. `{}` goes by all arguments and until it has
   * ended; `debounce` and `throttle` are other ways. It is sent by itself, not as part of a canvas. Default: each send is a task.
   */
  readonly unique?: Unique<P>
  /** Tell handlers where in their canvas they stand: `ctx.place`. It costs time with the canvas's size. Default false. */
  readonly place?: boolean
  /**
   * Let the buffers of its result (typed arrays, ArrayBuffers) move to whoever is given it, in place of copies: whoever else has them finds them empty
   * once it has returned. That of a task with bases is copied all the same, for their hooks to see. Default false.
   */
  readonly movesResult?: boolean
  /** Schema (zod, valibot, ...) of its keyword arguments. Without one it declares none. */
  readonly kwargs?: StandardSchema<Given, Kwargs>
}

/** What `task.extend` takes: options, what to put on the context, and what runs around handlers. Hooks of all bases run, outermost first. */
export interface BaseOptions<States extends string, Made, Outer> extends SharedOptions<States> {
  /** Make what handlers find on their context: once in each thread, before its first attempt. */
  readonly setup?: () => Made
  /** Undo `setup` when the thread or the app stops. */
  readonly teardown?: (made: Awaited<Made>) => unknown
  /** Longest that `setup` may take. */
  readonly setupTimeout?: Duration
  /** Runs before the handler; what it throws fails the attempt. */
  readonly beforeStart?: (ctx: HookContext<Made, Outer>, args: readonly unknown[]) => unknown
  readonly onSuccess?: (ctx: HookContext<Made, Outer>, result: unknown, args: readonly unknown[]) => unknown
  /** Runs once the task has failed for good. */
  readonly onFailure?: (ctx: HookContext<Made, Outer>, error: unknown, args: readonly unknown[]) => unknown
  readonly onRetry?: (ctx: HookContext<Made, Outer>, error: unknown, args: readonly unknown[]) => unknown
  /**
   * Runs last, once it is stored that the task has succeeded or failed for good; as in Celery, not before another attempt.
   * Those who wait for the task have its result by then; its slot is free once this is over.
   */
  readonly afterReturn?: (ctx: HookContext<Made, Outer>, end: AttemptEnd, args: readonly unknown[]) => unknown
  /** Runs in the handler's place: `next()` runs the handler and gives its result. */
  readonly around?: (ctx: HookContext<Made, Outer>, next: () => Promise<unknown>) => unknown
}
type HookContext<Made, Outer> = ContextWith<string, AnyKeywords, Outer & Awaited<Made>>

/** Any task not named yet, whatever its types: without type parameters, so that a context gives none to infer. */
export interface AnyUnnamed {
  readonly handler: AnyHandler
  readonly options: TaskOptions<string, object, unknown>
  readonly bases: readonly Base[]
}

/** A handler with its options: a task that `defineTasks` has not named yet. */
export class UnnamedTask<P extends readonly unknown[], R, K extends object> implements AnyUnnamed {
  /** Types only; never set. */
  declare readonly '~task': { readonly parameters: P; readonly result: R; readonly kwargs: K }
  readonly handler: AnyHandler
  readonly options: TaskOptions<string, object, unknown>
  readonly bases: readonly Base[]

  /** Made by `task`; not meant to be called. */
  constructor(handler: AnyHandler, options: TaskOptions<string, object, unknown>, bases: readonly Base[]) {
    this.handler = handler
    this.options = options
    this.bases = bases
  }
}

/** What one `task.extend` gave. */
export type Base = TaskBase & SharedOptions<string>

/** Makes tasks whose context has `Made` on it, beside what every context has. */
export interface TaskMaker<Made, Inherited extends string> {
  /**
   * Give a handler options: `task(handler, options)`. `ctx.setState` takes the states declared, `ctx.kwargs` is typed by the schema.
   * A handler that refers to the tasks of its own module needs its return type written out (TS7022). A generic handler loses
   * its type parameters here; give them by `handler<Type>`.
   * @throws UMBEL_NOT_A_TASK, UMBEL_BAD_OPTION
   */
  <P extends unknown[], R, const S extends string = never, Given extends object = NoKeywords, Kwargs = AnyKeywords>(
    handler: (ctx: ContextWith<S | Inherited, Kwargs, Made>, ...args: P) => R,
    options?: TaskOptions<S, Given, Kwargs, P>,
  ): UnnamedTask<P, Awaited<R>, Given>
  /** Make a base: tasks made with it inherit its options, what its `setup` gives, and its hooks. @throws UMBEL_BAD_OPTION */
  extend<More = unknown, const S extends string = never>(
    base: BaseOptions<S, More, Made>,
  ): TaskMaker<Made & Awaited<More>, Inherited | S>
}

const SHARED_OPTIONS = [
  'lane',
  'priority',
  'inline',
  'states',
  'retry',
  'expires',
  'timeLimit',
  'ignoreResult',
  'acks',
  'rateLimit',
]
const TASK_OPTIONS = [
  ...SHARED_OPTIONS,
  'kwargs',
  'idempotencyKey',
  'unique',
  'place',
  'movesResult',
  'version',
  'upcast',
]
const HOOKS = ['setup', 'teardown', 'beforeStart', 'onSuccess', 'onFailure', 'onRetry', 'afterReturn', 'around']
const BASE_OPTIONS = [...SHARED_OPTIONS, ...HOOKS, 'setupTimeout']

/** Give a handler options, or make a base that tasks inherit from: `task(handler, options)`, `task.extend({ setup, retry, ... })`. */
export const task: TaskMaker<unknown, never> = makerOf([])

function makerOf(bases: readonly Base[]): TaskMaker<unknown, never> {
  const make = (handler: AnyHandler, options: TaskOptions<string, object, unknown> = {}): AnyUnnamed => {
    if (typeof handler !== 'function')
      throw umbelError(
        'UMBEL_NOT_A_TASK',
        `task() takes the handler first, then options; it was given ${typeof handler}.`,
      )
    checkOptions('task()', options, TASK_OPTIONS)
    return new UnnamedTask(handler, options, bases)
  }
  const extend = (base: object): unknown => {
    checkOptions('task.extend()', base, BASE_OPTIONS)
    for (const hook of HOOKS) {
      const value = (base as Record<string, unknown>)[hook]
      if (value !== undefined && typeof value !== 'function')
        throw umbelError('UMBEL_BAD_OPTION', `${hook} of task.extend() is ${typeof value}, not a function.`)
    }
    const { setupTimeout } = base as TaskBase
    if (setupTimeout !== undefined) milliseconds(setupTimeout, 'setupTimeout of task.extend()')
    return makerOf([...bases, base])
  }
  return Object.assign(make, { extend }) as unknown as TaskMaker<unknown, never>
}

/** Refuse options under names that nothing reads. @throws UMBEL_BAD_OPTION */
export function checkOptions(where: string, options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null)
    throw umbelError('UMBEL_BAD_OPTION', `The options of ${where} are ${String(options)}, not an object.`)
  for (const name of Object.keys(options)) {
    if (!known.includes(name))
      throw umbelError('UMBEL_BAD_OPTION', `${where} has no option ${name.slice(0, 80)}.${didYouMean(name, known)}`)
  }
}
