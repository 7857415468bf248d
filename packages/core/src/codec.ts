// STAND-IN by the lead until the real one lands: overwrite freely
export type Encoded = string | { readonly text: string; readonly bytes: readonly Uint8Array[] }
export function encode(value: unknown, _options?: { maxBytes?: number; path?: string }): Encoded {
  if (value === undefined) return '{"$":"undefined"}'
  return JSON.stringify(value)
}
export function decode(encoded: Encoded, _classes?: unknown): unknown {
  const text = typeof encoded === 'string' ? encoded : encoded.text
  return text === '{"$":"undefined"}' ? undefined : JSON.parse(text)
}
const t = (e: Encoded): string => (typeof e === 'string' ? e : e.text)
export const EMPTY_LIST: Encoded = '[]'
export const encodeList = (items: readonly Encoded[]): Encoded => `[${items.map(t).join(',')}]`
export function concatLists(a: Encoded, b: Encoded): Encoded {
  const x = t(a).slice(1, -1), y = t(b).slice(1, -1)
  return `[${x}${x && y ? ',' : ''}${y}]`
}
export const encodedSize = (e: Encoded): number => t(e).length
