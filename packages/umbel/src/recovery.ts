import {
  attemptLost,
  type Charts,
  type Clock,
  type Command,
  pendingActions,
  pendingCommand,
  type Row,
  resumedRun,
  type Store,
} from '@umbel/core'
import type { Engine } from './engine.ts'
import type { IdleRuns } from './workflows/idle-runs.ts'

/** What recovery works with. */
export interface RecoveryParts {
  readonly store: Store
  readonly engine: Engine
  readonly clock: Clock
  readonly idle: IdleRuns
  /** The machines that are known here. */
  readonly charts: Charts
  /** Carry out a command; observers heard of it when it was issued first. */
  readonly carryOut: (command: Command) => void
}

/** Goes on where the process before this one ended: the same walk as ever, begun in the middle. */
export class Recovery {
  readonly #parts: RecoveryParts
  #left: Row[] = []

  constructor(parts: RecoveryParts) {
    this.#parts = parts
  }

  /** Take the rows of what has not ended from the store. */
  async load(): Promise<void> {
    const { store, engine } = this.#parts
    for await (const row of store.unfinished()) {
      engine.resume(row)
      this.#left.push(row)
    }
  }

  /** Issue again what has no outcome: waiting tasks go to their lanes, timers are armed, attempts that were cut off are lost. */
  resume(): void {
    const { engine, clock, idle, charts, carryOut } = this.#parts
    for (const row of this.#left.splice(0)) {
      if (engine.get(row.id) !== row) continue // revoked since it was loaded
      for (const command of [pendingCommand(row), pendingActions(row)]) if (command !== undefined) carryOut(command)
      const now = clock.now()
      for (const fact of [attemptLost(row, now), resumedRun(row, now)]) if (fact !== undefined) engine.accept(fact)
      if (row.kind !== 'chart') continue
      if (
        charts.find(row.machine, row.version) === undefined &&
        charts.successor(row.machine, row.version) !== undefined
      )
        engine.accept({ type: 'chart-resumed', id: row.id, at: now })
      else idle.seen(row)
    }
  }
}
