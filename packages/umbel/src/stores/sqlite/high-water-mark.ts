import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'

/** Characters that a number takes: it is written over the one before. */
const LENGTH = 20

/**
 * Keeps in a small file beside the store how far its log has come. SQLite drops what stands behind damage in its own log without a
 * word: a store whose log is shorter than its mark has lost something.
 */
export class HighWaterMark {
  readonly #path: string
  #descriptor: number | undefined

  constructor(file: string) {
    this.#path = `${file}-mark`
  }

  /** The number of the last event that was committed, as far as is known; 0 where nothing is. */
  open(): number {
    const bytes = Buffer.alloc(LENGTH)
    this.#descriptor = openSync(this.#path, constants.O_RDWR | constants.O_CREAT, 0o600)
    readSync(this.#descriptor, bytes, 0, LENGTH, 0)
    const seq = Number(bytes.toString('latin1').replaceAll('\0', ''))
    return Number.isSafeInteger(seq) && seq > 0 ? seq : 0
  }

  /** An event of this number is committed. What goes wrong here harms no commit. */
  move(seq: number): void {
    if (this.#descriptor === undefined) return
    try {
      writeSync(this.#descriptor, String(seq).padStart(LENGTH, '0'), 0)
    } catch {
      // the mark stays behind, and a loss of what came since would not be noticed
    }
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
  }
}
