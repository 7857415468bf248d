import { type AppOptions, appSettings } from '../app-options.ts'
import { resolving } from '../assemble-workflows.ts'
import { readHistory } from '../stores/sqlite/history.ts'
import { type ReplayedRun, replay } from './replay.ts'

/** The code that recorded runs are replayed through. */
export interface ReplayCode extends Pick<AppOptions, 'tasks' | 'workflows' | 'values'> {}

/**
 * Replay what the runs in a SQLite store were told, and what came of all they invoked, through machines as the code has them now: which
 * runs would not come to where they are? The file is only read, whoever owns it, and no task or action is run. The log goes back
 * `keepEvents` events (see `sqliteStore`); runs that began before are only asked whether their states are still there.
 * @throws UMBEL_STORE_OLDER, UMBEL_STORE_NEWER, UMBEL_STORE_CORRUPT, UMBEL_STORE_FAILED, and what `createApp` does for tasks and machines that it refuses
 */
export function replayRuns(
  file: string,
  { tasks = [], workflows = [], values = {} }: ReplayCode,
): readonly ReplayedRun[] {
  const { runs, events } = readHistory(file)
  const { registry } = resolving(appSettings({ tasks, workflows, values }), ANY_LANE, { check: () => {} })
  return replay(registry, runs, events)
}

/** Where a task would run makes no difference to what its run was told. */
const ANY_LANE = { get: () => ({ serves: () => true }), keys: () => [][Symbol.iterator]() }

/** Whether a replayed run would break: it comes elsewhere, or cannot go on. */
export const breaks = ({ verdict }: ReplayedRun): boolean => verdict === 'differs' || verdict === 'cannot'
