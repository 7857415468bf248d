import { chunksOf, mapSignature, taskSignature } from './canvas.ts'
import { at, READ_OPTIONS, TRANSPORT } from './celery-json.ts'
import { MAX_CANVAS_DEPTH } from './compile-plan.ts'
import { didYouMean } from './did-you-mean.ts'
import { umbelError } from './errors.ts'
import { checkedHeaders, type TaskHeaders } from './headers.ts'
import { isPlainJson } from './plain-json.ts'
import type { Canvas, ChordSignature, SignatureOptions } from './signature.ts'
import { limitOver } from './time-limit.ts'

/** Bounds of what is read. */
export interface CeleryJsonLimits {
  /** Deepest nesting of signatures, callbacks included. Default 200. */
  readonly depth?: number
  /** Most signatures in all, callbacks included. Default 100,000. */
  readonly nodes?: number
}

/**
 * Read a canvas from Celery's JSON, which may come from anywhere: what is not a signature is refused with the path to the
 * place (`kwargs.tasks[1].args`). Options Celery adds for its own transport (`reply_to`, `exchange`, ...) are left out, all
 * others that are unknown refused. Nothing is said of the tasks' names: whoever sends it refuses unknown ones.
 * @throws UMBEL_BAD_CANVAS, UMBEL_CANVAS_TOO_DEEP, UMBEL_CANVAS_TOO_LARGE
 */
export function fromCeleryJson(json: unknown, limits: CeleryJsonLimits = {}): Canvas {
  return new Reader(limits.depth ?? MAX_CANVAS_DEPTH, limits.nodes ?? 100_000).signature(json, '', 1)
}

type Json = Readonly<Record<string, unknown>>

/** How many sub-kinds there are, by the names of their tasks. */
const SUBTASK_TYPES: Readonly<Record<string, string>> = {
  'celery.chain': 'chain',
  'celery.group': 'group',
  'celery.chord': 'chord',
}
const COMPOSED = [...Object.keys(SUBTASK_TYPES), 'celery.map', 'celery.starmap', 'celery.chunks']

class Reader {
  readonly #depth: number
  #nodes: number

  constructor(depth: number, nodes: number) {
    this.#depth = depth
    this.#nodes = nodes
  }

  signature(json: unknown, path: string, depth: number): Canvas {
    if (depth > this.#depth)
      throw umbelError('UMBEL_CANVAS_TOO_DEEP', `${place(path)} is nested deeper than ${this.#depth} signatures.`)
    this.#nodes -= 1
    if (this.#nodes < 0)
      throw umbelError('UMBEL_CANVAS_TOO_LARGE', `At ${place(path)} there are more signatures than are read.`)
    const signature = record(json, path)
    const task = name(own(signature, 'task'), at(path, 'task'))
    const type = own(signature, 'subtask_type') ?? null
    if (type !== (SUBTASK_TYPES[task] ?? null)) bad(at(path, 'subtask_type'), `${shown(type)}, which ${task} is not`)
    const immutable = own(signature, 'immutable') ?? false
    if (typeof immutable !== 'boolean') bad(at(path, 'immutable'), `${shown(immutable)}, not true or false`)
    const args = values(own(signature, 'args') ?? [], at(path, 'args'))
    const kwargs = record(own(signature, 'kwargs') ?? {}, at(path, 'kwargs'))
    const options = this.#options(own(signature, 'options') ?? {}, at(path, 'options'), depth)
    if (!COMPOSED.includes(task)) {
      if (task.startsWith('celery.')) bad(at(path, 'task'), `${task}, which is no canvas.${didYouMean(task, COMPOSED)}`)
      if (!isPlainJson(kwargs, Number.POSITIVE_INFINITY)) bad(at(path, 'kwargs'), 'no plain JSON')
      return taskSignature({ task, args, kwargs, options, immutable: immutable === true })
    }
    if (args.length > 0 && task !== 'celery.chord' && task !== 'celery.chain')
      bad(at(path, 'args'), `given: ${task} takes none`)
    const canvas = this.#composed(task, kwargs, path, depth)
    const given = { ...(args.length > 0 && { args }), ...(canvas.kind === 'chain' && immutable && { immutable }) }
    return Object.freeze({ ...canvas, ...given, options } as Canvas)
  }

  #composed(task: string, kwargs: Json, path: string, depth: number): Canvas {
    const inner = at(path, 'kwargs')
    switch (task) {
      case 'celery.chain':
        return { kind: 'chain', steps: this.#all(own(kwargs, 'tasks'), `${inner}.tasks`, depth), options: {} }
      case 'celery.group': {
        const members = this.#all(own(kwargs, 'tasks'), `${inner}.tasks`, depth)
        return { kind: 'group', members, ...(own(kwargs, 'list') === true && { list: true }), options: {} }
      }
      case 'celery.chord':
        return this.#chord(kwargs, inner, depth)
      default:
        return this.#map(task, kwargs, inner)
    }
  }

  #chord(kwargs: Json, path: string, depth: number): ChordSignature {
    const given = record(own(kwargs, 'kwargs') ?? {}, `${path}.kwargs`)
    if (Object.keys(given).length > 0) bad(`${path}.kwargs`, 'not empty: give keyword arguments to the members')
    const raw = own(kwargs, 'header')
    const header = Array.isArray(raw)
      ? this.#all(raw, `${path}.header`, depth)
      : this.#members(this.signature(raw, `${path}.header`, depth + 1))
    return { kind: 'chord', header, body: this.signature(own(kwargs, 'body'), `${path}.body`, depth + 1), options: {} }
  }

  #members(header: Canvas): readonly Canvas[] {
    return Object.freeze(header.kind === 'group' ? header.members : [header])
  }

  #map(kind: string, kwargs: Json, path: string): Canvas {
    const task = own(record(own(kwargs, 'task'), `${path}.task`), 'task')
    const called = name(task, `${path}.task.task`)
    const items = values(own(kwargs, 'it'), `${path}.it`)
    if (kind !== 'celery.chunks') return mapSignature(kind === 'celery.map' ? 'map' : 'starmap', called, items)
    const size = own(kwargs, 'n')
    if (!Number.isSafeInteger(size) || (size as number) < 1) bad(`${path}.n`, `${shown(size)}, no whole number above 0`)
    return chunksOf(called, items, size as number)
  }

  #all(json: unknown, path: string, depth: number): readonly Canvas[] {
    if (!Array.isArray(json)) bad(path, `${shown(json)}, not a list of signatures`)
    const list = json as readonly unknown[]
    return Object.freeze(list.map((one, index) => this.signature(one, `${path}[${index}]`, depth + 1)))
  }

  #options(json: unknown, path: string, depth: number): SignatureOptions {
    const options: { -readonly [Name in keyof SignatureOptions]: SignatureOptions[Name] } = {}
    const given = record(json, path)
    const stamps = stampNames(given, path)
    for (const [key, value] of Object.entries(given)) {
      if (TRANSPORT.has(key) || HEADERS.has(key) || stamps.has(key) || value === null) continue
      const read = Object.hasOwn(OPTIONS, key) ? OPTIONS[key] : undefined
      if (key === 'link') options.link = this.#callbacks(value, `${path}.link`, depth)
      else if (key === 'link_error') options.linkError = this.#callbacks(value, `${path}.link_error`, depth)
      else if (read === undefined)
        bad(`${path}.${key.slice(0, 80)}`, `no option that can be read.${didYouMean(key, READ_OPTIONS)}`)
      else {
        const told = read(value, `${path}.${key}`)
        const { timeLimit } = options
        Object.assign(options, told)
        if (timeLimit !== undefined && told.timeLimit !== undefined)
          options.timeLimit = limitOver(told.timeLimit, timeLimit)
      }
    }
    const headers = headersOf(given, stamps, path)
    return Object.freeze(headers === undefined ? options : { ...options, headers })
  }

  /** One callback may stand without a list around it. */
  #callbacks(json: unknown, path: string, depth: number): readonly Canvas[] {
    return Array.isArray(json) ? this.#all(json, path, depth) : Object.freeze([this.signature(json, path, depth + 1)])
  }
}

/** Options that tell of headers. */
const HEADERS = new Set(['headers', 'stamped_headers'])

/** Names of the options that are stamps. A name that is an option's is that option: so Celery reads it, too. */
function stampNames(options: Json, path: string): ReadonlySet<string> {
  const given = own(options, 'stamped_headers') ?? []
  if (!Array.isArray(given)) bad(`${path}.stamped_headers`, `${shown(given)}, not a list of names`)
  const names = given as readonly unknown[]
  return new Set(
    names
      .map((one, index) => name(one, `${path}.stamped_headers[${index}]`))
      .filter((one) => !TRANSPORT.has(one) && !READ_OPTIONS.includes(one)),
  )
}

/** Stamps and plain headers in one; stamps win. One that is named and has no value is none. */
function headersOf(options: Json, stamps: ReadonlySet<string>, path: string): TaskHeaders | undefined {
  const plain = own(options, 'headers') ?? undefined
  if (plain === undefined && stamps.size === 0) return undefined
  const named = [...stamps].filter((stamp) => Object.hasOwn(options, stamp))
  const all = {
    ...(plain === undefined ? {} : record(plain, `${path}.headers`)),
    ...Object.fromEntries(named.map((stamp) => [stamp, options[stamp]])),
  }
  return checkedHeaders(all, (header, wrong) => {
    const place = header === '' ? '.headers' : stamps.has(header) ? `.${header}` : `.headers.${header}`
    return badAt(`${path}${place}`, wrong)
  })
}

const OPTIONS: Readonly<Record<string, (value: unknown, path: string) => SignatureOptions>> = {
  queue: (value, path) => ({ lane: name(value, path) }),
  task_id: (value, path) => ({ id: name(value, path) }),
  priority: (value, path) => ({ priority: number(value, path) }),
  countdown: (value, path) => ({ countdown: milliseconds(value, path) }),
  eta: (value, path) => ({ eta: moment(value, path) }),
  expires: (value, path) => ({ expires: typeof value === 'string' ? moment(value, path) : milliseconds(value, path) }),
  soft_time_limit: (value, path) => ({ timeLimit: { soft: milliseconds(value, path) } }),
  time_limit: (value, path) => ({ timeLimit: { hard: milliseconds(value, path) } }),
  ignore_result: (value, path) => ({ ignoreResult: truth(value, path) }),
  immutable: (value, path) => (truth(value, path) ? { immutable: true } : {}),
}

function bad(path: string, what: string): never {
  throw badAt(path, what)
}

const badAt = (path: string, what: string): Error => umbelError('UMBEL_BAD_CANVAS', `${place(path)} is ${what}.`)

const place = (path: string): string => (path === '' ? 'The signature' : path)

/** A value of someone else's in a few characters. */
const shown = (value: unknown): string =>
  value === null || typeof value !== 'object'
    ? String(JSON.stringify(value)).slice(0, 80)
    : Array.isArray(value)
      ? 'a list'
      : 'an object'

/** Only what the JSON itself says: nothing that every object has. */
const own = (json: Json, key: string): unknown => (Object.hasOwn(json, key) ? json[key] : undefined)

function record(json: unknown, path: string): Json {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) bad(path, `${shown(json)}, not an object`)
  if (Object.hasOwn(json as object, '__proto__')) bad(path, 'an object with a key __proto__')
  return json as Json
}

function values(json: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(json)) bad(path, `${shown(json)}, not a list`)
  const list = json as readonly unknown[]
  list.forEach((value, index) => {
    if (!isPlainJson(value, Number.POSITIVE_INFINITY)) bad(`${path}[${index}]`, 'no plain JSON')
  })
  return list
}

function name(value: unknown, path: string): string {
  if (typeof value !== 'string' || value === '' || value.length > 256)
    bad(path, `${shown(value)}, not a name of 1 to 256 characters`)
  return value as string
}

function number(value: unknown, path: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) bad(path, `${shown(value)}, not a number`)
  return value as number
}

function truth(value: unknown, path: string): boolean {
  if (typeof value !== 'boolean') bad(path, `${shown(value)}, not true or false`)
  return value as boolean
}

/** Seconds with decimals; to the microsecond, so that what was written as milliseconds comes back the same. */
const milliseconds = (value: unknown, path: string): number => Math.round(number(value, path) * 1e6) / 1e3

function moment(value: unknown, path: string): Date {
  const date = new Date(typeof value === 'string' ? value : Number.NaN)
  if (Number.isNaN(date.getTime())) bad(path, `${shown(value)}, not a moment in ISO 8601`)
  return date
}
