import type { ChartRow } from '@umbel/core'
import type { AnyMachineSnapshot } from 'xstate'
import type { Cell } from '../cell.ts'
import type { Emissions } from './emissions.ts'
import type { SendOptions } from './run-event.ts'

/** What a run has shown since a moment. */
export interface RunPast {
  readonly state: string
  /** Milliseconds since the epoch. */
  readonly at: number
  /** Who brought it there, and with what, where that was said. */
  readonly by: string | undefined
  readonly event: unknown
}

/** How long and whether to wait. */
export interface Waiting {
  /** Milliseconds. */
  readonly limit: number | undefined
  readonly signal: AbortSignal | undefined
}

/** What handles of runs ask of whatever runs them. */
export interface RunDoor {
  readonly emissions: Pick<Emissions, 'on'>
  /** Tell a run an event; resolves once it is stored. */
  tell(id: string, event: unknown, options: SendOptions): Promise<unknown>
  /** The same, but refused where no transition takes it at once; resolves with what the machine emitted for it. */
  ask(id: string, event: unknown, options: SendOptions): Promise<unknown>
  /** The row of a run, as far as it can be told at once. */
  peek(cell: Cell): ChartRow | undefined
  /** The row of a run with all that was sent so far taken in. @throws UMBEL_UNKNOWN_RESULT */
  row(cell: Cell): Promise<ChartRow>
  /** The snapshot of a row. @throws UMBEL_UNKNOWN_WORKFLOW */
  snapshot(row: ChartRow): AnyMachineSnapshot
  history(row: ChartRow): readonly RunPast[]
  /** Call back with each row that a run has from now on. */
  watch(cell: Cell, listener: (row: ChartRow) => unknown): () => void
  /** Wait until the row of a run is as wanted. */
  until(cell: Cell, fits: (row: ChartRow) => boolean, waiting: Waiting): Promise<ChartRow>
}
