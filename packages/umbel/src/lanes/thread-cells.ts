import { Outboxes } from './outbox.ts'
import { BEGUN, CELL_SIZE, CULPRIT, RECALLED, RUNNING } from './thread-protocol.ts'

/** Messages that can be under way at once, with those whose thread is dying. */
const CELLS = 4_096

/**
 * The shared memory in which threads write what they run, one cell for each message under way. The cell of a message whose
 * thread was lost is used again last of all: a thread that is being ended may still write for a moment.
 */
export class ThreadCells {
  readonly shared = new Int32Array(new SharedArrayBuffer(CELLS * CELL_SIZE * Int32Array.BYTES_PER_ELEMENT))
  readonly outboxes = new Outboxes()
  #free = Array.from({ length: CELLS }, (_, cell) => CELLS - 1 - cell)
  #retired: number[] = []

  /** Take a cell that nobody writes to; `undefined` when all are taken. */
  take(): number | undefined {
    if (this.#free.length === 0) {
      this.#free = this.#retired.reverse()
      this.#retired = []
    }
    const cell = this.#free.pop()
    if (cell === undefined) return undefined
    this.shared.fill(0, cell * CELL_SIZE, (cell + 1) * CELL_SIZE)
    this.outboxes.clear(cell)
    return cell
  }

  /** Give back the cell of a message that was answered. */
  give(cell: number): void {
    this.#free.push(cell)
  }

  /** Give back the cell of a message whose thread was lost. */
  retire(cell: number): void {
    this.#retired.push(cell)
  }

  /** Number of the item that runs, or ran when the thread was lost; 0 between items. */
  running(cell: number): number {
    return Atomics.load(this.shared, cell * CELL_SIZE + RUNNING)
  }

  /** Number of the item whose code called `process.exit`; 0 for nobody known. */
  culprit(cell: number): number {
    return Atomics.load(this.shared, cell * CELL_SIZE + CULPRIT)
  }

  /** Let the thread begin no further item of a message. Gives how many it has begun; none of the others will ever run. */
  recall(cell: number): number {
    return Atomics.exchange(this.shared, cell * CELL_SIZE + BEGUN, RECALLED)
  }
}
