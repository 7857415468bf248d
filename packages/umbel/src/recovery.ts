import {
  attemptLost,
  type ChartRow,
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
import { nextTurn } from './system.ts'
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

/** Rows loaded before the event loop gets a turn: a store tells others meanwhile that its owner is alive. */
const ROWS_A_TURN = 500

/** What is to be known of a run that waits for nothing but an event or its time: there may be a million of them. */
interface IdleRun {
  readonly kind: 'idle'
  readonly id: string
  /** When it is due next. */
  readonly at: number | undefined
  readonly of: Pick<ChartRow, 'machine' | 'version'>
}

/** Goes on where the process before this one ended: the same walk as ever, begun in the middle. */
export class Recovery {
  readonly #parts: RecoveryParts
  #left: (Row | IdleRun)[] = []

  constructor(parts: RecoveryParts) {
    this.#parts = parts
  }

  /** Take the rows of what has not ended from the store. */
  async load(): Promise<void> {
    const { store, engine, idle } = this.#parts
    const kinds = new Map<string, IdleRun['of']>()
    let read = 0
    for await (const row of store.unfinished()) {
      engine.resume(row)
      this.#left.push(row.kind === 'chart' && idle.found(row) ? idleRun(row, kinds) : row)
      read += 1
      if (read % ROWS_A_TURN === 0) await nextTurn()
    }
  }

  /** Issue again what has no outcome: waiting tasks go to their lanes, timers are armed, attempts that were cut off are lost. */
  resume(): void {
    for (const one of this.#left.splice(0)) {
      if (one.kind === 'idle') this.#resumeIdle(one)
      else this.#resume(one)
    }
  }

  #resumeIdle({ id, at, of }: IdleRun): void {
    const { engine, clock, charts, carryOut } = this.#parts
    if (at !== undefined) carryOut({ type: 'start-timer', id, at })
    if (isToMove(charts, of)) engine.accept({ type: 'chart-resumed', id, at: clock.now() })
  }

  #resume(row: Row): void {
    const { engine, clock, charts, carryOut } = this.#parts
    if (engine.get(row.id) !== row) return // revoked since it was loaded
    for (const command of [pendingCommand(row), pendingActions(row)]) if (command !== undefined) carryOut(command)
    const now = clock.now()
    for (const fact of [attemptLost(row, now), resumedRun(row, now)]) if (fact !== undefined) engine.accept(fact)
    if (row.kind === 'chart' && isToMove(charts, row)) engine.accept({ type: 'chart-resumed', id: row.id, at: now })
  }
}

/** Whether a run is of a machine that another one has followed. */
const isToMove = (charts: Charts, { machine, version }: IdleRun['of']): boolean =>
  charts.find(machine, version) === undefined && charts.successor(machine, version) !== undefined

/** `kinds`: machines with their versions, each once however many runs are of it. */
function idleRun(row: ChartRow, kinds: Map<string, IdleRun['of']>): IdleRun {
  const { id, machine, version } = row
  const key = JSON.stringify([machine, version])
  const of = kinds.get(key) ?? { machine, version }
  kinds.set(key, of)
  return { kind: 'idle', id, at: pendingTimer(row), of }
}

/** When a run is due next. */
function pendingTimer(row: ChartRow): number | undefined {
  const command = pendingCommand(row)
  return command?.type === 'start-timer' ? command.at : undefined
}
