import type { Row, Seat, Step } from '@umbel/core'
import type { RowOf } from './engine-ahead.ts'

/** How far ahead a row is looked for. */
const NEAR = 3

/**
 * Finds the rows of a step, and where they are at hand, for the commands of the step: these come in about the order of the rows that they are about,
 * so that most are found beside the last one without a look into a map. With 100,000 members of a group each such look waits for memory.
 */
export class CommandRows {
  readonly #step: Pick<Step, 'rows' | 'seats'>
  readonly #rowOf: RowOf
  #at = 0

  constructor(step: Pick<Step, 'rows' | 'seats'>, rowOf: RowOf) {
    this.#step = step
    this.#rowOf = rowOf
  }

  /** A row as it stands after the step. */
  readonly row: RowOf = (id) => (this.#find(id) ? this.#step.rows[this.#at] : this.#rowOf(id))

  /** The seat of a row of the step, where that is found at once and the row is still in it. */
  seat(id: string): Seat | undefined {
    const seat = this.#find(id) ? this.#step.seats?.[this.#at] : undefined
    return seat?.row === undefined ? undefined : seat
  }

  #find(id: string): boolean {
    const { rows } = this.#step
    const end = Math.min(this.#at + NEAR, rows.length)
    for (let at = this.#at; at < end; at += 1) {
      if ((rows[at] as Row).id !== id) continue
      this.#at = at
      return true
    }
    return false
  }
}
