import { decode, type ErrorClasses, encode, fromErrorData } from '@umbel/core'
import type { Lookout } from './lookout.ts'
import type { Outbox } from './outbox.ts'

/** What the owner is asked with. */
export interface RemoteOwnerParts {
  readonly outbox: Outbox
  readonly lookout: Lookout
  readonly ids: () => string
  readonly errors: ErrorClasses
}

/** The owner of the store, as a sender can ask it: in the order of what it sends. */
export class RemoteOwner {
  readonly #parts: RemoteOwnerParts

  constructor(parts: RemoteOwnerParts) {
    this.#parts = parts
  }

  /** Ask the owner for something by its name. @throws what the owner throws; UMBEL_NO_OWNER where there is none for three seconds */
  async ask(name: string, args: readonly unknown[]): Promise<unknown> {
    const { outbox, lookout, ids, errors } = this.#parts
    const id = ids()
    await outbox.asked(id, { name, args: encode(args, { path: name }) })
    const answer = await lookout.answerTo(id)
    if ('error' in answer) throw fromErrorData(answer.error, errors)
    return decode(answer.value, errors)
  }
}
