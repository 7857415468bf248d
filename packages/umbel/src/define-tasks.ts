import type { ErrorClass } from '@umbel/core'
import { arityOf, limitsOver, milliseconds, retryPolicy, TASK_STATES, timeLimits, umbelError } from '@umbel/core/tasks'
import type { NoKeywords } from './any-signature.ts'
import type { TaskContext } from './context.ts'
import { type AnyHandler, type DefinedOptions, register, type TaskDefinition } from './definition.ts'
import { definedKey } from './idempotency-key.ts'
import { definedLimit } from './limits/task-limit.ts'
import { Task } from './named-task.ts'
import { checkedPriority } from './option-checks.ts'
import type { StandardSchema } from './standard-schema.ts'
import { type AnyUnnamed, type Base, checkOptions, UnnamedTask } from './task.ts'
import { definedUnique } from './unique.ts'
import { checkVersion } from './upcast.ts'

/** What `defineTasks` may be told beside the tasks. */
export interface ModuleOptions {
  /** Error classes that `get()` revives errors to; the built-in ones always are. */
  readonly errors?: readonly ErrorClass[]
}

/** What may stand for a task: a plain handler, or what `task` made of one. */
// biome-ignore lint/suspicious/noExplicitAny: the one edge where handlers of all types meet
type Definable = AnyUnnamed | ((ctx: TaskContext, ...args: any[]) => unknown)

/** The task that a handler becomes under a name. */
export type Named<T, N extends string> =
  T extends UnnamedTask<infer P, infer R, infer K>
    ? Task<P, R, K, N>
    : T extends (ctx: never, ...args: infer P) => infer R
      ? Task<P, Awaited<R>, NoKeywords, N>
      : never

/** Tasks by their names in the module; `etl.extract` is the task of that name. */
export type Tasks<NS extends string, T> = {
  readonly [Key in keyof T]: Named<T[Key], NS extends '' ? Key & string : `${NS}.${Key & string}`>
}

/**
 * Define the tasks of a module: `export const etl = defineTasks(import.meta, 'etl', { extract, ... })`. Threads import the
 * module to run them. Without `import.meta` no thread could, so that the tasks run on the main loop: for tests and scripts.
 * The empty namespace leaves names bare (`extract`), as other programs' JSON may have them.
 * @throws UMBEL_BAD_NAME, UMBEL_NOT_A_TASK, UMBEL_DUPLICATE_TASK, UMBEL_BAD_OPTION, UMBEL_BAD_PRIORITY, UMBEL_BAD_RETRY,
 * UMBEL_BAD_TIME_LIMIT
 */
export function defineTasks<const NS extends string, T extends Record<string, Definable>>(
  meta: ImportMeta,
  namespace: NS,
  tasks: T,
  options?: ModuleOptions,
): Tasks<NS, T>
export function defineTasks<const NS extends string, T extends Record<string, Definable>>(
  namespace: NS,
  tasks: T,
  options?: ModuleOptions,
): Tasks<NS, T>
export function defineTasks(...given: readonly unknown[]): object {
  const closure = typeof given[0] === 'string'
  const [namespace, tasks, options = {}] = (closure ? given : given.slice(1)) as [
    string,
    Record<string, Definable>,
    ModuleOptions?,
  ]
  const module = closure ? undefined : urlOf(given[0])
  checkNamespace(namespace)
  checkOptions('defineTasks()', options, ['errors'])
  if (typeof tasks !== 'object' || tasks === null) {
    throw umbelError(
      'UMBEL_NOT_A_TASK',
      `defineTasks() takes an object of tasks after the namespace, not ${String(tasks)}.`,
    )
  }
  const errors = errorsByName(options.errors ?? [])
  const definitions = Object.entries(tasks).map(
    ([key, what]) => [key, definitionFor(what, { namespace, key, module, errors })] as const,
  )
  for (const [, definition] of definitions) register(definition)
  return Object.freeze(Object.fromEntries(definitions.map(([key, definition]) => [key, new Task(definition)])))
}

interface Place {
  readonly namespace: string
  readonly key: string
  readonly module: string | undefined
  readonly errors: ReadonlyMap<string, ErrorClass>
}

function definitionFor(what: Definable, { namespace, key, module, errors }: Place): TaskDefinition {
  checkPart(key, 'task')
  const name = namespace === '' ? key : `${namespace}.${key}`
  const unnamed = isUnnamed(what) ? what : new UnnamedTask(handlerOf(what, name), {}, [])
  const { handler, bases } = unnamed
  return Object.freeze({
    name,
    module,
    handler,
    arity: arityOf(handler),
    options: optionsFor(name, unnamed),
    bases,
    errors,
  })
}

function handlerOf(what: unknown, name: string): AnyHandler {
  if (typeof what === 'function') return what as AnyHandler
  throw umbelError(
    'UMBEL_NOT_A_TASK',
    `${name} is ${what === null ? 'null' : typeof what}: give a function or task(handler, options).`,
  )
}

// not by instanceof: it may come from another copy of the package
const isUnnamed = (what: Definable): what is AnyUnnamed =>
  typeof what === 'object' && what !== null && typeof what.handler === 'function' && Array.isArray(what.bases)

/** Work the options of the bases into a task's own: its own win, then the inner base's; states add up. */
function optionsFor(name: string, { options, bases }: AnyUnnamed): DefinedOptions {
  const layers: readonly Base[] = [...bases, options]
  const inherited = <Key extends keyof Base>(key: Key): Base[Key] | undefined =>
    layers.findLast((layer) => layer[key] !== undefined)?.[key]
  for (const layer of layers) checkKinds(name, layer)
  const states = [...new Set(layers.flatMap((layer) => layer.states ?? []))]
  for (const state of states) checkState(name, state)
  checkVersion(name, options)
  const priority = inherited('priority')
  if (priority !== undefined) checkedPriority(priority, name)
  const retry = inherited('retry')
  const rateLimit = inherited('rateLimit')
  const limits = layers.map(({ timeLimit }) =>
    timeLimit === undefined ? undefined : timeLimits(timeLimit, `timeLimit of ${name}`),
  )
  return Object.freeze({
    lane: inherited('lane'),
    priority,
    inline: inherited('inline') ?? false,
    states: Object.freeze(states),
    retry: retry === undefined ? undefined : retryPolicy(retry),
    expires: inherited('expires'),
    timeLimit: limits.reduce((own, given) => limitsOver(given, own)),
    ignoreResult: inherited('ignoreResult') ?? false,
    acks: inherited('acks'),
    rateLimit: rateLimit === undefined ? undefined : definedLimit(rateLimit, name),
    idempotencyKey: options.idempotencyKey === undefined ? undefined : definedKey(options.idempotencyKey, name),
    unique: options.unique === undefined ? undefined : definedUnique(options.unique, name),
    version: options.version,
    upcast: options.upcast,
    place: options.place ?? false,
    movesResult: (options.movesResult ?? false) && bases.length === 0,
    kwargs: options.kwargs,
  })
}

/** Kinds that options must have; what else is wrong with a value is said where it is read. */
const KINDS: Readonly<Record<string, readonly [is: (value: unknown) => boolean, words: string]>> = {
  lane: [(value) => typeof value === 'string', 'the name of a lane'],
  inline: [(value) => typeof value === 'boolean', 'true or false'],
  ignoreResult: [(value) => typeof value === 'boolean', 'true or false'],
  acks: [(value) => value === 'late' || value === 'early', "'late' or 'early'"],
  place: [(value) => typeof value === 'boolean', 'true or false'],
  movesResult: [(value) => typeof value === 'boolean', 'true or false'],
  states: [Array.isArray, 'a list'],
  kwargs: [
    (value) => typeof (value as StandardSchema | null)?.['~standard']?.validate === 'function',
    'a Standard Schema',
  ],
}

function checkKinds(name: string, layer: Base): void {
  for (const [option, [is, words]] of Object.entries(KINDS)) {
    const value = (layer as Readonly<Record<string, unknown>>)[option]
    if (value !== undefined && !is(value))
      throw umbelError('UMBEL_BAD_OPTION', `The option ${option} of ${name} is not ${words}.`)
  }
  if (layer.expires !== undefined) milliseconds(layer.expires, `expires of ${name}`)
}

function checkState(name: string, state: unknown): void {
  if (typeof state !== 'string' || !/^[A-Z][A-Z0-9_]{0,63}$/.test(state)) {
    throw umbelError(
      'UMBEL_BAD_OPTION',
      `${name} declares the state ${JSON.stringify(state)}: states are written like VALIDATING.`,
    )
  }
  if ((TASK_STATES as readonly string[]).includes(state)) {
    throw umbelError(
      'UMBEL_BAD_OPTION',
      `${name} declares the state ${state}, which every task has: only states of its own are declared.`,
    )
  }
}

function checkNamespace(namespace: unknown): void {
  if (typeof namespace !== 'string')
    throw umbelError('UMBEL_BAD_NAME', `The namespace of defineTasks() is ${typeof namespace}, not a string.`)
  if (namespace === '') return
  const parts = namespace.split('.')
  for (const part of parts) checkPart(part, 'namespace')
  if (parts[0] === 'celery')
    throw umbelError('UMBEL_BAD_NAME', 'The namespace celery is kept for the built-in names of its JSON.')
}

/** Names that every object has, `__proto__` and `constructor` among them, are refused: looked up in a record they find something else. */
function checkPart(part: string, what: string): void {
  if (/^[a-zA-Z_][\w-]{0,127}$/.test(part) && !(part in Object.prototype)) return
  throw umbelError(
    'UMBEL_BAD_NAME',
    `${JSON.stringify(part.slice(0, 80))} is no name for a ${what}: letters, digits, _ and - after a letter or _.`,
  )
}

function urlOf(meta: unknown): string {
  const url = (meta as { readonly url?: unknown } | null)?.url
  if (typeof url === 'string') return url
  throw umbelError(
    'UMBEL_BAD_OPTION',
    'defineTasks() takes import.meta first, or the namespace where its tasks may run on the main loop.',
  )
}

function errorsByName(classes: readonly ErrorClass[]): ReadonlyMap<string, ErrorClass> {
  const errors = new Map<string, ErrorClass>()
  for (const errorClass of classes) {
    if (typeof errorClass !== 'function' || !(errorClass.prototype instanceof Error)) {
      throw umbelError(
        'UMBEL_BAD_OPTION',
        `errors of defineTasks() takes classes of errors, not ${String(errorClass).slice(0, 80)}.`,
      )
    }
    errors.set(errorClass.name, errorClass)
  }
  return errors
}
