import type { ThreadCells } from './thread-cells.ts'
import type { Run } from './thread-run.ts'

/** Threads that may be lost one after another before any of their items has started; then the first item is to blame. */
const MAX_BARREN = 3

/** Says which item of a message has cost its thread its life, by what the thread has left in its cell. */
export class Blame {
  readonly #cells: Pick<ThreadCells, 'running' | 'culprit'>
  readonly #stray: (error: unknown) => void
  #barren = 0

  /** `stray`: told the error where it was not that of the item that ran. */
  constructor(cells: Pick<ThreadCells, 'running' | 'culprit'>, stray: (error: unknown) => void) {
    this.#cells = cells
    this.#stray = stray
  }

  /** A thread has answered. */
  answered(): void {
    this.#barren = 0
  }

  /** The item to blame among those of a message that are not over; `undefined` where none is. */
  of(cell: number, left: readonly Run[], error: unknown): Run | undefined {
    if (left.some(({ killed }) => killed !== undefined)) return undefined
    const running = this.#cells.running(cell)
    const culprit = this.#cells.culprit(cell)
    if (running === 0) {
      this.#barren += 1
      return this.#barren < MAX_BARREN ? undefined : left[0]
    }
    this.#barren = 0
    if (culprit !== 0 && culprit !== running) this.#stray(error)
    return left.find(({ number }) => number === (culprit === 0 ? running : culprit))
  }
}
