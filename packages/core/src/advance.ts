import { extendChord, takeMemberEnded } from './chord-growth.ts'
import type { Command } from './command.ts'
import type { LetterChange } from './dead-letter.ts'
import { Draft, type Message } from './draft.ts'
import type { EngineEvent } from './event.ts'
import { takeHolderEnded } from './key-life.ts'
import { MACHINES, type Machines } from './machines.ts'
import { takePrioritised } from './priority-life.ts'
import type { Row, RowReader, TaskRow } from './rows.ts'
import { takeStreamAdvanced } from './stream-life.ts'
import { takeTaskEvent } from './task-life.ts'
import { startCanvas, takeNodeEnded, takeNodeRevoked, takeWorkflowRevoked } from './workflow-life.ts'

/** What a batch of events comes to: the rows that change, and what is to be done about it. */
export interface Step {
  readonly rows: readonly Row[]
  /** Rows in between: as they stood after each state or progress that a handler showed. Not stored. */
  readonly shown: readonly TaskRow[]
  readonly commands: readonly Command[]
  /** What changes about the dead letters. */
  readonly letters: readonly LetterChange[]
  /** Those of the facts that changed anything. */
  readonly facts: readonly EngineEvent[]
}

/**
 * Take in a batch of facts: the one place where anything changes state. Pure: reads `rows`, changes nothing, knows no clock.
 * A fact about something unknown or ended, or of an attempt that was given up, changes nothing.
 */
export function advance(rows: RowReader, events: readonly EngineEvent[], machines: Machines = MACHINES): Step {
  const draft = new Draft(rows, machines)
  const facts: EngineEvent[] = []
  for (const event of events) {
    const { puts } = draft
    draft.at = event.at
    take(draft, event)
    for (const message of draft.mail) take(draft, message)
    draft.mail.length = 0
    if (draft.puts > puts) facts.push(event)
  }
  return { rows: draft.rows(), shown: draft.shown, commands: draft.commands, letters: draft.letters, facts }
}

function take(draft: Draft, message: Message): void {
  switch (message.type) {
    case 'canvas-sent':
      return startCanvas(draft, message)
    case 'node-ended':
      return takeNodeEnded(draft, message)
    case 'chord-extended':
      return extendChord(draft, message)
    case 'member-ended':
      return takeMemberEnded(draft, message)
    case 'holder-ended':
      return takeHolderEnded(draft, message)
    case 'workflow-revoked':
      return takeWorkflowRevoked(draft, message)
    case 'task-prioritised':
      return takePrioritised(draft, message)
    case 'stream-advanced':
      return takeStreamAdvanced(draft, message)
    case 'letter-discarded':
      return draft.letter({ type: 'discard', id: message.id })
    case 'task-revoked':
      if (draft.task(message.id) === undefined) return takeNodeRevoked(draft, message)
      return takeTaskEvent(draft, message)
    default:
      return takeTaskEvent(draft, message)
  }
}
