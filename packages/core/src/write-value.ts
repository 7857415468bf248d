import { type UmbelError, umbelError } from './errors.ts'

/** Deepest nesting of lists and objects that travels. */
const DEEPEST = 200

/** How a value is written. */
export interface Writing {
  /** The most UTF-16 units of text and bytes of binary parts together. */
  readonly maxBytes: number
  /** What the value is called in errors: they say `path[1].rows`. */
  readonly path: string
  /** Turn an error into plain data. */
  readonly describe: (error: Error) => unknown
}

/** A value as text; its binary parts, where it has any, stand beside the text in the order of their tags. */
export type Written = string | { readonly text: string; readonly bytes: readonly Uint8Array[] }

/**
 * Write a value as tagged JSON. What JSON has no form for becomes `{"$": tag, "v": ...}`; an object with a key `$` is tagged itself.
 * @throws UMBEL_CANNOT_TRAVEL, UMBEL_VALUE_TOO_DEEP, UMBEL_VALUE_TOO_LARGE
 */
export function writeValue(value: unknown, writing: Writing): Written {
  if (isPlain(value, writing.maxBytes)) {
    const text = stringify(value, writing)
    if (text.length > writing.maxBytes) throw tooLarge(text.length, writing)
    return text
  }
  const writer = new Writer(writing)
  const tree = writer.pack(value)
  const text = stringify(tree, writing)
  const size = text.length + writer.byteLength
  if (size > writing.maxBytes) throw tooLarge(size, writing)
  return writer.bytes.length === 0 ? text : { text, bytes: writer.bytes }
}

/** The text of a tree already checked. Only too long a string can fail here: one V8 cannot hold. */
function stringify(tree: unknown, writing: Writing): string {
  try {
    return JSON.stringify(tree)
  } catch {
    throw tooLarge(2 ** 29, writing)
  }
}

function tooLarge(size: number, { path, maxBytes }: Writing): UmbelError {
  return umbelError('UMBEL_VALUE_TOO_LARGE', `${path} has a size of at least ${size}, and ${maxBytes} is the most allowed.`, {
    details: { size, maxBytes },
  })
}

/** Whether plain JSON carries a value exactly. The answer is no, too, where it is too large or cannot be read: the writer says why. */
function isPlain(value: unknown, maxBytes: number): boolean {
  try {
    return plainSize(value, 0, 0, maxBytes) >= 0
  } catch {
    return false
  }
}

/** `size` and the least that this value adds to it; -1 where plain JSON cannot carry it. One walk that builds nothing. */
function plainSize(value: unknown, depth: number, size: number, most: number): number {
  if (size > most) return -1
  switch (typeof value) {
    case 'string':
      return size + value.length + 2
    case 'number':
      return Number.isFinite(value) && (value !== 0 || 1 / value > 0) ? size + 1 : -1
    case 'boolean':
      return size + 4
    case 'object':
      if (value === null) return size + 4
      if (depth >= DEEPEST) return -1
      return Array.isArray(value) ? plainListSize(value, depth, size, most) : plainObjectSize(value, depth, size, most)
    default:
      return -1
  }
}

function plainListSize(list: readonly unknown[], depth: number, size: number, most: number): number {
  const { length } = list
  if (size + length > most || Object.getPrototypeOf(list) !== Array.prototype || 'toJSON' in list) return -1
  let sum = size + 2
  for (let index = 0; index < length; index += 1) {
    sum = plainSize(list[index], depth + 1, sum + 1, most)
    if (sum < 0) return -1
  }
  return hasExtras(list) ? -1 : sum
}

function plainObjectSize(value: object, depth: number, size: number, most: number): number {
  const prototype = Object.getPrototypeOf(value)
  if ((prototype !== Object.prototype && prototype !== null) || 'toJSON' in value) return -1
  let sum = size + 2
  for (const key in value) {
    if (key === '$') return -1
    sum = plainSize((value as Record<string, unknown>)[key], depth + 1, sum + key.length + 4, most)
    if (sum < 0) return -1
  }
  return Object.getOwnPropertySymbols(value).length > 0 ? -1 : sum
}

/** Whether a list has keys that are no indices. */
const hasExtras = (list: readonly unknown[]): boolean =>
  Object.keys(list).length !== list.length || Object.getOwnPropertySymbols(list).length > 0

/** A tagged value in the tree that JSON writes. */
const tag = (name: string, v?: unknown): unknown => (v === undefined ? { $: name } : { $: name, v })

/** Copies a value to a tree of plain JSON with tags. Each getter runs once, and keys come in the order in which JSON.parse gives them back. */
class Writer {
  readonly bytes: Uint8Array[] = []
  byteLength = 0
  /** The least number of units the text will have. */
  #size = 0
  readonly #writing: Writing
  readonly #path: (string | number)[] = []
  readonly #ancestors: object[] = []

  constructor(writing: Writing) {
    this.#writing = writing
  }

  pack(value: unknown): unknown {
    this.#add(1)
    switch (typeof value) {
      case 'string':
        this.#add(value.length + 1)
        return value
      case 'number':
        if (Number.isFinite(value) && !Object.is(value, -0)) return value
        return tag('number', Object.is(value, -0) ? '-0' : String(value))
      case 'boolean':
        return value
      case 'undefined':
        return tag('undefined')
      case 'bigint':
        return this.#bigint(value)
      case 'object':
        return value === null ? null : this.#object(value)
      default:
        throw this.#cannot(typeof value === 'symbol' ? 'is a symbol' : 'is a function')
    }
  }

  #bigint(value: bigint): unknown {
    // writing digits takes time that grows with their square: hexadecimal does not
    const digits = value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`
    this.#add(digits.length)
    return tag('bigint', digits)
  }

  #object(value: object): unknown {
    if (this.#ancestors.includes(value)) throw this.#cannot('is cyclic: it stands within itself')
    if (this.#ancestors.length >= DEEPEST) {
      throw umbelError('UMBEL_VALUE_TOO_DEEP', `${this.#where()} is nested deeper than ${DEEPEST} levels.`)
    }
    this.#ancestors.push(value)
    const packed = this.#guarded(() => this.#container(value))
    this.#ancestors.pop()
    return packed
  }

  #container(value: object): unknown {
    if (Array.isArray(value)) return this.#list(value)
    if (ArrayBuffer.isView(value)) return this.#view(value)
    if (isError(value)) return this.#error(value)
    if (isRecord(value)) return this.#record(value)
    const kind = Object.prototype.toString.call(value).slice(8, -1)
    if (prototypes(value) === 2 && Object.keys(value).length === 0) {
      if (kind === 'Date') return this.#date(Date.prototype.getTime.call(value))
      if (kind === 'Map') return this.#map([...Map.prototype.entries.call(value)])
      if (kind === 'Set') return tag('set', this.#items([...Set.prototype.values.call(value)], 'values'))
      if (kind === 'ArrayBuffer') return this.#bytes('ArrayBuffer', new Uint8Array((value as ArrayBuffer).slice(0)))
    }
    throw this.#cannot(`is ${describeObject(value, kind)}`)
  }

  #date(time: number): unknown {
    return tag('date', Number.isNaN(time) ? null : time)
  }

  #list(list: readonly unknown[]): unknown {
    if (prototypes(list) !== 2) throw this.#cannot('is a list of a class of its own')
    const { length } = list
    // what is shorter than its length says is found before its length is walked
    this.#add(length)
    const packed = Array.from<unknown>({ length: 0 })
    for (let index = 0; index < length; index += 1) {
      const item = list[index]
      if (item === undefined && !Object.hasOwn(list, index)) throw this.#at(index, () => this.#cannot('is a hole in the list'))
      packed.push(this.#at(index, () => this.pack(item)))
    }
    if (hasExtras(list)) throw this.#cannot('is a list with further properties')
    return packed
  }

  #record(value: object): unknown {
    if (Object.getOwnPropertySymbols(value).length > 0) throw this.#cannot('has a key that is a symbol')
    const copy: Record<string, unknown> = this.#snapshot(value)
    for (const key of Object.keys(copy)) {
      this.#add(key.length + 3)
      copy[key] = this.#at(key, () => this.pack(copy[key]))
    }
    return Object.hasOwn(copy, '$') ? tag('object', copy) : copy
  }

  /** A plain copy. Where a getter throws, the path of the error says which. */
  #snapshot(value: object): Record<string, unknown> {
    try {
      return { ...value }
    } catch {
      const record = value as Record<string, unknown>
      for (const key of Object.keys(record)) this.#at(key, () => this.#guarded(() => record[key]))
      throw this.#cannot('could not be read')
    }
  }

  #map(entries: readonly (readonly [unknown, unknown])[]): unknown {
    const packed = entries.map(([key, value], index) =>
      this.#at('entries', () => this.#at(index, () => [this.#at('key', () => this.pack(key)), this.#at('value', () => this.pack(value))])),
    )
    return tag('map', packed)
  }

  #items(items: readonly unknown[], name: string): unknown {
    return this.#at(name, () => items.map((item, index) => this.#at(index, () => this.pack(item))))
  }

  #view(view: ArrayBufferView): unknown {
    const kind = view instanceof DataView || viewKind(view) === undefined ? 'DataView' : viewKind(view)
    // a copy of the bytes, whatever they are a view of: what is written never changes afterwards
    return this.#bytes(kind ?? 'DataView', new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice())
  }

  #bytes(kind: string, bytes: Uint8Array): unknown {
    this.bytes.push(bytes)
    this.byteLength += bytes.byteLength
    this.#add(0)
    return tag('bytes', kind)
  }

  #error(error: Error): unknown {
    const { describe } = this.#writing
    return tag('error', this.pack(describe(error)))
  }

  #add(units: number): void {
    this.#size += units
    const size = this.#size + this.byteLength
    if (size > this.#writing.maxBytes) throw tooLarge(size, this.#writing)
  }

  #at<T>(key: string | number, run: () => T): T {
    this.#path.push(key)
    const result = run()
    this.#path.pop()
    return result
  }

  /** Run what meets the value's own code. Whatever that throws, the caller learns the place. */
  #guarded<T>(run: () => T): T {
    try {
      return run()
    } catch (error) {
      if (isOwn(error)) throw error
      throw this.#cannot('could not be read', error)
    }
  }

  #cannot(why: string, cause?: unknown): UmbelError {
    const options = cause === undefined ? {} : { cause }
    return own(umbelError('UMBEL_CANNOT_TRAVEL', `${this.#where()} ${why}.`, options))
  }

  #where(): string {
    const full = this.#writing.path + this.#path.map(segment).join('')
    return full.length <= 240 ? full : `${full.slice(0, 120)} ... ${full.slice(-80)}`
  }
}
