import { type UmbelError, umbelError } from './errors.ts'
import { movedBytes } from './moved-bytes.ts'
import { DEEPEST, hasExtras, isPlainJson } from './plain-json.ts'
import { describeObject, isError, isRecord, prototypes, viewKind } from './value-kinds.ts'

/** How a value is written. */
export interface Writing {
  /** The most UTF-16 units of text and bytes of binary parts together. */
  readonly maxBytes: number
  /** What the value is called in errors: `args` gives `args[1].rows`. */
  readonly path: string
  /** Turn an error into plain data. */
  readonly describe: (error: Error) => unknown
  /** What becomes of binary parts: `copied`, or `moved` out of the value once it is written, which leaves its buffers empty. */
  readonly bytes: 'copied' | 'moved'
}

/** A value as text; its binary parts, where it has any, stand beside the text in the order of their tags. */
export type Written = string | { readonly text: string; readonly bytes: readonly Uint8Array[] }

/**
 * Write a value as JSON. What JSON has no form for becomes `{"$": tag, "v": ...}`; an object that has a key `$` is
 * tagged itself.
 * @throws UMBEL_CANNOT_TRAVEL, UMBEL_VALUE_TOO_DEEP, UMBEL_VALUE_TOO_LARGE
 */
export function writeValue(value: unknown, writing: Writing): Written {
  const short = shortText(value)
  if (short !== undefined && short.length <= writing.maxBytes) return short
  if (isPlainJson(value, writing.maxBytes)) return plainText(value, writing)
  const writer = new Writer(writing)
  const tree = writer.write(value)
  const text = stringify(tree, writer.byteLength, writing)
  if (writer.bytes.length === 0) return text
  return { text, bytes: writing.bytes === 'moved' ? movedBytes(writer.bytes) : writer.bytes }
}

/** Write a list that has nothing but its elements, as whoever made it knows: to look for more costs a dozen times what is done here. */
export function writeBareList(list: readonly unknown[], writing: Writing): Written {
  const short = list.length <= FEW ? shortList(list) : undefined
  return short !== undefined && short.length <= writing.maxBytes ? short : writeValue(list, writing)
}

/** The text of what most tasks give: nothing, or a number. `undefined` of all else. */
function shortText(value: unknown): string | undefined {
  if (value === undefined) return UNDEFINED
  return typeof value === 'number' && Number.isFinite(value) && !Object.is(value, -0) ? String(value) : undefined
}

/** The most elements of a list that is written without JSON. */
const FEW = 4

/** The text of what JSON carries exactly. */
function plainText(value: unknown, writing: Writing): string {
  const short = Array.isArray(value) && value.length <= FEW ? shortList(value) : undefined
  return short !== undefined && short.length <= writing.maxBytes ? short : stringify(value, 0, writing)
}

/** The same as `shortText` of a list of few numbers, as most tasks are given. */
function shortList(list: readonly unknown[]): string | undefined {
  let text = '['
  for (let index = 0; index < list.length; index += 1) {
    const own = shortText(list[index])
    if (own === undefined) return undefined
    text += index === 0 ? own : `,${own}`
  }
  return `${text}]`
}

/** How `undefined` is written. */
export const UNDEFINED = '{"$":"undefined"}'

/**
 * JSON of what was checked before. It fails only on text longer than V8 holds, and on a getter that first gave one
 * thing and now another.
 */
function stringify(tree: unknown, byteLength: number, writing: Writing): string {
  let text: string
  try {
    text = JSON.stringify(tree)
  } catch (cause) {
    if (cause instanceof RangeError) throw tooLarge(2 ** 29 + byteLength, writing)
    throw umbelError('UMBEL_CANNOT_TRAVEL', `${writing.path} has a property that does not keep still.`, { cause })
  }
  if (text.length + byteLength > writing.maxBytes) throw tooLarge(text.length + byteLength, writing)
  return text
}

function tooLarge(size: number, { path, maxBytes }: Writing): UmbelError {
  const message = `${path} has a size of at least ${size} characters and bytes; values.maxBytes allows ${maxBytes}.`
  return umbelError('UMBEL_VALUE_TOO_LARGE', message, { details: { size, maxBytes } })
}

/**
 * Copies a value to a tree of plain JSON with tags. Keys come in the order in which JSON.parse gives them back, so that
 * binary parts keep theirs. On a throw `#path` stays where it is: it says where.
 */
class Writer {
  readonly bytes: Uint8Array[] = []
  byteLength = 0
  readonly #writing: Writing
  readonly #path: (string | number)[] = []
  readonly #ancestors: object[] = []
  /** The least length the text will have. */
  #size = 0
  #refusal: UmbelError | undefined

  constructor(writing: Writing) {
    this.#writing = writing
  }

  /** The tree of a value. Whatever the value's own getters and traps throw becomes an error that names the place. */
  write(value: unknown): unknown {
    try {
      return this.#value(value)
    } catch (error) {
      if (error === this.#refusal) throw error
      throw this.#cannot('could not be read', error)
    }
  }

  #value(value: unknown): unknown {
    switch (typeof value) {
      case 'string':
        this.#add(value.length + 3)
        return value
      case 'number':
        this.#add(2)
        if (Number.isFinite(value) && !Object.is(value, -0)) return value
        return { $: 'number', v: Object.is(value, -0) ? '-0' : String(value) }
      case 'boolean':
        this.#add(5)
        return value
      case 'undefined':
        this.#add(17)
        return { $: 'undefined' }
      case 'bigint':
        return this.#bigint(value)
      case 'object':
        this.#add(2)
        return value === null ? null : this.#object(value)
      default:
        throw this.#cannot(`is a ${typeof value}`)
    }
  }

  #bigint(value: bigint): unknown {
    // hexadecimal, as decimal digits of a long one take time that grows faster than they do
    const digits = value.toString(16)
    this.#add(digits.length)
    return { $: 'bigint', v: digits }
  }

  #object(value: object): unknown {
    if (this.#ancestors.includes(value)) throw this.#cannot('is cyclic: it stands within itself')
    if (this.#ancestors.length >= DEEPEST)
      throw this.#refuse('UMBEL_VALUE_TOO_DEEP', `is nested deeper than ${DEEPEST} levels`)
    this.#ancestors.push(value)
    const tree = this.#container(value)
    this.#ancestors.pop()
    return tree
  }

  #container(value: object): unknown {
    if (Array.isArray(value)) return this.#list(value)
    if (isRecord(value)) return this.#record(value)
    if (isError(value)) return { $: 'error', v: this.#value(this.#writing.describe(value)) }
    if (ArrayBuffer.isView(value)) {
      return this.#binary(viewKind(value), new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
    }
    // a subclass has one prototype more
    if (prototypes(value) !== 2) throw this.#cannot(`is ${describeObject(value)}`)
    const tree = this.#builtIn(value)
    if (tree === undefined) throw this.#cannot(`is ${describeObject(value)}`)
    if (Object.keys(value).length > 0) throw this.#cannot(`is ${describeObject(value)} with properties of its own`)
    return tree
  }

  #builtIn(value: object): unknown {
    switch (Object.prototype.toString.call(value)) {
      case '[object Date]': {
        const time = Date.prototype.getTime.call(value)
        return { $: 'date', v: Number.isNaN(time) ? null : time }
      }
      case '[object Map]':
        return this.#map(value as ReadonlyMap<unknown, unknown>)
      case '[object Set]':
        return this.#set(value as ReadonlySet<unknown>)
      case '[object ArrayBuffer]':
        return this.#binary('ArrayBuffer', new Uint8Array(value as ArrayBuffer))
      default:
        return undefined
    }
  }

  #list(list: readonly unknown[]): unknown {
    if (prototypes(list) !== 2) throw this.#cannot(`is ${describeObject(list)}`)
    const tree: unknown[] = []
    for (let index = 0; index < list.length; index += 1) {
      this.#path.push(index)
      const item = list[index]
      if (item === undefined && !Object.hasOwn(list, index)) throw this.#cannot('is a hole in a sparse list')
      tree.push(this.#value(item))
      this.#path.pop()
    }
    if (hasExtras(list)) throw this.#cannot('is a list with properties beside its items')
    return tree
  }

  #record(value: object): unknown {
    if (Object.getOwnPropertySymbols(value).length > 0) throw this.#cannot('has a key that is a symbol')
    const tree = this.#copy(value)
    for (const key of Object.keys(tree)) {
      this.#path.push(key)
      this.#add(key.length + 3)
      tree[key] = this.#value(tree[key])
      this.#path.pop()
    }
    return Object.hasOwn(tree, '$') ? { $: 'object', v: tree } : tree
  }

  #copy(value: object): Record<string, unknown> {
    try {
      return { ...value }
    } catch (error) {
      for (const key of Object.keys(value)) {
        this.#path.push(key)
        Reflect.get(value, key)
        this.#path.pop()
      }
      throw error
    }
  }

  #map(map: ReadonlyMap<unknown, unknown>): unknown {
    const entries: unknown[] = []
    this.#path.push('entries')
    Map.prototype.forEach.call(map, (value, key) => {
      this.#add(3)
      this.#path.push(entries.length, 'key')
      const packedKey = this.#value(key)
      this.#path[this.#path.length - 1] = 'value'
      entries.push([packedKey, this.#value(value)])
      this.#path.length -= 2
    })
    this.#path.pop()
    return { $: 'map', v: entries }
  }

  #set(set: ReadonlySet<unknown>): unknown {
    const items: unknown[] = []
    this.#path.push('values')
    Set.prototype.forEach.call(set, (item) => {
      this.#path.push(items.length)
      items.push(this.#value(item))
      this.#path.pop()
    })
    this.#path.pop()
    return { $: 'set', v: items }
  }

  #binary(kind: string, bytes: Uint8Array): unknown {
    this.#add(bytes.byteLength)
    this.#size -= bytes.byteLength
    this.byteLength += bytes.byteLength
    // a copy: what is written does not change with the original, and is no view of a larger or a shared buffer
    this.bytes.push(this.#writing.bytes === 'moved' ? bytes : new Uint8Array(bytes))
    return { $: 'bytes', v: kind }
  }

  #add(units: number): void {
    this.#size += units
    const size = this.#size + this.byteLength
    if (size <= this.#writing.maxBytes + 2) return
    this.#refusal = tooLarge(size, this.#writing)
    throw this.#refusal
  }

  #cannot(why: string, cause?: unknown): UmbelError {
    return this.#refuse('UMBEL_CANNOT_TRAVEL', why, cause)
  }

  #refuse(code: 'UMBEL_CANNOT_TRAVEL' | 'UMBEL_VALUE_TOO_DEEP', why: string, cause?: unknown): UmbelError {
    const path = this.#writing.path + this.#path.map(segment).join('')
    const place = path.length <= 240 ? path : `${path.slice(0, 120)} ... ${path.slice(-100)}`
    this.#refusal = umbelError(code, `${place} ${why}.`, cause === undefined ? {} : { cause })
    return this.#refusal
  }
}

function segment(key: string | number): string {
  if (typeof key === 'number') return `[${key}]`
  return /^[A-Za-z_]\w{0,60}$/.test(key) ? `.${key}` : `[${JSON.stringify(key.slice(0, 60))}]`
}
