/** How many prototypes a value has above it, counted up to 5: a proxy may answer for ever. */
export function prototypes(value: object): number {
  let count = 0
  for (let above = Object.getPrototypeOf(value); above !== null && count < 5; above = Object.getPrototypeOf(above))
    count += 1
  return count
}

/** Tell whether a value is an object literal's or has no prototype, in this realm or another. */
export function isRecord(value: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(value)
  if (prototype === null || prototype === Object.prototype) return true
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf')
}

const { isError: isNativeError } = Error as { readonly isError?: (value: unknown) => boolean }

/** Tell whether a value is an error, of this realm or another. */
export const isError = (value: unknown): value is Error => value instanceof Error || isNativeError?.(value) === true

/** Name of the class a value was made by, `''` where none can be told. */
export function classNameOf(value: object): string {
  const prototype: object | null = Object.getPrototypeOf(value)
  const maker: unknown = prototype === null ? undefined : Reflect.get(prototype, 'constructor')
  return typeof maker === 'function' && typeof maker.name === 'string' ? maker.name : ''
}

/** Say what an object is, for an error: `an instance of Foo`. */
export function describeObject(value: object): string {
  const kind = Object.prototype.toString.call(value).slice(8, -1)
  const name = classNameOf(value).slice(0, 80)
  return name === '' || name === 'Object' ? `an object of kind ${kind.slice(0, 80)}` : `an instance of ${name}`
}

type ViewClass = new (buffer: ArrayBuffer) => ArrayBufferView

const VIEWS: ReadonlyMap<string, ViewClass> = new Map(
  [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
    DataView,
    // Node.js 22 has none
    ...(typeof Float16Array === 'undefined' ? [] : [Float16Array]),
  ].map((view) => [view.name, view as unknown as ViewClass]),
)

const kindOfTypedArray = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get

/** Name of a view's kind, whatever subclass or realm it is of: `Uint8Array` for Node's Buffer. */
export const viewKind = (view: ArrayBufferView): string =>
  (kindOfTypedArray?.call(view) as string | undefined) ?? 'DataView'

/**
 * Make a binary value of the kind again over bytes that are its own; `undefined` where they do not fit or there is no
 * such kind.
 */
export function restoreBytes(kind: string, bytes: Uint8Array<ArrayBuffer>): ArrayBuffer | ArrayBufferView | undefined {
  if (kind === 'Uint8Array') return bytes
  const whole = bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer
  if (kind === 'ArrayBuffer') return whole
  const View = VIEWS.get(kind)
  const unit = (View as { readonly BYTES_PER_ELEMENT?: number } | undefined)?.BYTES_PER_ELEMENT ?? 1
  return View === undefined || whole.byteLength % unit !== 0 ? undefined : new View(whole)
}
