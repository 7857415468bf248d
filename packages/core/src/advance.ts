import type { Command } from './command.ts'
import { Draft, type Message } from './draft.ts'
import type { EngineEvent } from './event.ts'
import { MACHINES, type Machines } from './machines.ts'
import type { Row, RowReader, TaskRow } from './rows.ts'
import { takeTaskEvent } from './task-life.ts'
import { startCanvas, takeNodeEnded, takeWorkflowRevoked } from './workflow-life.ts'

/** What a batch of events comes to: the rows that change, and what is to be done about it. */
export interface Step {
  readonly rows: readonly Row[]
  /** Rows in between: as they stood after each state or progress that a handler showed. Not stored. */
  readonly shown: readonly TaskRow[]
  readonly commands: readonly Command[]
}

/**
 * Take in a batch of facts: the one place where anything changes state. Pure: reads `rows`, changes nothing, knows no clock.
 * A fact about something unknown or ended, or of an attempt that was given up, changes nothing.
 */
export function advance(rows: RowReader, events: readonly EngineEvent[], machines: Machines = MACHINES): Step {
  const draft = new Draft(rows, machines)
  for (const event of events) {
    draft.at = event.at
    take(draft, event)
    for (const message of draft.mail) take(draft, message)
    draft.mail.length = 0
  }
  return { rows: draft.rows(), shown: draft.shown, commands: draft.commands }
}

function take(draft: Draft, message: Message): void {
  switch (message.type) {
    case 'canvas-sent':
      return startCanvas(draft, message)
    case 'node-ended':
      return takeNodeEnded(draft, message)
    case 'workflow-revoked':
      return takeWorkflowRevoked(draft, message)
    default:
      return takeTaskEvent(draft, message)
  }
}
