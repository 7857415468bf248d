import type { Clock, TaskRow, Timer } from '@umbel/core'
import type { Lane } from './lanes/lane.ts'

/** What still runs of tasks that were revoked: it is asked to end, and ended once its lane's grace is over. */
export class Revocations {
  readonly #clock: Clock
  readonly #graces = new Map<string, { readonly timer: Timer; readonly end: () => void }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Ask a running task to end. Asked again, it gets no longer grace. */
  ask(lane: Lane, row: TaskRow): void {
    lane.abort(row, 'revoked')
    if (this.#graces.has(row.id)) return
    const end = (): void => {
      this.#graces.delete(row.id)
      lane.kill(row, 'revoked')
    }
    const timer = this.#clock.setTimer(end, lane.options.revokeGrace)
    timer.keepAlive(false)
    this.#graces.set(row.id, { timer, end })
  }

  /** End what still has its grace: the app ends. */
  cut(): void {
    for (const { timer, end } of [...this.#graces.values()]) {
      timer.cancel()
      end()
    }
  }

  /** Its attempt is over. */
  over(id: string): void {
    if (this.#graces.size === 0) return
    this.#graces.get(id)?.timer.cancel()
    this.#graces.delete(id)
  }
}
