import { type AttemptCall, type UmbelError, umbelError } from '@umbel/core'
import { definitionOf } from '../definition.ts'

/** Those of some calls that a thread of a lane can run. Of each other `refused` is told why. */
export function runnable(
  calls: readonly AttemptCall[],
  lane: string,
  threads: number,
  refused: (call: AttemptCall, error: UmbelError) => void,
): readonly AttemptCall[] {
  let task = ''
  let refusal: UmbelError | undefined
  return calls.filter((call) => {
    if (call.task !== task) {
      task = call.task
      refusal = refusalOf(task, lane, threads)
    }
    if (refusal !== undefined) refused(call, refusal)
    return refusal === undefined
  })
}

function refusalOf(task: string, lane: string, threads: number): UmbelError | undefined {
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
