import { milliseconds } from './duration.ts'
import { umbelError } from './errors.ts'
import type { TaskHeaders } from './headers.ts'
import { isPlainJson } from './plain-json.ts'
import type { Canvas, ChunksSignature, MapSignature, SignatureOptions } from './signature.ts'
import { type TimeLimits, timeLimits } from './time-limit.ts'

/**
 * A signature as Celery writes it in JSON. `celery.chain`, `celery.group`, `celery.chord`, `celery.map`, `celery.starmap` and
 * `celery.chunks` stand for what is composed; their parts are in `kwargs`.
 */
export interface CelerySignature {
  readonly task: string
  readonly args: readonly unknown[]
  readonly kwargs: Readonly<Record<string, unknown>>
  readonly options: CeleryOptions
  readonly subtask_type: 'chain' | 'group' | 'chord' | null
  readonly immutable: boolean
}

/** Options by Celery's names. Seconds where ours are milliseconds, ISO 8601 where ours are dates. */
export interface CeleryOptions {
  /** Our `lane`. */
  readonly queue?: string
  readonly priority?: number
  /** Seconds. */
  readonly countdown?: number
  /** ISO 8601. */
  readonly eta?: string
  /** Seconds, or ISO 8601. */
  readonly expires?: number | string
  /** Seconds. Our `timeLimit.soft`. */
  readonly soft_time_limit?: number
  /** Seconds. Our `timeLimit.hard`. */
  readonly time_limit?: number
  readonly ignore_result?: boolean
  /** Our `id`. */
  readonly task_id?: string
  /** Names of the stamps; their values stand beside them, each under its own name. */
  readonly stamped_headers?: readonly string[]
  /** Our headers whose names are those of options, which Celery could not keep apart. */
  readonly headers?: TaskHeaders
  readonly link?: readonly CelerySignature[]
  readonly link_error?: readonly CelerySignature[]
  /** Celery's mark on error callbacks that a group handed on. */
  readonly immutable?: boolean
}

/**
 * Write a canvas as Celery would: the same JSON that its Python signature has. Durations become seconds and moments ISO 8601.
 * @throws UMBEL_CANNOT_TRAVEL with the place of an argument that JSON does not carry exactly: a Date, a Map, undefined, ...
 */
export function toCeleryJson(canvas: Canvas): CelerySignature {
  return written(canvas, '')
}

function written(canvas: Canvas, path: string): CelerySignature {
  const options = writtenOptions(canvas.options, path)
  const all = (parts: readonly Canvas[], name: string): CelerySignature[] =>
    parts.map((part, index) => written(part, at(path, `kwargs.${name}[${index}]`)))
  switch (canvas.kind) {
    case 'task': {
      const { task, immutable } = canvas
      const args = canvas.args.map((value, index) => carried(value, at(path, `args[${index}]`)))
      const kwargs = carried(canvas.kwargs, at(path, 'kwargs'))
      return { task, args, kwargs, options, subtask_type: null, immutable }
    }
    case 'map':
    case 'starmap':
    case 'chunks':
      return { ...mapped(canvas, path), options }
    case 'chain': {
      const kwargs = { tasks: all(canvas.steps, 'tasks') }
      const immutable = canvas.immutable ?? false
      const args = carried(canvas.args ?? [], at(path, 'args'))
      return { task: 'celery.chain', args, kwargs, options, subtask_type: 'chain', immutable }
    }
    case 'group': {
      // Celery reads past `list`: there a group of one is always its member
      const kwargs = { tasks: all(canvas.members, 'tasks'), ...(canvas.list && { list: true }) }
      return { task: 'celery.group', args: [], kwargs, options, subtask_type: 'group', immutable: false }
    }
    case 'chord': {
      const args = carried(canvas.args ?? [], at(path, 'args'))
      const kwargs = {
        header: all(canvas.header, 'header'),
        body: written(canvas.body, at(path, 'kwargs.body')),
        kwargs: {},
      }
      return { task: 'celery.chord', args, kwargs, options, subtask_type: 'chord', immutable: false }
    }
  }
}

function mapped(canvas: MapSignature | ChunksSignature, path: string): CelerySignature {
  const { kind, task, items } = canvas
  const it = items.map((item, index) => carried(item, at(path, `kwargs.it[${index}]`)))
  const one: CelerySignature = { task, args: [], kwargs: {}, options: {}, subtask_type: null, immutable: false }
  const kwargs = { task: one, it, ...(kind === 'chunks' && { n: canvas.size }) }
  return { task: `celery.${kind}`, args: [], kwargs, options: {}, subtask_type: null, immutable: true }
}

/** Options that are read, by Celery's names. */
export const READ_OPTIONS =
  'queue task_id priority countdown eta expires soft_time_limit time_limit ignore_result immutable link link_error headers stamped_headers'.split(
    ' ',
  )

/** What Celery adds as it sends: addresses, packing and family of a message. It means nothing here. */
export const TRANSPORT = new Set(
  'reply_to root_id parent_id group_id group_index shadow serializer compression exchange routing_key delivery_mode retry retry_policy add_to_parent argsrepr kwargsrepr origin'.split(
    ' ',
  ),
)

const isReserved = (name: string): boolean => TRANSPORT.has(name) || READ_OPTIONS.includes(name)

/** Headers as Celery stamps them: each value among the options, and the list of their names. */
function writtenHeaders(headers: TaskHeaders): CeleryOptions {
  const stamps = Object.entries(headers).filter(([name]) => !isReserved(name))
  const others = Object.entries(headers).filter(([name]) => isReserved(name))
  return {
    ...Object.fromEntries(stamps),
    ...(stamps.length > 0 && { stamped_headers: stamps.map(([name]) => name) }),
    ...((others.length > 0 || stamps.length === 0) && { headers: Object.fromEntries(others) }),
  }
}

function writtenOptions(options: SignatureOptions, path: string): CeleryOptions {
  const { lane, priority, countdown, eta, expires, timeLimit, ignoreResult, id, link, linkError, immutable, headers } =
    options
  const { soft, hard } = timeLimit === undefined ? NO_LIMITS : timeLimits(timeLimit, 'timeLimit')
  const each = (callbacks: readonly Canvas[], name: string): CelerySignature[] =>
    callbacks.map((callback, index) => written(callback, at(path, `options.${name}[${index}]`)))
  return {
    ...(lane !== undefined && { queue: lane }),
    ...(priority !== undefined && { priority }),
    ...(countdown !== undefined && { countdown: seconds(countdown, 'countdown') }),
    ...(eta !== undefined && { eta: new Date(eta).toISOString() }),
    ...(expires !== undefined && {
      expires: expires instanceof Date ? expires.toISOString() : seconds(expires, 'expires'),
    }),
    ...(soft !== undefined && { soft_time_limit: soft / 1_000 }),
    ...(hard !== undefined && { time_limit: hard / 1_000 }),
    ...(ignoreResult !== undefined && { ignore_result: ignoreResult }),
    ...(id !== undefined && { task_id: id }),
    ...(link !== undefined && { link: each(link, 'link') }),
    ...(linkError !== undefined && { link_error: each(linkError, 'link_error') }),
    ...(immutable !== undefined && { immutable }),
    ...(headers !== undefined && writtenHeaders(headers)),
  }
}

const NO_LIMITS: TimeLimits = { soft: undefined, hard: undefined }

// a negative number says that it has expired
const seconds = (duration: string | number, name: string): number =>
  (typeof duration === 'number' ? duration : milliseconds(duration as never, name)) / 1_000

/** Join the places of a signature and of a part of it. */
export const at = (path: string, part: string): string => (path === '' ? part : `${path}.${part}`)

function carried<T>(value: T, path: string): T {
  if (isPlainJson(value, Number.POSITIVE_INFINITY)) return value
  throw umbelError('UMBEL_CANNOT_TRAVEL', `Celery's JSON cannot carry ${path}: only JSON values go into it, unchanged.`)
}
