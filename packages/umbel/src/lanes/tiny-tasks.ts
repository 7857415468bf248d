/** Longest that a task may take to be tiny, in milliseconds. */
const TINY = 0.25

/** Runs in a row that must have been tiny before a task is taken for it, and once one was not. */
const PROOFS = 4
const PROOFS_AGAIN = 2

/** Weight of the latest run in a task's mean. */
const LATEST = 1 / 8

/** Milliseconds that a run costs beside its handler. */
const OVERHEAD = 0.002

interface Measured {
  mean: number
  /** Runs in a row that were tiny. */
  proofs: number
}

/** Which tasks of a lane are tiny, as measured where they run: a run that is not takes its task out at once, until it has proved itself again. */
export class TinyTasks {
  readonly #tasks = new Map<string, Measured>()

  /** A run of a task has taken so many milliseconds. */
  ran(task: string, took: number): void {
    const known = this.#tasks.get(task)
    if (took > TINY) {
      if (known !== undefined) known.proofs = Math.min(known.proofs, PROOFS - PROOFS_AGAIN)
    } else if (known === undefined) this.#tasks.set(task, { mean: took, proofs: 1 })
    else {
      known.mean += (took - known.mean) * LATEST
      known.proofs += 1
    }
  }

  /** Milliseconds that a run of a task will take; Infinity where it has not proved tiny. */
  cost(task: string): number {
    const known = this.#tasks.get(task)
    return known === undefined || known.proofs < PROOFS ? Number.POSITIVE_INFINITY : known.mean + OVERHEAD
  }
}
