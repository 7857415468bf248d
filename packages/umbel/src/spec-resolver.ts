import {
  badHeaders,
  type Canvas,
  checkedHeaders,
  commonHeaders,
  compilePlan,
  type compileRoutes,
  didYouMean,
  type Encoded,
  type ErrorCallback,
  type Expiry,
  encode,
  encodeRest,
  MAX_CANVAS_DEPTH,
  type MapSignature,
  milliseconds,
  type Plan,
  planOfOne,
  type Resolve,
  type SignatureOptions,
  stampedCallbacks,
  type TaskHeaders,
  type TaskSignature,
  type TaskSpec,
  timeLimits,
  umbelError,
} from '@umbel/core'
import { checkArity, type TaskDefinition } from './definition.ts'
import { checkNotUnique } from './key-of-task.ts'
import { knownTask, shown } from './known-names.ts'
import type { Limits } from './limits/limits.ts'
import { checkedPriority } from './option-checks.ts'
import { isBare, isPlain, type KnownTask, PlainSpecs, plainKey } from './plain-specs.ts'
import { RepeatedArgs } from './repeated-args.ts'
import { isWorkflowTask } from './workflows/workflow.ts'

/** Priority of a task where nothing says otherwise. */
const DEFAULT_PRIORITY = 5

/** What routing must know of a lane: whether it has slots of a kind, or had once. */
export interface LaneOffer {
  serves(kind: 'threads' | 'inline'): boolean
}

/** What signatures are resolved against. */
export interface ResolverOptions {
  /** Tasks the app registered, by name. */
  readonly tasks: ReadonlyMap<string, TaskDefinition>
  readonly lanes: Pick<ReadonlyMap<string, LaneOffer>, 'get' | 'keys'>
  readonly route: ReturnType<typeof compileRoutes>
  /** Whether some route is asked about each call, so that it may look at the arguments. */
  readonly routesByCall: boolean
  readonly limits: Pick<Limits, 'check'>
  /** Finds the machine that a step names. @throws UMBEL_UNKNOWN_WORKFLOW */
  readonly workflows: { definition(name: string): TaskDefinition }
  /** Longest encoded value, in characters and bytes. */
  readonly maxBytes: number
}

/**
 * Works a task's options, the routes and the defaults into signatures, and refuses what could never run.
 * Precedence: call and signature, then route, then the task's own option, then the default.
 */
export class SpecResolver {
  readonly #options: ResolverOptions
  readonly #plain = new PlainSpecs()
  /** Of calls that were given nothing but headers, as long as these are in use. */
  readonly #stamped = new WeakMap<TaskHeaders, PlainSpecs>()
  readonly #resolve: Resolve = {
    task: (signature, fed) => this.#task(signature, fed),
    errorCallbacks: (callbacks) => callbacks.map((callback) => this.#errorCallback(callback)),
  }
  #depth = 0
  /** What is known of tasks by the canvas that their module has of them. */
  readonly #tasks = new WeakMap<Canvas, KnownTask>()
  readonly #known = new WeakMap<TaskHeaders, TaskHeaders>()
  /** Headers of the canvas that is being compiled, by their JSON. */
  readonly #texts = new Map<string, TaskHeaders>()
  readonly #repeated = new RepeatedArgs()

  readonly #anyUnique: boolean
  readonly #encodeArgs = (args: readonly unknown[]): Encoded => this.#encode(args, 'args')

  constructor(options: ResolverOptions) {
    this.#options = options
    this.#anyUnique = [...options.tasks.values()].some((task) => task.options.unique !== undefined)
  }

  /**
   * Compile a canvas to its plan.
   * @throws UMBEL_UNKNOWN_TASK, UMBEL_UNKNOWN_LANE, UMBEL_BAD_LANE, UMBEL_WRONG_ARITY, UMBEL_BAD_KWARGS, UMBEL_CANNOT_TRAVEL
   * and its like, UMBEL_BAD_PRIORITY, UMBEL_BAD_DURATION, UMBEL_BAD_ETA, UMBEL_BAD_ROUTE, UMBEL_BAD_TIME_LIMIT, and those of `compilePlan`.
   */
  plan(canvas: Canvas, fed = false): Plan {
    if (this.#depth >= MAX_CANVAS_DEPTH)
      throw umbelError('UMBEL_CANVAS_TOO_DEEP', `Callbacks are nested deeper than ${MAX_CANVAS_DEPTH} levels.`)
    this.#depth += 1
    try {
      const plan = compilePlan(canvas, this.#resolve, fed)
      if (this.#anyUnique && (fed || plan.nodes.length > 1)) checkNotUnique(plan, this.#options.tasks)
      const headers = plan.nodes.length === 1 ? undefined : commonHeaders(plan.nodes)
      return headers === undefined ? plan : { ...plan, headers }
    } finally {
      this.#depth -= 1
      if (this.#depth === 0) this.#forget()
    }
  }

  /** The canvas is compiled. */
  #forget(): void {
    if (this.#texts.size > 0) this.#texts.clear() // to empty what is empty makes its table anew
    this.#repeated.clear()
  }

  /**
   * Compile a call of a task by the canvas that its module has of it, with nothing but rest parameters, as most are; `undefined` of any other.
   * What has to be looked up and checked is the same for all of them but for their arguments. @throws what `plan` throws
   */
  planOfTask(canvas: Canvas, args: readonly unknown[]): Plan | undefined {
    const task = this.#tasks.get(canvas) ?? this.#knowTask(canvas)
    if (task === undefined) return undefined
    const { definition, spec } = task
    checkArity(definition, args.length)
    this.#options.limits.check(definition, args)
    const encoded = encodeRest(args, { maxBytes: this.#options.maxBytes, path: 'args' })
    return planOfOne(spec, encoded, undefined)
  }

  /** Compile a canvas that goes on in the place of something or is begun by it. @throws UMBEL_BAD_CANVAS for what is unique, and what `plan` throws */
  part(canvas: Canvas): Plan {
    const plan = this.plan(canvas)
    if (this.#anyUnique) checkNotUnique(plan, this.#options.tasks)
    return plan
  }

  /** Refuse a canvas that could not be sent with one value put before its arguments. @throws UMBEL_WRONG_ARITY, and what `plan` throws */
  checkFed(canvas: Canvas): void {
    this.plan(canvas, true)
    if (canvas.kind === 'task' && !canvas.immutable) checkArity(this.#definition(canvas.task), canvas.args.length + 1)
  }

  #task(signature: TaskSignature | MapSignature, fed: boolean): ReturnType<Resolve['task']> {
    const definition = this.#definition(signature.task)
    if (signature.kind !== 'task') {
      checkMapped(definition, signature.kind)
      return {
        spec: this.#spec(signature, definition),
        args: this.#encode([signature.items], 'args'),
        kwargs: undefined,
      }
    }
    if (!fed || signature.immutable) {
      checkArity(definition, signature.args.length)
      this.#options.limits.check(definition, signature.args)
    }
    const spec = isPlain(signature.options) ? this.#plainSpec(signature, definition) : this.#spec(signature, definition)
    return { spec, args: this.#args(signature.args), kwargs: this.#kwargs(signature, definition) }
  }

  /**
   * The spec of a call without options, or with a place or headers alone: one for all with the same, unless a route looks at more than
   * the name. So many that wait with a priority of their own hold one spec for each priority.
   */
  #plainSpec(signature: TaskSignature, definition: TaskDefinition): TaskSpec {
    if (this.#options.routesByCall) return this.#spec(signature, definition)
    const plain = this.#plainSpecs(signature.options.headers)
    const key = plainKey(signature)
    let spec = plain.get(definition, key)
    if (spec === undefined) {
      spec = this.#spec(signature, definition)
      plain.set(definition, key, spec)
    }
    return spec
  }

  #knowTask(canvas: Canvas): KnownTask | undefined {
    if (this.#options.routesByCall || !isBare(canvas)) return undefined
    const definition = this.#definition(canvas.task)
    if (definition.workflow !== undefined || definition.options.kwargs !== undefined) return undefined
    const task = { definition, spec: this.#plainSpec(canvas, definition) }
    this.#tasks.set(canvas, task)
    return task
  }

  #plainSpecs(given: TaskHeaders | undefined): PlainSpecs {
    if (given === undefined) return this.#plain
    const headers = this.#headers(given)
    const specs = this.#stamped.get(headers) ?? new PlainSpecs()
    this.#stamped.set(headers, specs)
    return specs
  }

  /** Headers that were checked; those of one canvas that are the same are one object, though it may have come as text. */
  #headers(given: TaskHeaders): TaskHeaders {
    const known = this.#known.get(given)
    if (known !== undefined) return known
    const headers = checkedHeaders(given, badHeaders)
    const text = JSON.stringify(headers)
    const one = this.#texts.get(text) ?? headers
    this.#texts.set(text, one)
    if (Object.isFrozen(given)) this.#known.set(given, one)
    return one
  }

  #spec(signature: TaskSignature | MapSignature, definition: TaskDefinition): TaskSpec {
    const { options } = signature
    const headers = options.headers === undefined ? undefined : this.#headers(options.headers)
    const { version = 1, acks } = definition.options
    return {
      task: definition.name,
      via: signature.kind === 'task' ? 'call' : signature.kind,
      immutable: signature.kind === 'task' ? signature.immutable : true,
      ...this.#place(signature, definition),
      inline: runsInline(definition),
      states: definition.options.states,
      ...timing(options, definition),
      // a map is a task of its own: it has the results of what it calls
      ignoreResult:
        flag(options.ignoreResult, 'ignoreResult') ?? (signature.kind === 'task' && definition.options.ignoreResult),
      ...(acks === 'early' && { acks }),
      ...(version !== 1 && { version }),
      ...(definition.workflow !== undefined && { workflow: definition.workflow }),
      ...(headers !== undefined && { headers }),
      link: stampedCallbacks(options.link, headers).map((callback) => this.plan(callback, true)),
      linkError: this.#resolve.errorCallbacks(stampedCallbacks(options.linkError, headers)),
    }
  }

  #definition(name: string): TaskDefinition {
    return isWorkflowTask(name) ? this.#options.workflows.definition(name) : knownTask(this.#options.tasks, name)
  }

  #place(signature: TaskSignature | MapSignature, definition: TaskDefinition): { lane: string; priority: number } {
    const { options } = signature
    const args = signature.kind === 'task' ? signature.args : [signature.items]
    const kwargs = signature.kind === 'task' ? signature.kwargs : {}
    const route = this.#options.route({ task: definition.name, args, kwargs, options })
    const lane = options.lane ?? route?.lane ?? definition.options.lane ?? 'default'
    this.#checkLane(lane, definition)
    const priority = options.priority ?? route?.priority ?? definition.options.priority ?? DEFAULT_PRIORITY
    return { lane, priority: checkedPriority(priority, definition.name) }
  }

  #checkLane(name: string, definition: TaskDefinition): void {
    const lane = this.#options.lanes.get(name)
    if (lane === undefined) {
      const meant = typeof name === 'string' ? didYouMean(name, this.#options.lanes.keys()) : ''
      throw umbelError(
        'UMBEL_UNKNOWN_LANE',
        `${definition.name} is to run on the lane ${shown(name)}, which does not exist.${meant}`,
      )
    }
    if (definition.workflow !== undefined) return
    const inline = runsInline(definition)
    if (lane.serves(inline ? 'inline' : 'threads')) return
    const kind = inline ? 'inline slots' : 'threads'
    throw umbelError('UMBEL_BAD_LANE', `${definition.name} is to run on the lane ${name}, which has no ${kind}.`)
  }

  #kwargs({ kwargs }: TaskSignature, definition: TaskDefinition): Encoded | undefined {
    const schema = definition.options.kwargs
    if (schema !== undefined) {
      const checked = schema['~standard'].validate(kwargs)
      // one that answers later is asked again where the handler runs
      if (checked instanceof Promise) checked.catch(() => {})
      else if (checked.issues !== undefined) {
        const issues = checked.issues.map((issue) => issue.message).join('; ')
        throw umbelError('UMBEL_BAD_KWARGS', `The keyword arguments of ${definition.name} do not fit: ${issues}.`)
      }
    }
    return hasNone(kwargs) ? undefined : this.#encode(kwargs, 'kwargs')
  }

  #args(args: readonly unknown[]): Encoded {
    // a route that is given them may change them
    return this.#options.routesByCall ? this.#encodeArgs(args) : this.#repeated.encoded(args, this.#encodeArgs)
  }

  #encode(value: unknown, path: string): Encoded {
    return encode(value, { maxBytes: this.#options.maxBytes, path })
  }

  #errorCallback(canvas: Canvas): ErrorCallback {
    const plan = this.plan(canvas, true)
    const first = firstStep(canvas)
    const most = first.kind === 'task' ? (this.#options.tasks.get(first.task)?.arity.max ?? 1) : 1
    const room = most - (first.kind === 'task' ? first.args.length : 0)
    return { plan, takes: room >= 3 ? 3 : room === 2 ? 2 : 1 }
  }
}

/** Refuse to map what has a key for each call: a map is one call. @throws UMBEL_BAD_CANVAS */
function checkMapped({ name, options }: TaskDefinition, kind: 'map' | 'starmap'): void {
  if (options.idempotencyKey === undefined && options.unique === undefined) return
  const message = `A ${kind} of ${name} would run its items in one call, and each has a key of its own: send a group.`
  throw umbelError('UMBEL_BAD_CANVAS', message)
}

const hasNone = (kwargs: TaskSignature['kwargs']): boolean => {
  for (const _ in kwargs) return false
  return true
}

/** Whether a task's handler runs on the main loop: it says so, or no thread could import it. */
const runsInline = (definition: TaskDefinition): boolean => definition.options.inline || definition.module === undefined

function timing(
  options: SignatureOptions,
  definition: TaskDefinition,
): Pick<TaskSpec, 'countdown' | 'eta' | 'expires' | 'timeLimit'> {
  const { countdown, eta, timeLimit } = options
  if (countdown !== undefined && eta !== undefined)
    throw umbelError('UMBEL_BAD_ETA', `${definition.name} was given both countdown and eta.`)
  const expires = options.expires ?? definition.options.expires
  return {
    countdown: countdown === undefined ? undefined : milliseconds(countdown, 'countdown'),
    eta: eta === undefined ? undefined : moment(eta, 'eta'),
    expires: expires === undefined ? undefined : expiry(expires),
    ...(timeLimit !== undefined && { timeLimit: timeLimits(timeLimit, `timeLimit of ${definition.name}`) }),
  }
}

function expiry(expires: NonNullable<SignatureOptions['expires']>): Expiry {
  if (expires instanceof Date) return { at: moment(expires, 'expires') }
  // Celery takes a moment that has passed for expired, not for a mistake
  if (typeof expires === 'number' && expires < 0) return { after: 0 }
  return { after: milliseconds(expires, 'expires') }
}

function moment(value: Date | number, what: string): number {
  const at = value instanceof Date ? value.getTime() : value
  if (typeof at !== 'number' || !Number.isFinite(at))
    throw umbelError(
      'UMBEL_BAD_ETA',
      `${what} is ${value instanceof Date ? 'Invalid Date' : shown(value)}, which is no moment.`,
    )
  return at
}

function flag(value: unknown, what: string): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value
  throw umbelError('UMBEL_BAD_OPTION', `${what} is ${shown(value)}, which is neither true nor false.`)
}

/** What an error callback begins with. As in Celery a group and a chord are given the id, whatever their members take. */
function firstStep(canvas: Canvas): Canvas {
  const first = canvas.kind === 'chain' ? canvas.steps[0] : undefined
  return first === undefined ? canvas : firstStep(first)
}
