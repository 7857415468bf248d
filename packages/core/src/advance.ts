import {
  startChart,
  takeChartActed,
  takeChartDue,
  takeChartHeard,
  takeChartResumed,
  takeChartRevoked,
  takeChartTold,
  takeChildEnded,
  takeChildShowed,
} from './chart/life.ts'
import { extendChord, takeMemberEnded } from './chord-growth.ts'
import type { Encoded } from './codec.ts'
import type { Command } from './command.ts'
import type { LetterChange } from './dead-letter.ts'
import { type Answer, Draft, type Message } from './draft.ts'
import type { Effect } from './effect.ts'
import { takeEffect } from './effect-life.ts'
import type { EngineEvent } from './event.ts'
import { takeHolderEnded } from './key-life.ts'
import { MACHINES, type Machines } from './machines.ts'
import type { TaskWrites } from './ports/store.ts'
import { takePrioritised } from './priority-life.ts'
import type { ChartRow, Row, RowReader, Seat, TaskRow } from './rows.ts'
import { takeStreamAdvanced } from './stream-life.ts'
import { takeTaskEvent } from './task-life.ts'
import { startCanvas, takeNodeEnded, takeNodeRevoked, takeWorkflowRevoked } from './workflow-life.ts'

/** What a batch of events comes to: the rows that change, and what is to be done about it. */
export interface Step {
  readonly rows: readonly Row[]
  /** Where each of these rows is at hand, or is to be: of a reader that has all rows in seats. */
  readonly seats: readonly Seat[] | undefined
  /** Rows in between: as they stood after each state or progress that a handler showed, and after each step of a run. Not stored. */
  readonly shown: readonly (TaskRow | ChartRow)[]
  /** Runs as they came to show another state. Not stored. */
  readonly moved: readonly ChartRow[]
  readonly commands: readonly Command[]
  /** What changes about the dead letters. */
  readonly letters: readonly LetterChange[]
  /** What was done once and is to be known as done. */
  readonly effects: readonly Effect[]
  /** What handlers wrote to the user's tables, of the outcomes that count. */
  readonly writes: readonly TaskWrites[]
  /** What the senders of facts are answered, where that is more than that they are stored. */
  readonly answers: ReadonlyMap<EngineEvent, Answer>
  /** Those of the facts that changed anything. */
  readonly facts: readonly EngineEvent[]
}

/**
 * Take in a batch of facts: the one place where anything changes state. Pure: reads `rows`, changes nothing, knows no clock.
 * A fact about something unknown or ended, or of an attempt that was given up, changes nothing. `seats`: of what each is about, where that is at hand.
 */
export function advance(
  rows: RowReader,
  events: readonly EngineEvent[],
  machines: Machines = MACHINES,
  seats: readonly (Seat | undefined)[] = NO_SEATS,
): Step {
  const draft = new Draft(rows, machines)
  const facts: EngineEvent[] = []
  const writes: TaskWrites[] = []
  let done = false
  try {
    for (let place = 0; place < events.length; place += 1) {
      const event = events[place] as EngineEvent
      const seat = seats[place]
      if (seat !== undefined) draft.expect(event.id, seat)
      const { puts } = draft
      const written = writesOf(draft, event)
      draft.at = event.at
      if (event.type === 'chart-due') while (takeChartDue(draft, event)) deliver(draft)
      else take(draft, event)
      deliver(draft)
      draft.forgetSteps()
      if (draft.puts === puts) continue
      facts.push(event)
      if (written !== undefined) writes.push({ id: event.id, writes: written })
    }
    const { shown, moved, letters, effects, answers } = draft
    const commands = draft.commands.list()
    done = true
    const rows = draft.rows()
    return { rows, seats: draft.seats(), shown, moved, commands, letters, effects, writes, answers, facts }
  } finally {
    draft.leave(done)
  }
}

const NO_SEATS: readonly undefined[] = []

/** Deliver what the actors have told one another, and what follows from that. */
function deliver(draft: Draft): void {
  if (draft.mail.length === 0) return // to empty what is empty makes it anew
  for (const message of draft.mail) take(draft, message)
  draft.mail.length = 0
}

/** What comes with an outcome. A task that was replaced has had its own. */
function writesOf(draft: Draft, event: EngineEvent): Encoded | undefined {
  if (!('writes' in event) || draft.task(event.id)?.replacedBy !== undefined) return undefined
  return event.writes
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
    case 'chart-started':
      return startChart(draft, message)
    case 'chart-told':
      return takeChartTold(draft, message)
    case 'chart-due':
      return void takeChartDue(draft, message)
    case 'chart-acted':
      return takeChartActed(draft, message)
    case 'chart-resumed':
      return takeChartResumed(draft, message)
    case 'chart-heard':
      return takeChartHeard(draft, message)
    case 'child-ended':
      return takeChildEnded(draft, message)
    case 'child-showed':
      return takeChildShowed(draft, message)
    case 'workflow-revoked':
      if (draft.chart(message.id) !== undefined) return takeChartRevoked(draft, message)
      return takeWorkflowRevoked(draft, message)
    case 'task-prioritised':
      return takePrioritised(draft, message)
    case 'stream-advanced':
      return takeStreamAdvanced(draft, message)
    case 'effect-recorded':
      return takeEffect(draft, message)
    case 'letter-discarded':
      return draft.letter({ type: 'discard', id: message.id })
    case 'task-revoked':
      if (draft.chart(message.id) !== undefined) return takeChartRevoked(draft, message)
      if (draft.task(message.id) === undefined) return takeNodeRevoked(draft, message)
      return takeTaskEvent(draft, message)
    default:
      return takeTaskEvent(draft, message)
  }
}
