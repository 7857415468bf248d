import { type Command, decode, isResultRow, type Row, type Seat, type TaskRow } from '@umbel/core'
import type { MachineEffects } from './assemble-workflows.ts'
import type { Engine } from './engine.ts'
import type { RowOf } from './engine-ahead.ts'
import type { Lane } from './lanes/lane.ts'
import type { Results } from './results.ts'
import type { Revocations } from './revocations.ts'
import type { Timers } from './timers.ts'
import type { Totals } from './totals.ts'

/** What commands are carried out with. */
export interface Effects extends MachineEffects {
  readonly engine: Engine
  readonly timers: Timers
  readonly results: Results
  readonly revocations: Revocations
  readonly totals: Totals
  lane(name: string): Lane
}

/**
 * Carry out one command. The only place, beside the lanes, where the engine has an effect. `row`: one as it stood when it was asked for;
 * `seat`: where the one that the command is about is at hand, where that is known.
 */
export function perform(command: Command, effects: Effects, row: RowOf, seat?: Seat): void {
  const { timers } = effects
  switch (command.type) {
    case 'run-task': {
      // one that was revoked meanwhile needs no lane
      const task = seat === undefined ? effects.engine.get(command.id) : seat.row
      if (task?.kind === 'task' && task.state === 'RECEIVED') effects.lane(task.spec.lane).add(task, command.again)
      return
    }
    case 'start-timer':
      return timers.start(command.id, command.at)
    case 'cancel-timer':
      return timers.cancel(command.id)
    case 'withdraw-task':
      return withLane(effects, row(command.id), (lane, task) => lane.withdraw(task))
    case 'reprioritise-task':
      return withLane(effects, row(command.id), (lane, task) => lane.reprioritise(task))
    case 'abort-task':
      return withLane(effects, row(command.id), (lane, task) => effects.revocations.ask(lane, task))
    case 'run-actions': {
      const run = row(command.id)
      if (run?.kind === 'chart') effects.actions.run(run)
      return
    }
    case 'emit':
      if (effects.emissions.wants(command.id))
        effects.emissions.tell(command.id, decode(command.event) as { type: string })
      return
    case 'log':
      return effects.log(command)
    case 'settle':
      return settle(effects, row(command.id), seat)
  }
}

function withLane(effects: Effects, row: Row | undefined, act: (lane: Lane, row: TaskRow) => void): void {
  if (row?.kind === 'task') act(effects.lane(row.spec.lane), row)
}

function settle({ engine, results, totals, emissions }: Effects, row: Row | undefined, seat: Seat | undefined): void {
  if (row === undefined || !isResultRow(row)) return
  if (row.kind === 'task') totals.ended(row)
  if (row.kind === 'chart') {
    totals.runEnded(row)
    emissions.forget(row.id)
  }
  results.ended(row, seat)
  engine.release(row, seat)
}
