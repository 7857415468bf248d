import type { AttemptCall, AttemptReports, Canvas, Clock, Encoded, Place, SentAs, TaskHeaders } from '@umbel/core'
import { encode, frozenJson, milliseconds, NO_HEADERS, umbelError, underHeaders, withCall } from '@umbel/core/tasks'
import type { AnySignature } from './any-signature.ts'
import type { AttemptControl } from './attempt-control.ts'
import { AttemptEffects } from './attempt-effects.ts'
import { AttemptWrites } from './attempt-writes.ts'
import type { RetryRequest, TaskLog, WriteParams } from './context.ts'
import type { AnyContext, TaskDefinition } from './definition.ts'
import type { LoopWatch } from './lanes/loop-watch.ts'
import { checkNames } from './option-checks.ts'
import type { Resources } from './resources.ts'
import type { AnyResult, Call, Sender } from './sender.ts'
import { canvasOf } from './signature.ts'
import { checkedEvent, type SendOptions } from './workflows/run-event.ts'

/** What attempts need of where they run; shared by all of them. */
export interface AttemptEnvironment {
  readonly reports: AttemptReports
  readonly clock: Clock
  readonly resources: Resources
  /** Longest encoded value, in characters and bytes. */
  readonly maxBytes: number
  /** Whether handlers can write to the store: `ctx.write`. */
  readonly takesWrites?: boolean | undefined
  /** Whether nobody else holds the values of a call, as where they came by message: then their bytes are not copied for the handler. */
  readonly ownsValues?: boolean | undefined
  /** Makes the ids of what handlers send. */
  readonly ids: () => string
  /** Makes the handle of what was sent under an id. */
  readonly handleOf: (id: string) => AnyResult
  /** Watches over the loop, where handlers share one with everything else. */
  readonly loop?: LoopWatch | undefined
}

/** What `ctx.retry` throws. */
export class RetryWanted {
  readonly error: unknown
  /** Milliseconds to wait; `undefined` leaves it to the task's backoff. */
  readonly delay: number | undefined
  readonly max: number | undefined

  /** @throws UMBEL_BAD_DURATION, UMBEL_BAD_RETRY */
  constructor({ error, countdown, max }: RetryRequest) {
    if (max !== undefined && !(max >= 0))
      throw umbelError('UMBEL_BAD_RETRY', `ctx.retry was given max: ${String(max)}, which is no number of retries.`)
    this.error = error
    this.delay = countdown === undefined ? undefined : milliseconds(countdown, 'countdown')
    this.max = max
  }
}

/** What is thrown in the place of a handler whose permit to start has run out. */
export class TooLate {}

/** What `ctx.replace` throws. */
export class Replacement {
  readonly canvas: Encoded
  constructor(canvas: Encoded) {
    this.canvas = canvas
  }
}

/**
 * The context a handler is given. `retry` and `replace` end the attempt by throwing: a handler that catches what they throw
 * goes on as if they had not been called. Once the attempt has ended, states, progress and logs are dropped.
 */
export class AttemptContext implements Omit<AnyContext, 'send' | 'addToChord' | 'setState'> {
  readonly #definition: TaskDefinition
  readonly #call: AttemptCall
  #kwargs: Readonly<Record<string, unknown>> | undefined
  readonly #environment: AttemptEnvironment
  readonly #control: AttemptControl
  #log: AttemptLog | undefined
  #effects: AttemptEffects | undefined

  constructor(
    definition: TaskDefinition,
    call: AttemptCall,
    kwargs: Readonly<Record<string, unknown>> | undefined,
    environment: AttemptEnvironment,
    control: AttemptControl,
  ) {
    this.#definition = definition
    this.#call = call
    this.#kwargs = kwargs
    this.#environment = environment
    this.#control = control
  }

  get id(): string {
    return this.#call.id
  }

  get attempt(): number {
    return this.#call.attempt
  }

  get signal(): AbortSignal {
    return this.#control.signal
  }

  get kwargs(): Readonly<Record<string, unknown>> {
    this.#kwargs ??= {}
    return this.#kwargs
  }

  get parent(): string | undefined {
    return this.#call.parent
  }

  get root(): string {
    return this.#call.root
  }

  get place(): Place | undefined {
    return this.#call.place
  }

  get headers(): TaskHeaders {
    return frozenJson(this.#call.headers ?? NO_HEADERS)
  }

  get log(): TaskLog {
    this.#log ??= new AttemptLog(this.#call, this.#environment, this.#control)
    return this.#log
  }

  setState(state: string, meta?: object): void {
    const { name, options } = this.#definition
    if (!options.states.includes(state)) {
      const known = options.states.length === 0 ? 'it declares none' : `it declares ${options.states.join(', ')}`
      throw umbelError('UMBEL_UNKNOWN_STATE', `${name} has no state ${String(state)}: ${known}.`)
    }
    const encoded = meta === undefined ? undefined : this.#encode(meta, 'meta')
    if (!this.#control.ended) this.#environment.reports.state(this.#call, state, encoded)
  }

  progress(done: number, total: number): void {
    if (!this.#control.ended) this.#environment.reports.progress(this.#call, done, total)
  }

  retry(request: RetryRequest = {}): never {
    throw new RetryWanted(request)
  }

  replace(signature: AnySignature): never {
    throw new Replacement(encodeCanvas(canvasOf(signature), this.#call))
  }

  send(signature: AnySignature): AnyResult {
    return sendCanvas(canvasOf(signature), this.#call, this.#environment, 'child')
  }

  addToChord(signature: AnySignature): AnyResult {
    const { id, task, chord } = this.#call
    if (!chord) throw umbelError('UMBEL_NO_CHORD', `Task ${id} (${task}) is no member of a chord.`)
    return sendCanvas(canvasOf(signature), this.#call, this.#environment, 'member')
  }

  write(sql: string, params: WriteParams = []): void {
    const { task } = this.#call
    if (this.#environment.takesWrites !== true)
      throw umbelError('UMBEL_CANNOT_WRITE', `${task} called ctx.write, and the store of its app takes no writes.`)
    if (this.#control.told || this.#control.ended)
      throw umbelError('UMBEL_ATTEMPT_OVER', `${task} called ctx.write after its attempt had ended.`)
    this.#control.writes ??= new AttemptWrites(this.#environment.maxBytes)
    this.#control.writes.add(sql, params)
  }

  tell<E extends { readonly type: string }>(run: string, event: E, options: SendOptions = {}): void {
    checkNames('tell', options, ['dedupe', 'by'])
    if (typeof run !== 'string')
      throw umbelError('UMBEL_BAD_OPTION', `ctx.tell takes the id of a run, not a ${typeof run}.`)
    const told = this.#encode({ event: checkedEvent(event), options }, 'event')
    this.#environment.reports.send(this.#call, run, told, 'event')
  }

  async once(name: string, fn: (key: string) => unknown): Promise<never> {
    this.#effects ??= new AttemptEffects(this.#call, this.#environment)
    return (await this.#effects.once(name, fn)) as never
  }

  #encode(value: unknown, path: string): Encoded {
    return encode(value, { maxBytes: this.#environment.maxBytes, path })
  }
}

/** Put what a base's setup made onto a context. @throws UMBEL_SETUP_FAILED when it would hide something of the context's own. */
export function equip(context: AttemptContext, made: unknown): void {
  if (typeof made !== 'object' || made === null) return
  for (const key of Object.keys(made)) {
    if (key in AttemptContext.prototype) {
      throw umbelError('UMBEL_SETUP_FAILED', `A setup gave ${key}, which is a name of the context's own.`)
    }
  }
  Object.assign(context, made)
}

/** The sender behind `delay` and `send` of signatures while a handler runs. */
export class AttemptSender implements Sender {
  readonly #call: AttemptCall
  readonly #environment: AttemptEnvironment

  constructor(call: AttemptCall, environment: AttemptEnvironment) {
    this.#call = call
    this.#environment = environment
  }

  delay(canvas: Canvas, { args, kwargs, options }: Call): AnyResult {
    return sendCanvas(withCall(canvas, args, kwargs, options), this.#call, this.#environment, 'child')
  }

  async send(canvas: Canvas, call: Call): Promise<AnyResult> {
    return this.delay(canvas, call)
  }
}

/** Works after the attempt has ended, too: what a handler forgot to await is not lost. */
function sendCanvas(canvas: Canvas, call: AttemptCall, environment: AttemptEnvironment, as: SentAs): AnyResult {
  const { ids, reports, handleOf } = environment
  const id = canvas.options.id ?? ids()
  reports.send(call, id, encodeCanvas(canvas, call), as)
  return handleOf(id)
}

/** Longest encoded canvas, in characters and bytes: each of its values is held to `maxBytes` where it is planned. */
const MAX_CANVAS_BYTES = 2 ** 28

/** A canvas on its way to the app. It inherits the headers of the task that sends it; its own win. */
const encodeCanvas = (canvas: Canvas, { headers }: AttemptCall): Encoded =>
  encode(underHeaders(canvas, headers), { maxBytes: MAX_CANVAS_BYTES, path: 'canvas' })

class AttemptLog implements TaskLog {
  readonly #call: AttemptCall
  readonly #environment: AttemptEnvironment
  readonly #control: AttemptControl

  constructor(call: AttemptCall, environment: AttemptEnvironment, control: AttemptControl) {
    this.#call = call
    this.#environment = environment
    this.#control = control
  }

  debug(message: string, fields?: object): void {
    this.#write('debug', message, fields)
  }

  info(message: string, fields?: object): void {
    this.#write('info', message, fields)
  }

  warn(message: string, fields?: object): void {
    this.#write('warn', message, fields)
  }

  error(message: string, fields?: object): void {
    this.#write('error', message, fields)
  }

  #write(level: 'debug' | 'info' | 'warn' | 'error', message: string, fields: object | undefined): void {
    if (this.#control.ended) return
    const { reports, maxBytes } = this.#environment
    reports.log(this.#call, level, String(message), fields === undefined ? undefined : encodeFields(fields, maxBytes))
  }
}

/** A log line is never worth a failure: fields that cannot travel are named instead. */
function encodeFields(fields: object, maxBytes: number): Encoded {
  try {
    return encode(fields, { maxBytes, path: 'fields' })
  } catch (error) {
    return encode({ unreadable: error instanceof Error ? error.message : 'fields' }, { maxBytes, path: 'fields' })
  }
}
