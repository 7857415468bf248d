import { type UmbelError, umbelError } from './errors.ts'
import { restoreBytes } from './value-kinds.ts'
import { UNDEFINED, type Written } from './write-value.ts'

/** How a value is read. */
export interface Reading {
  /** Make an error of its plain data. Never throws. */
  readonly revive: (data: unknown) => Error
  /** Whose the binary parts are: `copied` leaves them as they are, `owned` ones become part of the value. */
  readonly bytes: 'copied' | 'owned'
}

/** Every tag is written like this, and no string can hold it: a quote within one is escaped. */
const TAG = '{"$":'

/**
 * Deepest nesting of JSON that is read: the deepest value written (each level of a Map takes three), and lists of such
 * values.
 */
const DEEPEST_JSON = 1000

/**
 * Read what `writeValue` wrote to a value that shares nothing.
 * @throws UMBEL_BAD_VALUE where it is anything else.
 */
export function readValue(written: Written, reading: Reading): unknown {
  if (typeof written === 'string') {
    if (written === UNDEFINED) return undefined
    const small = written.charCodeAt(0) === OPENED ? smallList(written) : smallNumber(written)
    if (small !== undefined) return small
  }
  const { text, bytes } = typeof written === 'string' ? { text: written, bytes: NO_BYTES } : partsOf(written)
  const tree = parse(text)
  if (bytes.length === 0 && !text.includes(TAG)) return tree
  const reader = new Reader(bytes, reading)
  const value = reader.value(tree, 0)
  if (reader.used !== bytes.length) throw bad(`it has ${bytes.length} binary parts and names ${reader.used}`)
  return value
}

/** Longest number that is read without a parser. */
const SMALL = 9

/** The number that a text of a few digits is. A parser costs more than most of what is done about a result. */
const smallNumber = (text: string): number | undefined => smallWithin(text, 0, text.length)

function smallWithin(text: string, from: number, to: number): number | undefined {
  if (to === from || to - from > SMALL || (to - from > 1 && text.charCodeAt(from) === ZERO)) return undefined
  let value = 0
  for (let at = from; at < to; at += 1) {
    const digit = text.charCodeAt(at) - ZERO
    if (digit < 0 || digit > 9) return undefined
    value = value * 10 + digit
  }
  return value
}

/** Longest list of such that is read without a parser. */
const SMALL_LIST = 4 * (SMALL + 1)

function smallList(text: string): number[] | undefined {
  const end = text.length - 1
  if (end < 1 || end > SMALL_LIST || text.charCodeAt(end) !== CLOSED) return undefined
  const only = smallWithin(text, 1, end)
  if (only !== undefined) return [only] // a list that grows takes room for seventeen
  const list: number[] = []
  for (let from = 1; from < end; ) {
    const comma = text.indexOf(',', from)
    const to = comma === -1 ? end : comma
    const number = smallWithin(text, from, to)
    if (number === undefined || to + 1 === end) return undefined
    list.push(number)
    from = to + 1
  }
  return list
}

const ZERO = 48
const OPENED = '['.charCodeAt(0)
const CLOSED = ']'.charCodeAt(0)

const NO_BYTES: readonly Uint8Array[] = []

function partsOf(written: unknown): { text: string; bytes: readonly Uint8Array[] } {
  const { text, bytes } = (written ?? {}) as { text?: unknown; bytes?: unknown }
  if (typeof text !== 'string' || !Array.isArray(bytes)) throw bad('it is neither text nor text with binary parts')
  return { text, bytes }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw bad('it is no JSON', cause)
  }
}

function bad(why: string, cause?: unknown): UmbelError {
  return umbelError('UMBEL_BAD_VALUE', `An encoded value cannot be read: ${why}.`, cause === undefined ? {} : { cause })
}

/** Puts values in the place of the tags of a tree that nobody else holds. */
class Reader {
  used = 0
  readonly #bytes: readonly Uint8Array[]
  readonly #reading: Reading

  constructor(bytes: readonly Uint8Array[], reading: Reading) {
    this.#bytes = bytes
    this.#reading = reading
  }

  value(tree: unknown, depth: number): unknown {
    if (typeof tree !== 'object' || tree === null) return tree
    if (depth > DEEPEST_JSON) throw bad(`it is nested deeper than ${DEEPEST_JSON} levels`)
    if (Array.isArray(tree)) return this.#list(tree, depth)
    return Object.hasOwn(tree, '$') ? this.#tagged(tree, depth) : this.#record(tree, depth)
  }

  #list(list: unknown[], depth: number): unknown[] {
    for (let index = 0; index < list.length; index += 1) list[index] = this.value(list[index], depth + 1)
    return list
  }

  /** A key `__proto__` is the object's own here, as JSON.parse made it: setting it changes no prototype. */
  #record(record: object, depth: number): object {
    const fields = record as Record<string, unknown>
    for (const key of Object.keys(fields)) fields[key] = this.value(fields[key], depth + 1)
    return record
  }

  #tagged(tagged: object, depth: number): unknown {
    const { $: tag, v } = tagged as { readonly $: unknown; readonly v?: unknown }
    switch (tag) {
      case 'undefined':
        return undefined
      case 'number':
        if (typeof v === 'string' && SPECIAL_NUMBERS.has(v)) return Number(v)
        break
      case 'bigint':
        if (typeof v === 'string' && /^-?[0-9a-f]+$/.test(v))
          return v.startsWith('-') ? -BigInt(`0x${v.slice(1)}`) : BigInt(`0x${v}`)
        break
      case 'date':
        if (v === null || typeof v === 'number') return new Date(v ?? Number.NaN)
        break
      case 'set':
        if (Array.isArray(v)) return new Set(this.#list(v, depth + 1))
        break
      case 'map':
        if (Array.isArray(v) && v.every(isPair)) return new Map(this.#list(v, depth + 1) as [unknown, unknown][])
        break
      case 'object':
        if (typeof v === 'object' && v !== null && !Array.isArray(v)) return this.#record(v, depth + 1)
        break
      case 'bytes':
        if (typeof v === 'string') return this.#binary(v)
        break
      case 'error':
        return this.#reading.revive(this.value(v, depth + 1))
    }
    throw bad(`the tag ${JSON.stringify(tag)?.slice(0, 40)} is unknown or has a malformed value`)
  }

  #binary(kind: string): unknown {
    const part = this.#bytes[this.used]
    if (!(part instanceof Uint8Array)) throw bad(`binary part ${this.used} is missing`)
    this.used += 1
    const own = this.#reading.bytes === 'owned' && isWhole(part) ? part : new Uint8Array(part)
    const value = restoreBytes(kind, own)
    if (value === undefined) throw bad(`binary part ${this.used - 1} is no ${JSON.stringify(kind.slice(0, 40))}`)
    return value
  }
}

const SPECIAL_NUMBERS: ReadonlySet<string> = new Set(['NaN', 'Infinity', '-Infinity', '-0'])

const isPair = (entry: unknown): boolean => Array.isArray(entry) && entry.length === 2

/** Whether bytes are a plain Uint8Array over all of a buffer of their own kind, not a Buffer or a part of a pool. */
const isWhole = (bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> =>
  Object.getPrototypeOf(bytes) === Uint8Array.prototype &&
  bytes.buffer instanceof ArrayBuffer &&
  bytes.byteLength === bytes.buffer.byteLength
