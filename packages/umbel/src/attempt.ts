import type { AttemptCall, Encoded, Outcome } from '@umbel/core'
import { decode, decodeOwned, encode, toErrorData, umbelError } from '@umbel/core/tasks'
import { AttemptContext, type AttemptEnvironment, AttemptSender, equip, TooLate } from './attempt-context.ts'
import type { AttemptControl } from './attempt-control.ts'
import { type Ending, endingOf } from './attempt-ending.ts'
import { type CurrentAttempt, currentAttempt, inAttempt } from './current-attempt.ts'
import { type AnyContext, type AttemptEnd, checkArity, type TaskDefinition } from './definition.ts'
import { upcasted } from './upcast.ts'

/** Who is told what an attempt came to. */
export interface AttemptOwner {
  ended(outcome: Outcome): void
}

/**
 * Run one attempt of a task to its outcome: decode, check the keyword arguments, set up, call the handler, say what came of
 * it, run the hooks. Its owner's `ended` is called once, whatever the handler does: within this call where the handler promises nothing and its
 * task has no bases, as a promise for each attempt would cost more than most of what is done here.
 *
 * Hooks of all bases run, outermost first: `beforeStart`, then `around` (the outermost base's is the outermost), then the
 * handler, then `onSuccess`, `onFailure` or `onRetry`. `afterReturn` is left as the `rest` of the control: as in Celery it
 * runs once the outcome is stored, and not for a retry. None of the last four runs for an attempt that was ignored, rejected,
 * replaced or aborted.
 */
export function runAttempt(
  definition: TaskDefinition,
  call: AttemptCall,
  environment: AttemptEnvironment,
  control: AttemptControl,
  owner: AttemptOwner,
): void {
  const attempt = new Attempt(definition, call, environment, control, owner)
  try {
    give(attempt)
  } catch (error) {
    return unable(attempt, error)
  }
  if (definition.options.kwargs === undefined) return run(attempt)
  checkedKwargs(definition, attempt.kwargs ?? {}).then(
    (kwargs) => {
      attempt.kwargs = kwargs
      run(attempt)
    },
    (error) => unable(attempt, error),
  )
}

/** All that belongs to one run of a handler, and what code called from it finds: all that is the user's runs within it. */
class Attempt implements CurrentAttempt {
  readonly definition: TaskDefinition
  readonly call: AttemptCall
  readonly environment: AttemptEnvironment
  readonly control: AttemptControl
  readonly owner: AttemptOwner
  via: AttemptCall['via']
  args: readonly unknown[] = NO_ARGS
  /** `undefined` where it was given none. */
  kwargs: Readonly<Record<string, unknown>> | undefined
  #context: (AttemptContext & AnyContext) | undefined
  #sender: AttemptSender | undefined

  constructor(
    definition: TaskDefinition,
    call: AttemptCall,
    environment: AttemptEnvironment,
    control: AttemptControl,
    owner: AttemptOwner,
  ) {
    this.definition = definition
    this.call = call
    this.environment = environment
    this.control = control
    this.owner = owner
    this.via = call.via
  }

  get context(): AttemptContext & AnyContext {
    this.#context ??= new AttemptContext(
      this.definition,
      this.call,
      this.kwargs,
      this.environment,
      this.control,
    ) as AttemptContext & AnyContext
    return this.#context
  }

  get sender(): AttemptSender {
    this.#sender ??= new AttemptSender(this.call, this.environment)
    return this.#sender
  }
}

const NO_ARGS: readonly unknown[] = []

/** What was sent cannot be given to the handler. */
function unable({ control, owner }: Attempt, error: unknown): void {
  control.ended = true
  owner.ended({ kind: 'failed', error: toErrorData(error) })
}

function run(attempt: Attempt): void {
  if (attempt.definition.bases.length === 0) handled(attempt)
  else based(attempt).then(({ outcome }) => over(attempt, outcome))
}

function over({ control, owner }: Attempt, outcome: Outcome): void {
  control.told = true
  control.ended = control.rest === undefined
  owner.ended(control.writes === undefined ? outcome : control.writes.with(outcome))
}

/** Find what the handler is to be given: what was sent, made fit where that was to another version. @throws UMBEL_TASK_VERSION */
function give(attempt: Attempt): void {
  const { errors, options } = attempt.definition
  const { via, args, kwargs, version = 1 } = attempt.call
  const read = attempt.environment.ownsValues === true ? decodeOwned : decode
  attempt.args = read(args, errors) as readonly unknown[]
  if (kwargs !== undefined) attempt.kwargs = read(kwargs, errors) as Record<string, unknown>
  if (version === (options.version ?? 1)) return
  const given = upcasted(attempt.definition, version, { via, args: attempt.args, kwargs: { ...attempt.kwargs } })
  attempt.via = given.via
  attempt.args = given.args
  attempt.kwargs = given.kwargs
}

/** What the schema of a task makes of its keyword arguments. @throws UMBEL_BAD_KWARGS */
async function checkedKwargs(definition: TaskDefinition, kwargs: object): Promise<Record<string, unknown>> {
  const checked = await definition.options.kwargs?.['~standard'].validate(kwargs)
  if (checked?.issues === undefined) return checked?.value as Record<string, unknown>
  const issues = checked.issues.map((issue) => issue.message).join('; ')
  throw umbelError('UMBEL_BAD_KWARGS', `The keyword arguments of ${definition.name} do not fit: ${issues}.`)
}

/** Call the handler and judge what comes of it. */
function handled(attempt: Attempt): void {
  let returned: unknown
  try {
    attempt.control.begin()
    returned = inAttempt(attempt, invoke, attempt)
    if (isPromise(returned)) return waited(attempt, returned)
  } catch (thrown) {
    return over(attempt, endingOf(thrown, attempt).outcome)
  }
  over(attempt, outcomeOf(attempt, returned))
}

/** Apart, as a function with callbacks costs what they need as it is entered. */
function waited(attempt: Attempt, promise: PromiseLike<unknown>): void {
  attempt.control.wait(
    promise,
    (value) => over(attempt, outcomeOf(attempt, value)),
    (thrown) => over(attempt, endingOf(thrown, attempt).outcome),
  )
}

/** The same for a task with bases: their resources and hooks around it. */
async function based(attempt: Attempt): Promise<Ending> {
  let ending: Ending
  try {
    for (const base of attempt.definition.bases) {
      if (base.setup !== undefined)
        equip(attempt.context, await attempt.environment.resources.get(base, attempt.definition.name))
    }
    attempt.control.begin()
    const returned = currentAttempt.run(attempt, surrounded, attempt)
    const value = await new Promise((resolve, reject) => attempt.control.wait(returned, resolve, reject))
    ending = succeeded(attempt, value)
  } catch (thrown) {
    ending = endingOf(thrown, attempt)
  }
  if (attempt.control.ended) return ending // it was given up: nobody asks what it came to
  await currentAttempt.run(attempt, runHooks, attempt, ending)
  return leaveRest(attempt, ending)
}

/** Leave `afterReturn` to be run later, where a base has one and the task has succeeded or failed for good. */
function leaveRest(attempt: Attempt, { outcome, value }: Ending): Ending {
  const { definition, control } = attempt
  if (outcome.kind !== 'succeeded' && outcome.kind !== 'failed') return { outcome, value }
  if (definition.bases.every(({ afterReturn }) => afterReturn === undefined)) return { outcome, value }
  const end: AttemptEnd =
    outcome.kind === 'succeeded' ? { status: 'SUCCESS', result: value } : { status: 'FAILURE', error: value }
  control.rest = async () => {
    await currentAttempt.run(attempt, eachBase, attempt, 'afterReturn', end)
    control.ended = true
  }
  return { outcome: { ...outcome, unfinished: true }, value }
}

/** The handler with `beforeStart` and `around` of its bases. */
async function surrounded(attempt: Attempt): Promise<unknown> {
  const { definition, context, args } = attempt
  for (const base of definition.bases) await base.beforeStart?.(context, args)
  let next = async (): Promise<unknown> => invoke(attempt)
  for (const { around } of definition.bases.toReversed()) {
    if (around === undefined) continue
    const inner = next
    next = async () => around(context, inner)
  }
  return next()
}

function invoke(attempt: Attempt): unknown {
  const { via, args, control } = attempt
  switch (via) {
    case 'call':
      return invokeWith(attempt, args)
    case 'map':
      return overItems(args[0], control, (item) => invokeWith(attempt, [item]))
    case 'starmap':
      return overItems(args[0], control, (item) => invokeWith(attempt, item as readonly unknown[]))
    default:
      throw umbelError('UMBEL_BAD_CANVAS', `A task cannot be called by way of ${String(via satisfies never)}.`)
  }
}

/** The moment at which the handler of a rate-limited task starts; of none other. @throws TooLate where that would be faster than its rate */
function startsAt({ call: { startBy }, control, environment }: Attempt): number | undefined {
  if (startBy === undefined || control.begun) return undefined // a hook runs it again, or it is a map's next item
  const now = environment.clock.monotonic()
  if (now > startBy) throw new TooLate()
  control.begun = true
  return now
}

/** What a later step is given is known only now. @throws UMBEL_WRONG_ARITY */
function invokeWith(attempt: Attempt, args: readonly unknown[]): unknown {
  const { definition, call, context, environment } = attempt
  checkArity(definition, args.length)
  const { loop, reports } = environment
  const begun = loop?.begin() ?? 0
  const at = startsAt(attempt)
  try {
    return definition.handler(context, ...args)
  } finally {
    // told only now: nothing may lie between that moment and the handler's first line
    if (at !== undefined) reports.begun(call, at)
    loop?.end(call, begun)
  }
}

/** Call the handler for each item in order; the first error ends it, and so does an abort. */
async function overItems(items: unknown, control: AttemptControl, one: (item: unknown) => unknown): Promise<unknown[]> {
  const results: unknown[] = []
  for (const item of items as readonly unknown[]) {
    control.begin()
    results.push(await one(item))
  }
  return results
}

/** What a result comes to. One that cannot travel fails the attempt for good: another one would return the like. */
function succeeded({ definition: { options }, environment: { maxBytes } }: Attempt, value: unknown): Ending {
  let result: Encoded
  try {
    result = encode(value, { maxBytes, path: 'result', bytes: options.movesResult ? 'moved' : 'copied' })
  } catch (error) {
    return { outcome: { kind: 'failed', error: toErrorData(error) }, value: error }
  }
  return { outcome: { kind: 'succeeded', result }, value }
}

const outcomeOf = (attempt: Attempt, value: unknown): Outcome => succeeded(attempt, value).outcome

/** Run what bases do before the outcome is told. What they throw is logged and changes nothing. */
async function runHooks(attempt: Attempt, { outcome, value }: Ending): Promise<void> {
  switch (outcome.kind) {
    case 'succeeded':
      return eachBase(attempt, 'onSuccess', value)
    case 'failed':
      return eachBase(attempt, 'onFailure', value)
    case 'retry':
      return eachBase(attempt, 'onRetry', value)
    default:
  }
}

type EndHook = 'onSuccess' | 'onFailure' | 'onRetry' | 'afterReturn'

async function eachBase(attempt: Attempt, hook: EndHook, value: unknown): Promise<void> {
  const { definition, context, args } = attempt
  for (const base of definition.bases) {
    const run = base[hook] as ((ctx: AnyContext, value: unknown, args: readonly unknown[]) => unknown) | undefined
    try {
      await run?.(context, value, args)
    } catch (error) {
      context.log.error(`${hook} threw`, { error: toErrorData(error) })
    }
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    value !== null &&
    (typeof value === 'object' || typeof value === 'function') &&
    typeof (value as { then?: unknown }).then === 'function'
  )
}
