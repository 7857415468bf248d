import { availableParallelism } from 'node:os'
import { type Duration, milliseconds, umbelError } from '@umbel/core'
import { checkNames, whole } from '../option-checks.ts'

/** How wide a lane is, and in which order it takes what waits. */
export interface LaneOptions {
  /** Threads of its own. Default 1; 0 for a lane of inline tasks alone. */
  readonly threads?: number
  /** Inline tasks that may run at once on the main loop. Default 100. */
  readonly inline?: number
  /** Niceness of its threads, 0 (most eager) to 19. Default 0. */
  readonly nice?: number
  /** Memory that each of its threads may use for objects, in MiB; what uses up more loses its thread. Default: Node's. */
  readonly maxMemoryMb?: number
  /** How long what runs may go on once it is revoked, before its thread is ended. Default 2 seconds. */
  readonly revokeGrace?: Duration
  /** Tasks that may wait; a number alone means that `send` waits for space. Default 1,000,000. */
  readonly backlog?: number | Backlog
  /** Let what has waited so long go before everything that has not, whatever its priority. Default: strict priority, however long. */
  readonly aging?: Duration
}

/** How much may wait, and what becomes of what is sent beyond that. `delay` always throws UMBEL_LANE_FULL then. */
export interface Backlog {
  /** Tasks that may wait. Default 1,000,000. */
  readonly size?: number
  /** Whether `send` waits for space or rejects with UMBEL_LANE_FULL. Default `wait`. */
  readonly full?: 'wait' | 'reject'
}

/** The options of a lane with everything filled in. */
export interface LaneSettings {
  readonly threads: number
  readonly inline: number
  readonly nice: number
  /** MiB; `undefined` for Node's own limit. */
  readonly maxMemoryMb: number | undefined
  /** Milliseconds. */
  readonly revokeGrace: number
  readonly backlog: Required<Backlog>
  /** Milliseconds; `undefined` for strict priority. */
  readonly aging: number | undefined
}

const LANE_OPTIONS: readonly (keyof LaneOptions)[] = [
  'threads',
  'inline',
  'nice',
  'maxMemoryMb',
  'revokeGrace',
  'backlog',
  'aging',
]

/** Most threads that a lane may have. */
const MAX_THREADS = 1_024
/** Most inline tasks that a lane may run at once. */
const MAX_INLINE = 1_000_000
/** Least memory of a thread, in MiB: with less it might not even start. */
const LEAST_MEMORY = 32
const DEFAULT_BACKLOG = 1_000_000

/** Check the lanes of an app and fill in what is missing; `default` is always there. @throws UMBEL_BAD_LANE, UMBEL_BAD_OPTION, UMBEL_BAD_DURATION */
export function laneSettings(given: Readonly<Record<string, LaneOptions>>): ReadonlyMap<string, LaneSettings> {
  const lanes = new Map<string, LaneSettings>()
  checkNames('lanes', given, Object.keys(given))
  const named = Object.entries(given)
  if (!named.some(([name]) => name === 'default')) named.unshift(['default', { threads: availableParallelism() }])
  for (const [name, lane] of named) {
    if (!/^[\w-]{1,64}$/.test(name) || name in Object.prototype)
      throw umbelError('UMBEL_BAD_LANE', `${JSON.stringify(name.slice(0, 80))} is no name for a lane.`)
    const where = `lanes.${name}`
    checkNames(where, lane, LANE_OPTIONS)
    lanes.set(name, {
      threads: threadCount(lane.threads ?? 1, `${where}.threads`),
      inline: inlineCount(lane.inline ?? 100, `${where}.inline`),
      nice: whole(lane.nice ?? 0, `${where}.nice`, 0, 19),
      maxMemoryMb: memoryOf(lane.maxMemoryMb, `${where}.maxMemoryMb`),
      revokeGrace: milliseconds(lane.revokeGrace ?? '2s', `${where}.revokeGrace`),
      backlog: backlogOf(lane.backlog === undefined ? {} : lane.backlog, `${where}.backlog`),
      aging: lane.aging === undefined ? undefined : milliseconds(lane.aging, `${where}.aging`),
    })
  }
  return lanes
}

/** Check how many threads a lane is to have. @throws UMBEL_BAD_OPTION */
export const threadCount = (count: number, option: string): number => whole(count, option, 0, MAX_THREADS)

/** Check how many inline tasks a lane is to run at once. @throws UMBEL_BAD_OPTION */
export const inlineCount = (count: number, option: string): number => whole(count, option, 0, MAX_INLINE)

const memoryOf = (size: number | undefined, option: string): number | undefined =>
  size === undefined ? undefined : whole(size, option, LEAST_MEMORY, 1_048_576)

function backlogOf(given: number | Backlog, where: string): Required<Backlog> {
  if (typeof given === 'number') return { size: backlogSize(given, where), full: 'wait' }
  checkNames(where, given, ['size', 'full'])
  const { size = DEFAULT_BACKLOG, full = 'wait' } = given
  if (full !== 'wait' && full !== 'reject')
    throw umbelError('UMBEL_BAD_OPTION', `${where}.full is neither 'wait' nor 'reject'.`)
  return { size: backlogSize(size, `${where}.size`), full }
}

const backlogSize = (size: number, option: string): number => whole(size, option, 1, Number.MAX_SAFE_INTEGER)
