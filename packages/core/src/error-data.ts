import { codedMessage, ERRORS, type ErrorCode, UmbelError } from './errors.ts'
import { readValue } from './read-value.ts'
import { TaskError } from './task-error.ts'
import { classNameOf, describeObject, isError, isRecord } from './value-kinds.ts'
import { writeValue } from './write-value.ts'

/** A class of errors. Reviving one never runs its constructor. */
export type ErrorClass = new (...args: never[]) => Error

/** Classes of errors that are known here, by class name. */
export type ErrorClasses = ReadonlyMap<string, ErrorClass>

/** An error as plain data that survives JSON. */
export interface ErrorData {
  /** Its own name, else its class's. */
  readonly name: string
  /** Name of its class, where that is another. */
  readonly className?: string
  readonly message: string
  readonly code?: string
  readonly stack?: string
  /** Encoded record of its own fields that could travel. Always text: binary ones are dropped. */
  readonly fields?: string
  readonly cause?: ErrorData
  /** The errors of an AggregateError. */
  readonly errors?: readonly ErrorData[]
}

/** Longest message, and longest stack, in UTF-16 units. */
const LONGEST_TEXT = 65_536
/** Longest name or code. */
const LONGEST_NAME = 256
/** Deepest chain of causes, of errors in errors and in fields. */
const DEEPEST = 8
/** The most errors described for one that was thrown. */
const MOST_ERRORS = 64
/** The most that all fields of an error and its causes take, in UTF-16 units. */
const MOST_FIELDS = 65_536
/** What a field that cannot travel takes of that. */
const UNFIT_FIELD = 1024

/** Fields with a place of their own in ErrorData. */
const RESERVED: ReadonlySet<string> = new Set(['name', 'message', 'stack', 'cause', 'errors', 'code', '__proto__'])

/**
 * Describe whatever was thrown as data. Never throws. What is no error becomes one of code UMBEL_HANDLER_THREW_NOTHING
 * that says what it was; a string's text becomes the message. Cuts messages and stacks at 65,536 characters, causes at
 * 8 levels; drops fields that cannot travel.
 */
export function toErrorData(thrown: unknown): ErrorData {
  return new Describer().describe(thrown, 0)
}

/**
 * Make the data of one of Umbel's own errors where none was thrown. The message ends with the code's next step, as
 * `umbelError` does.
 */
export function codedError(code: ErrorCode, message: string): ErrorData {
  return { name: 'UmbelError', code, message: codedMessage(code, message) }
}

const BUILT_IN: ErrorClasses = new Map<string, ErrorClass>(
  [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError].map((one) => [
    one.name,
    one as ErrorClass,
  ]),
)
const NO_CLASSES: ErrorClasses = new Map()
/** Deepest chain of causes that is revived: data that was tampered with may be deeper than `toErrorData` makes it. */
const DEEPEST_REVIVED = 100

/**
 * Make an error of its data: of its own class where that is one of `classes`, built in, or UmbelError; else a
 * TaskError. No constructor of a class is run, so private fields are missing. `stack` is the remote one. Never throws:
 * data that is malformed gives an error with what can be read.
 */
export function fromErrorData(data: unknown, classes: ErrorClasses = NO_CLASSES): Error {
  return revive(data, classes, 0)
}

function revive(data: unknown, classes: ErrorClasses, depth: number): Error {
  const known = (typeof data === 'object' && data !== null ? data : {}) as Readonly<Record<keyof ErrorData, unknown>>
  const text = (key: keyof ErrorData): string | undefined => (typeof known[key] === 'string' ? known[key] : undefined)
  const name = text('name') ?? 'Error'
  const message = text('message') ?? ''
  const code = text('code')
  const deeper = depth < DEEPEST_REVIVED
  const cause = known.cause === undefined || !deeper ? undefined : revive(known.cause, classes, depth + 1)
  const errors =
    Array.isArray(known.errors) && deeper ? known.errors.map((one) => revive(one, classes, depth + 1)) : undefined
  const fields = decodeFields(known.fields, classes)
  const error = instantiate(text('className') ?? name, code, message, errors, classes)
  if (error === undefined) {
    const remoteName = text('className') ?? name
    return new TaskError({ name, remoteName, message, code, fields, stack: text('stack'), cause })
  }
  for (const [key, value] of Object.entries(fields)) if (!RESERVED.has(key)) define(error, key, value, true)
  if (error.name !== name) define(error, 'name', name, false)
  if (code !== undefined) define(error, 'code', code, true)
  if (cause !== undefined) define(error, 'cause', cause, false)
  define(error, 'stack', text('stack') ?? `${name}: ${message}`, false)
  return error
}

/** A genuine error with the prototype of its class, made by the constructor of Error alone. */
function instantiate(
  className: string,
  code: string | undefined,
  message: string,
  errors: readonly Error[] | undefined,
  classes: ErrorClasses,
): Error | undefined {
  try {
    const Class = classes.get(className) ?? BUILT_IN.get(className)
    if (Class !== undefined) {
      const error: unknown = errors
        ? Reflect.construct(AggregateError, [errors, message], Class)
        : Reflect.construct(Error, [message], Class)
      return error instanceof Error ? error : undefined
    }
    if (className === 'AggregateError') return new AggregateError(errors ?? [], message)
    if (className !== 'UmbelError' || code === undefined || !Object.hasOwn(ERRORS, code)) return undefined
    const error: Error = Reflect.construct(Error, [message], UmbelError)
    define(error, 'details', {}, true)
    return error
  } catch {
    return undefined
  }
}

function decodeFields(fields: unknown, classes: ErrorClasses): Readonly<Record<string, unknown>> {
  if (typeof fields !== 'string') return {}
  const record = tryRead(() => readValue(fields, { revive: (data) => fromErrorData(data, classes), bytes: 'copied' }))
  return typeof record === 'object' && record !== null && isRecord(record)
    ? (record as Readonly<Record<string, unknown>>)
    : {}
}

function define(error: Error, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(error, key, { value, enumerable, writable: true, configurable: true })
}

/** Describes one thrown value and what hangs on it, within bounds for all of it together. */
class Describer {
  #errors = MOST_ERRORS
  #fields = MOST_FIELDS

  describe(thrown: unknown, depth: number): ErrorData {
    this.#errors -= 1
    try {
      return isError(thrown) ? this.#error(thrown, depth) : this.#nonError(thrown, depth)
    } catch {
      return nothing('The handler threw something that cannot be read.')
    }
  }

  #error(error: Error, depth: number): ErrorData {
    const className = cut(tryRead(() => classNameOf(error)) || 'Error', LONGEST_NAME)
    const remote = error instanceof TaskError
    const name = nameOf(error, className)
    const made = remote ? error.remoteName : className
    const message = textAt(error, 'message') ?? ''
    const code = textAt(error, 'code')
    const stack = remote ? error.remoteStack : textAt(error, 'stack')
    const fields = this.#encodeFields(
      tryRead(() => (remote ? error.fields : error)),
      depth,
    )
    const inside = depth < DEEPEST ? this.#inside(error, depth) : {}
    return {
      name,
      ...(made === name ? {} : { className: made }),
      message: cut(message, LONGEST_TEXT),
      ...(code === undefined ? {} : { code: cut(code, LONGEST_NAME) }),
      ...(stack === undefined ? {} : { stack: cutStack(stack, message) }),
      ...(fields === undefined ? {} : { fields }),
      ...inside,
    }
  }

  #inside(error: Error, depth: number): Pick<ErrorData, 'cause' | 'errors'> {
    const cause = tryRead(() => error.cause)
    const list = tryRead(() =>
      error instanceof AggregateError && Array.isArray(error.errors) ? error.errors : undefined,
    )
    const errors: ErrorData[] = []
    for (let index = 0; list !== undefined && index < list.length && this.#errors > 0; index += 1) {
      errors.push(
        this.describe(
          tryRead(() => list[index]),
          depth + 1,
        ),
      )
    }
    return {
      ...(cause === undefined || cause === null || this.#errors <= 0 ? {} : { cause: this.describe(cause, depth + 1) }),
      ...(list === undefined ? {} : { errors }),
    }
  }

  #nonError(thrown: unknown, depth: number): ErrorData {
    if (typeof thrown === 'string') return nothing(cut(thrown, LONGEST_TEXT))
    const message = typeof thrown === 'object' && thrown !== null ? textAt(thrown, 'message') : undefined
    const says = message ?? `The handler threw ${show(thrown)}. ${ERRORS.UMBEL_HANDLER_THREW_NOTHING.nextStep}`
    const fields = this.#encodeFields({ details: { thrown } }, depth)
    return { ...nothing(cut(says, LONGEST_TEXT)), ...(fields === undefined ? {} : { fields }) }
  }

  /** The encoded record of the fields that can travel, of which there must be one. */
  #encodeFields(of: object | undefined, depth: number): string | undefined {
    if (of === undefined || depth >= DEEPEST) return undefined
    const entries: string[] = []
    for (const key of tryRead(() => Object.keys(of)) ?? []) {
      if (RESERVED.has(key) || key === '$' || this.#fields <= 0 || this.#errors <= 0) continue
      const text = tryRead(() => this.#encodeField((of as Readonly<Record<string, unknown>>)[key], depth))
      // what cannot travel was walked too
      this.#fields -= text === undefined ? UNFIT_FIELD : text.length + key.length
      if (text !== undefined) entries.push(`${JSON.stringify(key)}:${text}`)
    }
    return entries.length === 0 ? undefined : `{${entries.join(',')}}`
  }

  #encodeField(value: unknown, depth: number): string | undefined {
    const describe = (error: Error): ErrorData => this.describe(error, depth + 1)
    const written = writeValue(value, { maxBytes: this.#fields, path: 'field', describe, bytes: 'copied' })
    return typeof written === 'string' ? written : undefined
  }
}

const nothing = (message: string): ErrorData => ({ name: 'UmbelError', code: 'UMBEL_HANDLER_THREW_NOTHING', message })

/** An error's own name, or one its class gives its instances, else the class's name: few classes set theirs. */
function nameOf(error: Error, className: string): string {
  const own = tryRead(() => Object.hasOwn(error, 'name') || Object.hasOwn(Object.getPrototypeOf(error), 'name'))
  return own === true ? cut(textAt(error, 'name') || className, LONGEST_NAME) : className
}

function show(thrown: unknown): string {
  switch (typeof thrown) {
    case 'symbol':
    case 'function':
    case 'bigint':
      return `a ${typeof thrown}`
    case 'object':
      return thrown === null ? 'null' : (tryRead(() => describeObject(thrown)) ?? 'an object')
    default:
      return String(thrown)
  }
}

const cut = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most - 1)}…`)

/** A stack begins with the message: where that was cut, so is it there, and the frames stay. */
function cutStack(stack: string, message: string): string {
  if (stack.length <= LONGEST_TEXT || message.length <= LONGEST_TEXT / 2) return cut(stack, LONGEST_TEXT)
  const at = stack.indexOf(message)
  if (at < 0) return cut(stack, LONGEST_TEXT)
  return cut(`${stack.slice(0, at)}${cut(message, LONGEST_TEXT / 2)}${stack.slice(at + message.length)}`, LONGEST_TEXT)
}

function textAt(of: object, key: string): string | undefined {
  const value = tryRead(() => (of as Readonly<Record<string, unknown>>)[key])
  return typeof value === 'string' ? value : undefined
}

function tryRead<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
