import { type AttemptCall, type UmbelError, umbelError } from '@umbel/core'
import { definitionOf } from '../definition.ts'

/** Why no thread of a lane could run a call; `undefined` where one can. */
export function refusalOf({ task }: AttemptCall, lane: string, threads: number): UmbelError | undefined {
  if (threads === 0) return umbelError('UMBEL_BAD_LANE', `The lane ${lane} has no threads to run ${task}.`)
  if (definitionOf(task)?.module !== undefined) return undefined
  return umbelError('UMBEL_UNKNOWN_TASK', `No module of a task called ${task} is known: a thread could not import it.`)
}

/** What an attempt that cost its thread its life ends with. */
export function lossError({ task }: AttemptCall, cause: unknown): UmbelError {
  const message = cause instanceof Error ? cause.message : String(cause)
  const exitCode = /^worker exited with code: (-?\d+)$/.exec(message)?.[1]
  if (exitCode !== undefined) {
    const details = { task, exitCode: Number(exitCode) }
    return umbelError('UMBEL_WORKER_LOST', `The thread of ${task} ended with exit code ${exitCode}.`, { details })
  }
  return umbelError('UMBEL_WORKER_LOST', `The thread of ${task} was lost: ${message}`, { cause, details: { task } })
}
