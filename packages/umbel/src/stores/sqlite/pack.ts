/** Data as SQLite keeps it: JSON as text; where it has binary parts, one blob of the JSON with the parts behind it. */
export type Packed = string | Uint8Array

/** The way from the root of the data to a binary part. */
type Path = readonly (string | number)[]

/** Bytes that tell the length of the JSON in front of binary parts. */
const HEAD = 4

/** Pack plain data that may have bytes in it. What is `undefined` is left out. */
export function pack(data: object): Packed {
  if (!hasBytes(data)) return JSON.stringify(data)
  const parts: Uint8Array[] = []
  const paths: Path[] = []
  collect(data, [], (path, bytes) => {
    paths.push(path)
    parts.push(bytes)
  })
  const lengths = parts.map((part) => part.byteLength)
  const json = new TextEncoder().encode(JSON.stringify({ data, paths, lengths }, withoutBytes))
  const packed = new Uint8Array(HEAD + json.byteLength + lengths.reduce((sum, length) => sum + length, 0))
  new DataView(packed.buffer).setUint32(0, json.byteLength)
  packed.set(json, HEAD)
  let at = HEAD + json.byteLength
  for (const part of parts) {
    packed.set(part, at)
    at += part.byteLength
  }
  return packed
}

/** Read what `pack` made. @throws SyntaxError where it is anything else */
export function unpack(packed: Packed): unknown {
  if (typeof packed === 'string') return JSON.parse(packed)
  const length = new DataView(packed.buffer, packed.byteOffset).getUint32(0)
  const json = new TextDecoder().decode(packed.subarray(HEAD, HEAD + length))
  const { data, paths, lengths } = JSON.parse(json) as { data: unknown; paths: Path[]; lengths: number[] }
  let at = HEAD + length
  for (const [index, path] of paths.entries()) {
    const end = at + (lengths[index] as number)
    place(data, path, packed.slice(at, end))
    at = end
  }
  return data
}

/** Its size as it is stored: bytes of a blob, UTF-16 units of text. */
export const packedSize = (packed: Packed): number => (typeof packed === 'string' ? packed.length : packed.byteLength)

const withoutBytes = (_key: string, value: unknown): unknown => (value instanceof Uint8Array ? 0 : value)

/** Asked for everything that is stored: `ArrayBuffer.isView` and the loop by index are a tenth of `instanceof` and `for in`. */
function hasBytes(data: object): boolean {
  if (ArrayBuffer.isView(data)) return true
  if (!Array.isArray(data)) return hasBytesInFields(data)
  for (let index = 0; index < data.length; index += 1) if (isWithBytes(data[index])) return true
  return false
}

function hasBytesInFields(data: object): boolean {
  for (const key in data) if (isWithBytes((data as Record<string, unknown>)[key])) return true
  return false
}

const isWithBytes = (value: unknown): boolean => typeof value === 'object' && value !== null && hasBytes(value)

function collect(data: object, path: Path, found: (path: Path, bytes: Uint8Array) => void): void {
  if (data instanceof Uint8Array) return found(path, data)
  const list = Array.isArray(data)
  for (const [key, value] of Object.entries(data)) {
    if (typeof value === 'object' && value !== null) collect(value, [...path, list ? Number(key) : key], found)
  }
}

function place(data: unknown, path: Path, bytes: Uint8Array): void {
  let at = data as Record<string | number, unknown>
  for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>
  at[path.at(-1) as string | number] = bytes
}
