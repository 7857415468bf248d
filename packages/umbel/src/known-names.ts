import { didYouMean, globMatcher, umbelError } from '@umbel/core/tasks'

/** Find what a name stands for among the lanes of an app. @throws UMBEL_UNKNOWN_LANE, which names the one that was meant */
export function knownLane<T>(lanes: ReadonlyMap<string, T>, name: string): T {
  const found = lanes.get(name)
  if (found !== undefined) return found
  throw umbelError('UMBEL_UNKNOWN_LANE', `No lane is called ${shown(name)}.${meant(name, lanes.keys())}`)
}

/** Find what a name stands for among the tasks of an app. @throws UMBEL_UNKNOWN_TASK, which names the one that was meant */
export function knownTask<T>(tasks: ReadonlyMap<string, T>, name: string): T {
  const found = tasks.get(name)
  if (found !== undefined) return found
  throw umbelError('UMBEL_UNKNOWN_TASK', `No task of this app is called ${shown(name)}.${meant(name, tasks.keys())}`)
}

/** Make the test for a name or a glob of tasks. @throws UMBEL_UNKNOWN_TASK where it fits none of the app's */
export function knownTasks(tasks: ReadonlyMap<string, unknown>, name: string): (task: string) => boolean {
  if (typeof name !== 'string') knownTask(tasks, name)
  const fits = globMatcher(name)
  if (![...tasks.keys()].some(fits)) knownTask(tasks, name)
  return fits
}

/** What somebody gave, in few words and whatever it is. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return value.slice(0, 80)
  return typeof value === 'object' ? 'an object' : typeof value === 'function' ? 'a function' : String(value)
}

const meant = (name: unknown, names: Iterable<string>): string =>
  typeof name === 'string' ? didYouMean(name, names) : ''
