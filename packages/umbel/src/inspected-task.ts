import type { Row, TaskRow } from '@umbel/core'
import type { Engine } from './engine.ts'
import { nextTurn } from './system.ts'

/** What every list tells about a task. */
export interface InspectedTask {
  readonly id: string
  /** Registered name. */
  readonly task: string
  readonly lane: string
  /** 0 to 9, 9 first. */
  readonly priority: number
  /** Id of its workflow, where it is a node of one. */
  readonly workflow: string | undefined
}

/** What every list tells of this row. */
export const inspectedTask = ({ id, spec, workflow }: TaskRow): InspectedTask => ({
  id,
  task: spec.task,
  lane: spec.lane,
  priority: spec.priority,
  workflow,
})

/** Rows looked at before the event loop gets a turn: a few milliseconds of work. */
const ROWS_A_TURN = 20_000

/** Look at every row of what has not ended, and hold up nothing meanwhile: rows may come, change and go between two turns. */
export async function eachRow(engine: Engine, look: (row: Row) => void): Promise<void> {
  let seen = 0
  for (const row of engine.rows()) {
    look(row)
    seen += 1
    if (seen % ROWS_A_TURN === 0) await nextTurn()
  }
}
