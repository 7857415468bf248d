/** Items of a piece, as a power of two. */
const PIECE_BITS = 10
const PIECE = 1 << PIECE_BITS

/**
 * A list that grows at its end, in pieces. A list of V8's own is copied as it grows, each time to memory that the system has to provide anew: of 100,000
 * items three times what they take in the end. A piece is no larger than what V8 finds room for in the memory that it has.
 */
export class Pieces<T> {
  readonly #pieces: T[][]
  #last: T[] = []

  constructor() {
    this.#pieces = [this.#last]
  }

  get length(): number {
    return (this.#pieces.length - 1) * PIECE + this.#last.length
  }

  push(item: T): void {
    if (this.#last.length === PIECE) {
      this.#last = []
      this.#pieces.push(this.#last)
    }
    this.#last.push(item)
  }

  at(index: number): T | undefined {
    return this.#pieces[index >> PIECE_BITS]?.[index & (PIECE - 1)]
  }

  /** Keep the first so many. */
  cut(length: number): void {
    if (length >= this.length) return
    this.#pieces.length = Math.max(1, Math.ceil(length / PIECE))
    this.#last = this.#pieces.at(-1) as T[]
    this.#last.length = length - (this.#pieces.length - 1) * PIECE
  }

  /** All of them in one list. Nothing may be pushed afterwards: a single piece is given as it is. */
  list(): T[] {
    const [first = [], ...others] = this.#pieces
    return others.length === 0 ? first : first.concat(...others)
  }
}

/** Make one text of many, the separator between them: a piece at a time, for the same reason. */
export function joined(texts: readonly string[], separator: string): string {
  if (texts.length <= PIECE) return texts.join(separator)
  const parts: string[] = []
  for (let from = 0; from < texts.length; from += PIECE) parts.push(texts.slice(from, from + PIECE).join(separator))
  return parts.join(separator)
}
