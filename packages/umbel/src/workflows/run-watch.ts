import { type ChartRow, type Clock, type Timer, umbelError } from '@umbel/core'
import { hasEnded } from '../async-result.ts'
import type { Cell } from '../cell.ts'
import type { Waiting } from './run-door.ts'

/** Call back with each row that a run has from now on; `failed` is told what the listener throws. Returns how to stop that. */
export function watchRows(
  cell: Cell,
  listener: (row: ChartRow) => unknown,
  failed: (error: unknown) => void,
): () => void {
  return cell.watch((row) => {
    try {
      if (row.kind === 'chart') listener(row)
    } catch (error) {
      failed(error)
    }
  })
}

/** What is waited for, and by which clock. */
export interface Wanted {
  readonly cell: Cell
  readonly clock: Clock
  readonly fits: (row: ChartRow) => boolean
  /** How it stands now; `undefined` where it has not begun. */
  readonly row: () => Promise<ChartRow | undefined>
}

/** Wait until the row of a run is as wanted. @throws UMBEL_TIMEOUT, UMBEL_ABORTED, UMBEL_RUN_ENDED, and why a start was refused */
export function untilRow({ cell, clock, fits, row }: Wanted, { limit, signal }: Waiting): Promise<ChartRow> {
  const { id } = cell
  return new Promise((resolve, reject) => {
    const endings: (() => void)[] = []
    const finish = (act: () => void): void => {
      for (const end of endings.splice(0)) end()
      act()
    }
    const fail = (error: unknown): void => finish(() => reject(error))
    const look = (row: ChartRow): void => {
      try {
        if (fits(row)) finish(() => resolve(row))
        else if (hasEnded(row)) fail(umbelError('UMBEL_RUN_ENDED', `Run ${id} has ended as ${row.state} before that.`))
      } catch (error) {
        fail(error)
      }
    }
    const abort = (): void =>
      fail(umbelError('UMBEL_ABORTED', `Waiting for run ${id} was aborted.`, { cause: signal?.reason }))
    if (signal?.aborted) return abort()
    signal?.addEventListener('abort', abort)
    endings.push(
      () => signal?.removeEventListener('abort', abort),
      cell.watch((row) => row.kind === 'chart' && look(row)),
    )
    endings.push(whenRefused(cell, fail))
    if (limit !== undefined) {
      const late = (): void => fail(umbelError('UMBEL_TIMEOUT', `Run ${id} was not so within ${limit} ms.`))
      const timer: Timer = clock.setTimer(late, limit)
      endings.push(() => timer.cancel())
    }
    row().then((now) => now !== undefined && look(now), fail)
  })
}

/** Call back once a cell is refused: its start, or all that is left as the app stops. Returns how to stop that. */
function whenRefused(cell: Cell, refused: (error: unknown) => void): () => void {
  const look = (): void => {
    if (cell.refused !== undefined) refused(cell.refused)
    else if (!cell.ended) cell.wait(look)
  }
  look()
  return () => cell.forget(look)
}
