import { encodedSize, type TaskNode } from '@umbel/core'

/** Longest that a task may take to be tiny, and to be short, in milliseconds. */
const TINY = 0.25
const SHORT = 8

/** Milliseconds of work for a part of which it does not pay to wake another thread. */
export const WORTH_A_THREAD = 0.1

/** Characters and bytes of arguments that tiny tasks may have together to share a message. */
export const LARGEST_MESSAGE = 1_048_576

/** How large what a task is given is, in these. */
export const sizeOf = ({ args, kwargs }: Pick<TaskNode, 'args' | 'kwargs'>): number =>
  encodedSize(args) + (kwargs === undefined ? 0 : encodedSize(kwargs))

/** Runs in a row that must have been tiny before a task is taken for it, and once one was not. */
const PROOFS = 4
const PROOFS_AGAIN = 2

/** Weight of the latest run in a task's mean. */
const LATEST = 1 / 8

/** Milliseconds that a run costs beside its handler. */
const OVERHEAD = 0.001

interface Measured {
  mean: number
  /** Runs in a row that were tiny, and that were short. */
  proofs: number
  shortProofs: number
}

/** Which tasks of a lane are tiny or short, as measured where they run: a run that is not takes its task out at once, until it has proved itself again. */
export class TinyTasks {
  readonly #tasks = new Map<string, Measured>()
  /** What was looked for last, and what is known of it: most of what comes in a row is of one task. */
  #task = ''
  #known: Measured | undefined

  /** A run of a task has taken so many milliseconds. */
  ran(task: string, took: number): void {
    const known = this.#of(task)
    if (known === undefined) {
      if (took > SHORT) return
      this.#known = { mean: took, proofs: took <= TINY ? 1 : 0, shortProofs: 1 }
      this.#tasks.set(task, this.#known)
      return
    }
    known.shortProofs = proved(known.shortProofs, took <= SHORT)
    known.proofs = proved(known.proofs, took <= TINY)
    if (took <= TINY) known.mean += (took - known.mean) * LATEST
  }

  /** Milliseconds that a run of a task will take; Infinity where it has not proved tiny. */
  cost(task: string): number {
    const known = this.#of(task)
    return known === undefined || known.proofs < PROOFS ? Number.POSITIVE_INFINITY : known.mean + OVERHEAD
  }

  /** Whether a task has proved short. */
  isShort(task: string): boolean {
    return (this.#of(task)?.shortProofs ?? 0) >= PROOFS
  }

  #of(task: string): Measured | undefined {
    if (task !== this.#task) {
      this.#task = task
      this.#known = this.#tasks.get(task)
    }
    return this.#known
  }
}

const proved = (proofs: number, again: boolean): number =>
  again ? proofs + 1 : Math.min(proofs, PROOFS - PROOFS_AGAIN)
