import { umbelError } from '@umbel/core/tasks'
import { currentAttempt } from './current-attempt.ts'
import type { Sender } from './sender.ts'

/** An app that lives: it takes what its tasks send. */
export interface LiveApp extends Sender {
  readonly name: string
  /** Whether it registered a task of this name. */
  has(task: string): boolean
}

/** Apps that were created and not stopped yet. */
export const liveApps = new Set<LiveApp>()

/**
 * Find who sends for a task: the attempt whose handler is running, else the one live app that registered the task.
 * @throws UMBEL_NO_APP when there is none, UMBEL_AMBIGUOUS_APP when there are several.
 */
export function senderFor(task: string): Sender {
  const attempt = currentAttempt.getStore()
  if (attempt !== undefined) return attempt.sender
  let first: LiveApp | undefined
  let second: LiveApp | undefined
  for (const app of liveApps) {
    if (!app.has(task)) continue
    if (first !== undefined) second ??= app
    first ??= app
  }
  if (first === undefined) throw umbelError('UMBEL_NO_APP', `No live app has registered the task ${task}.`)
  if (second !== undefined) {
    throw umbelError(
      'UMBEL_AMBIGUOUS_APP',
      `Several live apps (${first.name}, ${second.name}) have registered the task ${task}.`,
    )
  }
  return first
}
