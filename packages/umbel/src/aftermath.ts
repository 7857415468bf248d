import { type ChartRow, type Command, lengthOf, type Row, type Step } from '@umbel/core'
import { type AnnounceContext, announceFacts, announceMoved, commandAnnouncer } from './announce.ts'
import { CommandRows } from './command-rows.ts'
import type { RowOf } from './engine-ahead.ts'
import { type Effects, perform } from './perform.ts'
import type { IdleRuns } from './workflows/idle-runs.ts'

/** What follows a step is done with. */
export interface AftermathParts {
  readonly observed: AnnounceContext
  readonly effects: Effects
  readonly idle: IdleRuns
  /** Things may have come to rest. */
  readonly rest: () => void
}

/** Make what follows a stored batch: observers hear of it, commands are carried out. `row`: a row as it stands after it. */
export function aftermathOf({ observed, effects, idle, rest }: AftermathParts): (step: Step, row: RowOf) => void {
  const { results, totals } = effects
  const { signals } = observed
  return (step, rowOf) => {
    const { rows, seats } = step
    const commandRows = new CommandRows(step, rowOf)
    const { row } = commandRows
    const announce = signals.quiet ? observed : { ...observed, row }
    const charts: ChartRow[] = []
    for (const shown of step.shown) results.changed(shown)
    // of a task that has ended its `settle` tells
    for (let at = 0; at < rows.length; at += 1) {
      const changed = rows[at] as Row
      if (changed.kind !== 'task' || changed.endedAt === undefined) results.changed(changed, seats?.[at])
      if (changed.kind === 'chart') charts.push(changed)
    }
    for (const moved of step.moved) {
      announceMoved(announce, moved)
      if (lengthOf(moved.past) === 1) totals.runStarted(moved)
    }
    if (!signals.quiet) announceFacts(announce, step.facts, 'before ends')
    const announceCommand = commandAnnouncer(announce, step.facts)
    const { commands } = step
    for (let at = 0; at < commands.length; at += 1) {
      const command = commands[at] as Command
      announceCommand(command)
      perform(command, effects, row, commandRows.seat(command.id))
    }
    if (!signals.quiet) announceFacts(announce, step.facts, 'after ends')
    for (const chart of charts) idle.seen(chart)
    rest()
  }
}
