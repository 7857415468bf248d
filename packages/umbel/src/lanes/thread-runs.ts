import type { UnderWay } from '@umbel/core'
import { removeFrom } from '../short-list.ts'
import type { Message, Run } from './thread-run.ts'

/** From here on numbers begin anew: they are kept in 32 bits. */
const LAST = 0x7fff_0000

/** The attempts that the threads of a lane have, by the numbers that those know them by: of a message one after another. */
export class Runs {
  /** Few are under way, and those of one are found by their place in it: nothing is kept for each attempt. A list: see `removeFrom`. */
  readonly #messages: Message[] = []
  #number = 0

  /** A message is about to be under way: gives the number of its first attempt. */
  enter(message: Message, count: number): number {
    this.#messages.push(message)
    const first = (this.#number > LAST ? 0 : this.#number) + 1
    this.#number = first + count - 1
    return first
  }

  /** All of a message is over. */
  leave(message: Message): void {
    removeFrom(this.#messages, message)
  }

  /** Whether any of what is under way may last. */
  get lasts(): boolean {
    return this.#messages.some(({ isShort }) => !isShort)
  }

  /** The attempt of a number, if it is not over. */
  get(number: number): Run | undefined {
    for (const message of this.#messages) {
      const run = runIn(message, number)
      if (run !== undefined) return run
    }
    return undefined
  }

  /** The attempt of a task that is under way: few are, and few are asked for. The last of it, should there be two. */
  ofTask(id: string): Run | undefined {
    let found: Run | undefined
    for (const run of this) if (run.call.id === id) found = run
    return found
  }

  /** What is under way, and where. */
  underWay(): UnderWay[] {
    return Array.from(this, ({ call: { id }, message: { thread } }) => ({ id, thread }))
  }

  *[Symbol.iterator](): Generator<Run, void, undefined> {
    for (const { runs } of this.#messages) for (const run of runs) if (!run.isOver) yield run
  }
}

/** The attempt of a number in a message, if it is not over. */
export function runIn({ first, runs }: Message, number: number): Run | undefined {
  const place = number - first
  const run = place < 0 || place >= runs.length ? undefined : runs[place]
  return run === undefined || run.isOver ? undefined : run
}
