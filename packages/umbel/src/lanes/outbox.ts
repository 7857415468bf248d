/** Outboxes there are: one for each of the first cells. */
const OUTBOXES = 256

/** Numbers in an outbox, of four bytes each. */
const SIZE = 2_048

/** Numbers in front of each result: that of the item, the microseconds it took, the length of its text. */
const HEAD = 3

/** A result that was found in an outbox. `took` is in milliseconds. */
export type Found = (number: number, took: number, result: string) => void

/**
 * Shared memory in which a thread leaves the results of a bundle as they come: they outlive the thread, and the lane can read
 * them while the next item still runs, though its handler never lets a message out. One outbox for each cell; a cell without one,
 * a result that is no short text, and whatever is no success go by message instead.
 */
export class Outboxes {
  readonly shared: Int32Array
  readonly #text: Buffer

  /** In a thread: those that its lane has made. */
  constructor(
    shared: Int32Array = new Int32Array(new SharedArrayBuffer(OUTBOXES * SIZE * Int32Array.BYTES_PER_ELEMENT)),
  ) {
    this.shared = shared
    this.#text = Buffer.from(shared.buffer)
  }

  /** Empty the outbox of a cell, before a message is sent. */
  clear(cell: number): void {
    if (cell < OUTBOXES) Atomics.store(this.shared, cell * SIZE, 0)
  }

  /** Leave a result; false where it does not fit. `took` is in milliseconds. */
  put(cell: number, number: number, took: number, result: string): boolean {
    if (cell >= OUTBOXES) return false
    const { shared } = this
    const filled = shared[cell * SIZE] as number
    const length = HEAD + ((result.length + 1) >> 1)
    if (1 + filled + length > SIZE) return false
    const at = cell * SIZE + 1 + filled
    shared[at] = number
    shared[at + 1] = took * 1_000
    shared[at + 2] = result.length
    this.#text.write(result, (at + HEAD) * 4, 'utf16le')
    Atomics.store(shared, cell * SIZE, filled + length) // only now may it be read
    return true
  }

  /** How full the outbox of a cell is. */
  filled(cell: number): number {
    return cell < OUTBOXES ? Atomics.load(this.shared, cell * SIZE) : 0
  }

  /** Call back with each result between two fillings. */
  read(cell: number, from: number, to: number, found: Found): void {
    const { shared } = this
    for (let filled = from; filled < to; ) {
      const at = cell * SIZE + 1 + filled
      const length = shared[at + 2] as number
      const text = (at + HEAD) * 4
      filled += HEAD + ((length + 1) >> 1)
      found(
        shared[at] as number,
        (shared[at + 1] as number) / 1_000,
        this.#text.toString('utf16le', text, text + length * 2),
      )
    }
  }
}
