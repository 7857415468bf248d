import { type ErrorClasses, fromErrorData, toErrorData } from './error-data.ts'
import { umbelError } from './errors.ts'
import { joined } from './pieces.ts'
import { readValue } from './read-value.ts'
import { type Writing, writeBareList, writeValue } from './write-value.ts'

/**
 * A value as it travels and is stored: tagged JSON, and its binary parts beside the text in the order of their tags.
 */
export type Encoded = string | { readonly text: string; readonly bytes: readonly Uint8Array[] }

/** The encoded empty list. */
export const EMPTY_LIST: Encoded = '[]'

/** Size bound where no other is given: 1 MiB. */
const MAX_BYTES = 1_048_576

/** How a value is encoded. */
export interface EncodeOptions {
  /** The most UTF-16 units of text and bytes of binary parts together. Default 1,048,576. */
  readonly maxBytes?: number
  /** What the value is called in errors. Default `value`. */
  readonly path?: string
  /** Whether buffers are copied (the default) or moved: then those who had them find them empty, unless it throws. */
  readonly bytes?: 'copied' | 'moved'
}

/**
 * Encode a value so that `decode` gives an equal one: JSON values, undefined, NaN, the infinities, -0, bigint, Date,
 * Map, Set, ArrayBuffer, every view of one (Node's Buffer comes back as a Uint8Array), errors, and lists and plain
 * objects of these. An object without a prototype comes back as a plain one, a value met twice as two copies, an error
 * as `toErrorData` sees it.
 * @throws UMBEL_CANNOT_TRAVEL with the place of anything else, UMBEL_VALUE_TOO_DEEP past 200 levels,
 * UMBEL_VALUE_TOO_LARGE past `maxBytes`.
 */
export function encode(value: unknown, options?: EncodeOptions): Encoded {
  return writeValue(value, writingBy(options))
}

/** The same of a list that was made of rest parameters and that nobody else has: it is not looked through for more than its elements. */
export function encodeRest(list: readonly unknown[], options?: EncodeOptions): Encoded {
  return writeBareList(list, writingBy(options))
}

const writingBy = (options: EncodeOptions | undefined): Writing => ({
  maxBytes: options?.maxBytes ?? MAX_BYTES,
  path: options?.path ?? 'value',
  describe: toErrorData,
  bytes: options?.bytes ?? 'copied',
})

/**
 * Decode to a value that shares nothing with anyone: bytes are copied. Errors of `classes` are revived as such.
 * @throws UMBEL_BAD_VALUE for what `encode` did not make.
 */
export function decode(encoded: Encoded, classes?: ErrorClasses): unknown {
  return readValue(encoded, { revive: (data) => fromErrorData(data, classes), bytes: 'copied' })
}

/** Decode as `decode` does, but take the binary parts over into the value: for a receiver to whom they belong, once. */
export function decodeOwned(encoded: Encoded, classes?: ErrorClasses): unknown {
  return readValue(encoded, { revive: (data) => fromErrorData(data, classes), bytes: 'owned' })
}

/** Make the encoded list of values that are encoded already, without decoding them. */
export function encodeList(items: readonly Encoded[]): Encoded {
  if (items.every(isText)) return `[${joined(items, ',')}]`
  return withBytes(`[${joined(items.map(textOf), ',')}]`, items)
}

/**
 * Join two encoded lists to one, without decoding them.
 * @throws UMBEL_BAD_VALUE where one is no encoded list.
 */
export function concatLists(a: Encoded, b: Encoded): Encoded {
  const before = textOf(a)
  const after = textOf(b)
  for (const text of [before, after]) {
    if (!text.startsWith('[') || !text.endsWith(']'))
      throw umbelError('UMBEL_BAD_VALUE', 'What should be an encoded list is none.')
  }
  if (before === EMPTY_LIST) return b
  if (after === EMPTY_LIST) return a
  return withBytes(`${before.slice(0, -1)},${after.slice(1)}`, [a, b])
}

/** Size of an encoded value as bounds count it: UTF-16 units of text and bytes of binary parts together. */
export function encodedSize(encoded: Encoded): number {
  if (typeof encoded === 'string') return encoded.length
  return encoded.bytes.reduce((sum, part) => sum + part.byteLength, encoded.text.length)
}

const isText = (encoded: Encoded): encoded is string => typeof encoded === 'string'

const textOf = (encoded: Encoded): string => (typeof encoded === 'string' ? encoded : encoded.text)

function withBytes(text: string, parts: readonly Encoded[]): Encoded {
  if (parts.every(isText)) return text
  const bytes = parts.flatMap((part) => (typeof part === 'string' ? [] : part.bytes))
  return bytes.length === 0 ? text : { text, bytes }
}
