import {
  type Clock,
  type Duration,
  type ErrorClasses,
  milliseconds,
  type Random,
  type RateLimit,
  type RatePolicy,
  type Route,
  ratePolicy,
  type SenderStore,
  type Store,
  type TokenSource,
  umbelError,
} from '@umbel/core'
import type { AnyStateMachine } from 'xstate'
import { type TaskDefinition, type TaskModule, tasksOf } from './definition.ts'
import { type LaneOptions, type LaneSettings, laneSettings } from './lanes/lane-options.ts'
import { bottleneckTokens } from './limits/bottleneck.ts'
import { readyTokens } from './limits/ready-tokens.ts'
import { checkNames, whole } from './option-checks.ts'
import { memoryStore } from './stores/memory.ts'
import { systemClock, systemRandom } from './system.ts'
import { type AnyWorkflow, asWorkflow } from './workflows/workflow.ts'

/** What `createApp` takes. Everything has a default. */
export interface AppOptions {
  /** Name in messages. Default `app`. */
  readonly name?: string
  /** What `defineTasks` gave, of every module whose tasks this app runs. */
  readonly tasks?: readonly TaskModule[]
  /** Machines whose runs this app goes on with, each version that still has some: machines, or what `workflow` gave. */
  readonly workflows?: readonly (AnyStateMachine | AnyWorkflow)[]
  /** Where tasks and results are kept. Default: `memoryStore()`. */
  readonly store?: Store | SenderStore
  /** Lanes by name. `default` always exists: unless given, with as many threads as the machine has cores. */
  readonly lanes?: Readonly<Record<string, LaneOptions>>
  /** Rate limits that several tasks share, by name: `{ stripe: '100/m' }`. A task names its own by `rateLimit: { limit: 'stripe' }`. */
  readonly limits?: Readonly<Record<string, RateLimit>>
  /** Who grants rate-limited tasks their starts. Default: `bottleneckTokens()`; on a simulated clock every start that the rate allows. */
  readonly tokens?: TokenSource
  /** Where tasks run that do not say so themselves; the first route that matches counts. */
  readonly routes?: readonly Route[]
  /** Bounds of what travels. */
  readonly values?: {
    /** Longest encoded argument list or result, in characters and bytes. Default 1 MiB. */
    readonly maxBytes?: number
  }
  /** How long an inline handler may keep the main loop from turning before the signal `loop-blocked` tells of it. Default 200 ms. */
  readonly loopBlockedAfter?: Duration
  /** Source of time, for tests a `SimulatedClock`. Default: the machine's. */
  readonly clock?: Clock
  /** Source of randomness. Default: the machine's. */
  readonly random?: Random
}

const APP_OPTIONS = [
  'name',
  'tasks',
  'workflows',
  'store',
  'lanes',
  'limits',
  'tokens',
  'routes',
  'values',
  'loopBlockedAfter',
  'clock',
  'random',
]
const MIB = 1_048_576

/** Options with everything filled in. */
export interface AppSettings {
  readonly name: string
  readonly clock: Clock
  readonly random: Random
  readonly store: Store
  readonly tasks: ReadonlyMap<string, TaskDefinition>
  readonly errors: ErrorClasses
  readonly workflows: readonly AnyWorkflow[]
  readonly lanes: ReadonlyMap<string, LaneSettings>
  /** Whether they were given, and not made up for want of any. */
  readonly lanesGiven: boolean
  readonly limits: ReadonlyMap<string, RatePolicy>
  readonly tokens: TokenSource
  readonly routes: readonly Route[]
  readonly maxBytes: number
  /** Milliseconds. */
  readonly loopBlockedAfter: number
}

/** The same, of an app of either kind. */
export type GivenSettings = Omit<AppSettings, 'store'> & { readonly store: Store | SenderStore }

/** Check options and fill in what is missing. @throws UMBEL_BAD_OPTION, UMBEL_BAD_LANE, UMBEL_BAD_DURATION, UMBEL_NOT_A_TASK, UMBEL_DUPLICATE_TASK */
export function appSettings(options: AppOptions): GivenSettings {
  checkNames('createApp', options, APP_OPTIONS)
  checkKinds(options)
  const tasks = new Map<string, TaskDefinition>()
  const errors = new Map()
  for (const module of list(options.tasks)) {
    for (const definition of tasksOf(module)) {
      const known = tasks.get(definition.name)
      if (known !== undefined && known !== definition)
        throw umbelError('UMBEL_DUPLICATE_TASK', `Two modules define a task called ${definition.name}.`)
      tasks.set(definition.name, definition)
      for (const [name, errorClass] of definition.errors) errors.set(name, errorClass)
    }
  }
  const clock = options.clock ?? systemClock
  return {
    name: options.name ?? 'app',
    clock,
    random: options.random ?? systemRandom,
    store: options.store ?? memoryStore(),
    tasks,
    errors,
    workflows: workflowsOf(options.workflows),
    lanes: laneSettings(options.lanes ?? {}),
    lanesGiven: options.lanes !== undefined,
    limits: limitsOf(options.limits ?? {}),
    tokens: options.tokens ?? (clock.simulated ? readyTokens(clock) : bottleneckTokens()),
    routes: options.routes ?? [],
    maxBytes: whole(options.values?.maxBytes ?? MIB, 'values.maxBytes', 1, Number.MAX_SAFE_INTEGER),
    loopBlockedAfter: milliseconds(options.loopBlockedAfter ?? '200ms', 'loopBlockedAfter'),
  }
}

function workflowsOf(given: AppOptions['workflows'] = []): readonly AnyWorkflow[] {
  if (Array.isArray(given))
    return given.map((one: AnyStateMachine | AnyWorkflow) => ('machine' in one ? one : asWorkflow(one)))
  throw umbelError('UMBEL_BAD_OPTION', 'workflows of createApp takes a list of machines: workflows: [order].')
}
/** Whether it is the store of another process, to which this one only sends. */
export const isSenderStore = (store: Store | SenderStore | undefined): store is SenderStore =>
  typeof store === 'object' && store !== null && 'as' in store && store.as === 'sender'

function limitsOf(given: Readonly<Record<string, RateLimit>>): ReadonlyMap<string, RatePolicy> {
  checkNames('limits', given, Object.keys(given))
  return new Map(Object.entries(given).map(([name, limit]) => [name, ratePolicy(limit, `limits.${name.slice(0, 80)}`)]))
}

/** Methods without which a store or a clock is none. */
const STORE_METHODS = [
  'open',
  'commit',
  'get',
  'children',
  'unfinished',
  'events',
  'effect',
  'letter',
  'letters',
  'drop',
  'close',
]
const SENDER_METHODS = [
  'open',
  'put',
  'standing',
  'children',
  'noteworthy',
  'changed',
  'answer',
  'withdraw',
  'owner',
  'close',
]
const TOKENS_METHODS = ['reserve', 'forget', 'stop']
const CLOCK_METHODS = ['now', 'monotonic', 'setTimer']

function checkKinds({ name, store, clock, random, values, tokens }: AppOptions): void {
  if (name !== undefined && typeof name !== 'string')
    throw umbelError('UMBEL_BAD_OPTION', `name of createApp is a ${typeof name}, not text.`)
  checkMethods('store', store, isSenderStore(store) ? SENDER_METHODS : STORE_METHODS)
  checkMethods('clock', clock, CLOCK_METHODS)
  checkMethods('tokens', tokens, TOKENS_METHODS)
  if (random !== undefined && typeof random !== 'function')
    throw umbelError('UMBEL_BAD_OPTION', `random of createApp is a ${typeof random}, not a function.`)
  if (values !== undefined) checkNames('values', values, ['maxBytes'])
}

function checkMethods(option: string, value: unknown, methods: readonly string[]): void {
  if (value === undefined) return
  const lacking = methods.find((method) => typeof (value as Record<string, unknown> | null)?.[method] !== 'function')
  if (lacking !== undefined)
    throw umbelError('UMBEL_BAD_OPTION', `${option} of createApp has no method ${lacking}: it is no ${option}.`)
}

function list(tasks: AppOptions['tasks'] = []): readonly TaskModule[] {
  if (Array.isArray(tasks)) return tasks
  throw umbelError('UMBEL_BAD_OPTION', 'tasks of createApp takes a list of modules: tasks: [etl].')
}
