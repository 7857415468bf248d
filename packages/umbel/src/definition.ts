import type { Arity, Duration, ErrorClass, RetryPolicy, TimeLimits, WorkflowName } from '@umbel/core'
import { umbelError } from '@umbel/core/tasks'
import type { TaskContext } from './context.ts'
import type { DefinedKey } from './idempotency-key.ts'
import type { DefinedLimit } from './limits/task-limit.ts'
import type { StandardSchema } from './standard-schema.ts'
import type { DefinedUnique } from './unique.ts'

/** The handler of a task as it is called: its context, then the positional arguments. */
// biome-ignore lint/suspicious/noExplicitAny: the one edge where handlers of all types meet
export type AnyHandler = (ctx: any, ...args: any[]) => unknown

/** The context as hooks and the engine see it: any state may be named, one that is not declared throws. */
export type AnyContext = TaskContext<string>

/** How an attempt ended, as `afterReturn` is told. */
export type AttemptEnd =
  | { readonly status: 'SUCCESS'; readonly result: unknown }
  | { readonly status: 'FAILURE'; readonly error: unknown }

/** One layer of `task.extend`: what runs around every handler made from it. All hooks may be asynchronous and are awaited. */
export interface TaskBase {
  /** Make what handlers find on their context. Runs once in each thread, before its first attempt. */
  readonly setup?: (() => unknown) | undefined
  /** Undo `setup`; runs when the thread or the app stops. */
  readonly teardown?: ((made: unknown) => unknown) | undefined
  /** Longest that `setup` may take. Default: the worker's. */
  readonly setupTimeout?: Duration | undefined
  /** Runs before the handler; what it throws fails the attempt. */
  readonly beforeStart?: ((ctx: AnyContext, args: readonly unknown[]) => unknown) | undefined
  readonly onSuccess?: ((ctx: AnyContext, result: unknown, args: readonly unknown[]) => unknown) | undefined
  /** Runs once the task has failed for good. */
  readonly onFailure?: ((ctx: AnyContext, error: unknown, args: readonly unknown[]) => unknown) | undefined
  readonly onRetry?: ((ctx: AnyContext, error: unknown, args: readonly unknown[]) => unknown) | undefined
  /**
   * Runs last, once it is stored that the task has succeeded or failed for good; as in Celery, not before another attempt.
   * Those who wait for the task have its result by then; its slot is free once this is over.
   */
  readonly afterReturn?: ((ctx: AnyContext, end: AttemptEnd, args: readonly unknown[]) => unknown) | undefined
  /** Runs in the handler's place: `next()` runs the handler (or the next layer's `around`) and gives its result. */
  readonly around?: ((ctx: AnyContext, next: () => Promise<unknown>) => unknown) | undefined
}

/** Makes of the arguments of one version those of the next. */
export type Upcast = (
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
) => readonly [args: readonly unknown[], kwargs: Readonly<Record<string, unknown>>]

/** Which version of its arguments a task takes, and how older ones become that. */
export interface Versioned {
  readonly version?: number | undefined
  readonly upcast?: Readonly<Record<number, Upcast>> | undefined
}

/** What a task is registered with, everything filled in that has a default. */
export interface DefinedOptions extends Versioned {
  /** Lane it runs on where neither the call nor a route says so. */
  readonly lane: string | undefined
  /** 0 to 9, 9 runs first. */
  readonly priority: number | undefined
  /** Whether it asked for the main loop. A closure (`module` undefined) runs there anyhow. */
  readonly inline: boolean
  /** States of its own, which `ctx.setState` may name. */
  readonly states: readonly string[]
  readonly retry: RetryPolicy | undefined
  readonly expires: Duration | undefined
  /** How long a call of its handler may take. Unlimited where there is none. */
  readonly timeLimit?: TimeLimits | undefined
  readonly ignoreResult: boolean
  readonly acks?: 'late' | 'early' | undefined
  readonly rateLimit?: DefinedLimit | undefined
  /** Under which key a call of it comes to one result. */
  readonly idempotencyKey?: DefinedKey | undefined
  /** Under which key one of it is live at a time. */
  readonly unique?: DefinedUnique | undefined
  /** Whether its handlers are told where in their canvas they stand. */
  readonly place?: boolean
  /** Whether the buffers of its result are moved and not copied. */
  readonly movesResult?: boolean
  /** Schema of its keyword arguments. */
  readonly kwargs: StandardSchema | undefined
}

/** A task as the engine knows it. */
export interface TaskDefinition {
  /** Namespace and name: `etl.extract`. */
  readonly name: string
  /** URL of the module that defines it, for threads to import; `undefined` for a closure. */
  readonly module: string | undefined
  readonly handler: AnyHandler
  /** How many positional arguments it takes, the context not counted. */
  readonly arity: Arity
  readonly options: DefinedOptions
  /** Of what is no task but a run of a machine, as a step of a canvas: which. */
  readonly workflow?: WorkflowName
  /** Layers of `task.extend` it was made with, outermost first. */
  readonly bases: readonly TaskBase[]
  /** Error classes of its module, by name: `get()` revives errors to them. */
  readonly errors: ReadonlyMap<string, ErrorClass>
}

/** Where a task object keeps its definition. */
export const DEFINITION: unique symbol = Symbol.for('umbel.definition') as never

/** What `defineTasks` gives: tasks by the names they have in their module. */
export type TaskModule = Readonly<Record<string, { readonly [DEFINITION]: TaskDefinition }>>

// on globalThis, so that two copies of the package and a thread's own code find the same tasks
const REGISTRY = Symbol.for('umbel.tasks')
const shared = globalThis as { [REGISTRY]?: Map<string, TaskDefinition> }
shared[REGISTRY] ??= new Map()
const registry = shared[REGISTRY]

/** Find the task registered under a name in this thread; `undefined` where there is none. */
export const definitionOf = (name: string): TaskDefinition | undefined => registry.get(name)

/**
 * Register a task. The module that defined a name may define it again (hot reload); so may a closure another closure.
 * @throws UMBEL_DUPLICATE_TASK when another module has defined the name.
 */
export function register(definition: TaskDefinition): void {
  const { name, module } = definition
  const known = registry.get(name)
  if (known !== undefined && withoutQuery(known.module) !== withoutQuery(module)) {
    const places = `${known.module ?? 'a closure'} and in ${module ?? 'a closure'}`
    throw umbelError('UMBEL_DUPLICATE_TASK', `The task ${name} is defined in ${places}.`)
  }
  registry.set(name, definition)
}

/** The definitions behind what `defineTasks` gave. @throws UMBEL_NOT_A_TASK */
export function tasksOf(module: TaskModule): readonly TaskDefinition[] {
  if (typeof module !== 'object' || module === null) {
    throw umbelError(
      'UMBEL_NOT_A_TASK',
      `A list of tasks holds ${module === null ? 'null' : typeof module}: pass what defineTasks gave.`,
    )
  }
  return Object.entries(module).map(([key, task]) => {
    const definition: TaskDefinition | undefined = task?.[DEFINITION]
    if (definition === undefined) throw umbelError('UMBEL_NOT_A_TASK', `${key} is no task: pass what defineTasks gave.`)
    return definition
  })
}

/** A reloaded module comes back under its URL with another query. */
const withoutQuery = (url: string | undefined): string | undefined => url?.replace(/[?#].*$/s, '')

/** Refuse a call with too few or too many positional arguments. @throws UMBEL_WRONG_ARITY */
export function checkArity({ name, arity }: TaskDefinition, given: number): void {
  if (given >= arity.min && given <= arity.max) return
  const takes =
    arity.max === arity.min
      ? `${arity.min}`
      : arity.max === Number.POSITIVE_INFINITY
        ? `at least ${arity.min}`
        : `${arity.min} to ${arity.max}`
  // types are gone at run time: only a default tells that a parameter may be left out
  const optional =
    given < arity.min
      ? ' A parameter that may be left out needs a default (`limit: number | undefined = undefined`).'
      : ''
  throw umbelError(
    'UMBEL_WRONG_ARITY',
    `${name} takes ${takes} positional arguments but ${given} were given.${optional}`,
  )
}
