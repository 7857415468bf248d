/** Outboxes there are: one for each of the first cells. */
const OUTBOXES = 256

/** Numbers in an outbox, of four bytes each. */
const SIZE = 2_048

/** Numbers in front of each result: that of the item, the microseconds it took, the length of its text. */
const HEAD = 3

/** Characters of a text that is short. */
const SHORT = 16

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
  /** The same as characters. */
  readonly #characters: Uint16Array
  readonly #codes: number[] = []
  /** The short text that was read last: small results are alike more often than not. */
  #last = ''

  /** In a thread: those that its lane has made. */
  constructor(
    shared: Int32Array = new Int32Array(new SharedArrayBuffer(OUTBOXES * SIZE * Int32Array.BYTES_PER_ELEMENT)),
  ) {
    this.shared = shared
    this.#text = Buffer.from(shared.buffer)
    this.#characters = new Uint16Array(shared.buffer)
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
    this.#write(result, (at + HEAD) * 2)
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
      const text = this.#read((at + HEAD) * 2, length)
      filled += HEAD + ((length + 1) >> 1)
      found(shared[at] as number, (shared[at + 1] as number) / 1_000, text)
    }
  }

  /** What is short is written here sooner than handed over for that. */
  #write(text: string, to: number): void {
    if (text.length > SHORT) return void this.#text.write(text, to * 2, 'utf16le')
    for (let place = 0; place < text.length; place += 1) this.#characters[to + place] = text.charCodeAt(place)
  }

  /** So many characters from a place on. What is short is read here, too: as the last such text where it is the same, which takes a tenth of the time. */
  #read(from: number, length: number): string {
    if (length > SHORT) return this.#text.toString('utf16le', from * 2, (from + length) * 2)
    const last = this.#last
    if (last.length === length) {
      let same = 0
      while (same < length && last.charCodeAt(same) === this.#characters[from + same]) same += 1
      if (same === length) return last
    }
    this.#codes.length = length
    for (let place = 0; place < length; place += 1) this.#codes[place] = this.#characters[from + place] as number
    this.#last = String.fromCharCode(...this.#codes)
    return this.#last
  }
}
