import { type RateLimit, ratePolicy, type TaskRow } from '@umbel/core'
import type { Engine } from '../engine.ts'
import { shown } from '../known-names.ts'
import type { Lane } from '../lanes/lane.ts'
import type { Limits } from './limits.ts'

/** What a rate is changed with. */
export interface RateParts {
  readonly limits: Limits
  readonly lanes: ReadonlyMap<string, Lane>
  readonly engine: Engine
}

/**
 * Set the rate of a limit, or of a task that has one of its own or none; `null` lifts it. Tasks that wait already feel it at once.
 * @throws UMBEL_BAD_RATE, UMBEL_UNKNOWN_LIMIT
 */
export function changeRate({ limits, lanes, engine }: RateParts, name: string, rate: RateLimit | null): void {
  const policy = rate === null ? undefined : ratePolicy(rate, `rate of ${shown(name)}`)
  const tasks = new Set(limits.set(name, policy))
  if (tasks.size === 0) return
  const rowOf = (id: string): TaskRow | undefined => engine.task(id)
  for (const lane of lanes.values()) lane.regate((id) => tasks.has(rowOf(id)?.spec.task ?? ''), rowOf)
}
