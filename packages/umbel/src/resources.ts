import type { Clock, Timer } from '@umbel/core'
import { milliseconds, umbelError } from '@umbel/core/tasks'
import { currentAttempt } from './current-attempt.ts'
import type { TaskBase } from './definition.ts'

/** Longest that a `setup` may take where its base says nothing, in milliseconds. */
const SETUP_TIMEOUT = 30_000

/** What the `setup` of bases made in this thread: once for each base, kept until `tearDown`. */
export class Resources {
  readonly #clock: Clock
  readonly #made = new Map<TaskBase, unknown>()
  readonly #making = new Map<TaskBase, Promise<unknown>>()
  #closed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * What the setup of a base made, for a task. Those who ask while it is being made share it; after a failure the next one tries again.
   * @throws UMBEL_SETUP_FAILED, UMBEL_SETUP_TIMEOUT
   */
  async get(base: TaskBase, task: string): Promise<unknown> {
    if (this.#made.has(base)) return this.#made.get(base)
    let making = this.#making.get(base)
    if (making === undefined) {
      making = this.#make(base, task).finally(() => this.#making.delete(base))
      this.#making.set(base, making)
    }
    return making
  }

  /** Undo all that was made, newest first; what is still being made is undone as soon as it is. `failed` is told what a teardown threw. */
  async tearDown(failed: (error: unknown) => void): Promise<void> {
    this.#closed = true
    const made = [...this.#made].reverse()
    this.#made.clear()
    for (const [base, value] of made) await undo(base, value, failed)
  }

  async #make(base: TaskBase, task: string): Promise<unknown> {
    const limit = base.setupTimeout === undefined ? SETUP_TIMEOUT : milliseconds(base.setupTimeout, 'setupTimeout')
    const setup = currentAttempt.exit(async () => base.setup?.())
    let timer: Timer | undefined
    const late = new Promise<never>((_, reject) => {
      timer = this.#clock.setTimer(
        () => reject(umbelError('UMBEL_SETUP_TIMEOUT', `A setup of ${task} took longer than ${limit} ms.`)),
        limit,
      )
    })
    // what comes too late is undone, since nobody would ever use it
    late.catch(() =>
      setup.then(
        (value) => undo(base, value, () => {}),
        () => {},
      ),
    )
    try {
      const value = await Promise.race([setup.catch((cause) => setupFailed(task, cause)), late])
      if (this.#closed) {
        await undo(base, value, () => {})
        throw umbelError('UMBEL_APP_STOPPED', `The app stopped while a setup of ${task} ran.`)
      }
      this.#made.set(base, value)
      return value
    } finally {
      timer?.cancel()
    }
  }
}

function setupFailed(task: string, cause: unknown): never {
  throw umbelError('UMBEL_SETUP_FAILED', `A setup of ${task} threw.`, { cause })
}

async function undo(base: TaskBase, value: unknown, failed: (error: unknown) => void): Promise<void> {
  try {
    await base.teardown?.(value)
  } catch (error) {
    failed(error)
  }
}
