/** Deepest nesting of lists and objects that travels. */
export const DEEPEST = 200

/**
 * Tell whether JSON carries a value exactly, as most arguments are. One walk that builds nothing and stops at `most`
 * units. The answer is no, too, for what is too large, too deep or cannot be read: whoever asks finds out why.
 */
export function isPlainJson(value: unknown, most: number): boolean {
  try {
    return grow(value, 0, 0, most) >= 0
  } catch {
    return false
  }
}

/** `size` and the least length that this value's JSON adds to it; -1 where JSON cannot carry it. */
function grow(value: unknown, depth: number, size: number, most: number): number {
  switch (typeof value) {
    case 'string':
      return size + value.length + 2
    case 'number':
      return Number.isFinite(value) && (value !== 0 || 1 / value > 0) ? size + 1 : -1
    case 'boolean':
      return size + 4
    case 'object':
      if (value === null) return size + 4
      if (depth >= DEEPEST || size > most) return -1
      return Array.isArray(value) ? growList(value, depth, size, most) : growRecord(value, depth, size, most)
    default:
      return -1
  }
}

function growList(list: readonly unknown[], depth: number, size: number, most: number): number {
  const { length } = list
  if (size + length > most || Object.getPrototypeOf(list) !== Array.prototype || 'toJSON' in list) return -1
  let sum = size + 2
  for (let index = 0; index < length; index += 1) {
    sum = grow(list[index], depth + 1, sum + 1, most)
    if (sum < 0) return -1
  }
  return hasExtras(list) ? -1 : sum
}

function growRecord(value: object, depth: number, size: number, most: number): number {
  const prototype = Object.getPrototypeOf(value)
  if ((prototype !== Object.prototype && prototype !== null) || 'toJSON' in value) return -1
  let sum = size + 2
  for (const key in value) {
    if (key === '$') return -1
    sum = grow((value as Readonly<Record<string, unknown>>)[key], depth + 1, sum + key.length + 4, most)
    if (sum < 0) return -1
  }
  return Object.getOwnPropertySymbols(value).length > 0 ? -1 : sum
}

/** Tell whether a list has keys that are no indices, which JSON would drop. */
export const hasExtras = (list: readonly unknown[]): boolean =>
  Object.keys(list).length !== list.length || Object.getOwnPropertySymbols(list).length > 0
