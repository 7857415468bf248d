import { type Command, decode, isResultRow, type Row, type TaskRow } from '@umbel/core'
import type { MachineEffects } from './assemble-workflows.ts'
import type { Engine } from './engine.ts'
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

/** Carry out one command. The only place, beside the lanes, where the engine has an effect. */
export function perform(command: Command, effects: Effects): void {
  const { engine, timers } = effects
  switch (command.type) {
    case 'run-task': {
      const row = engine.task(command.id)
      if (row?.state === 'RECEIVED') effects.lane(row.spec.lane).add(row)
      return
    }
    case 'start-timer':
      return timers.start(command.id, command.at)
    case 'cancel-timer':
      return timers.cancel(command.id)
    case 'withdraw-task':
      return withLane(effects, command.id, (lane, row) => lane.withdraw(row))
    case 'reprioritise-task':
      return withLane(effects, command.id, (lane, row) => lane.reprioritise(row))
    case 'abort-task':
      return withLane(effects, command.id, (lane, row) => effects.revocations.ask(lane, row))
    case 'run-actions': {
      const row = engine.get(command.id)
      if (row?.kind === 'chart') effects.actions.run(row)
      return
    }
    case 'emit':
      if (effects.emissions.wants(command.id))
        effects.emissions.tell(command.id, decode(command.event) as { type: string })
      return
    case 'log':
      return effects.log(command)
    case 'settle':
      return settle(effects, engine.get(command.id))
  }
}

function withLane(effects: Effects, id: string, act: (lane: Lane, row: TaskRow) => void): void {
  const row = effects.engine.task(id)
  if (row !== undefined) act(effects.lane(row.spec.lane), row)
}

function settle({ engine, results, totals, emissions }: Effects, row: Row | undefined): void {
  if (row === undefined || !isResultRow(row)) return
  if (row.kind === 'task') totals.ended(row)
  if (row.kind === 'chart') {
    totals.runEnded(row)
    emissions.forget(row.id)
  }
  results.ended(row)
  engine.release(row)
}
