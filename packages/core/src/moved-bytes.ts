/**
 * Take binary parts over from whoever has them. A buffer that one part alone is all of moves, at no cost, and leaves what had it empty; what is part of a larger
 * buffer, stands in two places, or cannot be taken is copied.
 */
export function movedBytes(parts: readonly Uint8Array[]): Uint8Array[] {
  const buffers = new Set<ArrayBufferLike>()
  const twice = new Set<ArrayBufferLike>()
  for (const { buffer } of parts) (buffers.has(buffer) ? twice : buffers).add(buffer)
  return parts.map((part) => (twice.has(part.buffer) ? new Uint8Array(part) : moved(part)))
}

function moved(part: Uint8Array): Uint8Array {
  const { buffer } = part
  if (!(buffer instanceof ArrayBuffer) || buffer.byteLength !== part.byteLength) return new Uint8Array(part)
  try {
    return new Uint8Array(buffer.transferToFixedLength())
  } catch {
    return new Uint8Array(part) // such as the memory of WebAssembly, which stays where it is
  }
}
