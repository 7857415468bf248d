import type { Encoded, Outcome } from '@umbel/core'
import { encode, encodedSize, encodeList, umbelError } from '@umbel/core/tasks'
import type { WriteParams } from './context.ts'
import { checkParams, checkWrite } from './sql.ts'

/** The most statements of one attempt. The main loop is busy while they are carried out. */
const MOST = 1_000

/** What the handler of one attempt has written: kept as it was when it was written, until the outcome takes it along. */
export class AttemptWrites {
  readonly #writes: Encoded[] = []
  readonly #maxBytes: number
  #size = 0

  /** `maxBytes`: the most characters and bytes of all together. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** @throws UMBEL_CANNOT_WRITE, UMBEL_CANNOT_TRAVEL, UMBEL_VALUE_TOO_LARGE */
  add(sql: string, params: WriteParams): void {
    checkWrite('ctx.write', sql)
    checkParams('ctx.write', params)
    const write = encode([sql, params], { maxBytes: this.#maxBytes, path: 'ctx.write' })
    const size = this.#size + encodedSize(write)
    if (this.#writes.length >= MOST || size > this.#maxBytes)
      throw umbelError(
        'UMBEL_VALUE_TOO_LARGE',
        `${this.#writes.length + 1} statements of ctx.write come to ${size} characters and bytes; an attempt may have ${MOST} of ${this.#maxBytes}.`,
      )
    this.#size = size
    this.#writes.push(write)
  }

  /** The outcome with what was written, where it is one that keeps it. */
  with(outcome: Outcome): Outcome {
    if (outcome.kind !== 'succeeded' && outcome.kind !== 'replaced') return outcome
    return { ...outcome, writes: encodeList(this.#writes) }
  }
}
