/** Tell whether two values that can travel hold the same: structure, order of lists and maps, and kinds; order of keys does not matter. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
  if (Array.isArray(a)) return sameList(a, b as unknown[])
  if (a instanceof Date) return Object.is(a.getTime(), (b as Date).getTime())
  if (a instanceof Map || a instanceof Set) return sameList([...a], [...(b as Set<unknown>)])
  if (ArrayBuffer.isView(a)) return sameList(bytesOf(a), bytesOf(b as ArrayBufferView))
  if (a instanceof Error && (a.name !== (b as Error).name || a.message !== (b as Error).message)) return false
  return sameRecord(a as Record<string, unknown>, b as Record<string, unknown>)
}

function sameList(a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean {
  if (a.length !== b.length) return false
  for (let index = 0; index < a.length; index += 1) if (!sameValue(a[index], b[index])) return false
  return true
}

function sameRecord(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && sameValue(a[key], b[key]))
  )
}

const bytesOf = (view: ArrayBufferView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
