import type { AttemptCall, Outcome } from '@umbel/core'
import {
  Ignore,
  Reject,
  retryDelay,
  retryPolicy,
  toErrorData,
  UmbelError,
  umbelError,
  unitHash,
  wantsRetry,
} from '@umbel/core/tasks'
import { Replacement, RetryWanted, TooLate } from './attempt-context.ts'
import type { AttemptControl } from './attempt-control.ts'
import type { TaskDefinition } from './definition.ts'

/** What an attempt came to, and the result or error itself for its hooks. */
export interface Ending {
  readonly outcome: Outcome
  readonly value: unknown
}

/** Whose ending it is. */
export interface Ended {
  readonly definition: TaskDefinition
  readonly call: AttemptCall
  readonly control: AttemptControl
}

/** Judge what a handler threw, whatever it is. Here and nowhere else the real error meets the task's retry rules. */
export function endingOf(thrown: unknown, ended: Ended): Ending {
  try {
    return judged(thrown, ended)
  } catch {
    return failed(thrown) // a thrown object that throws when it is looked at
  }
}

function judged(thrown: unknown, ended: Ended): Ending {
  if (thrown instanceof RetryWanted) return retryAsked(thrown, ended)
  if (thrown instanceof TooLate) return { outcome: { kind: 'given-back' }, value: undefined }
  if (thrown instanceof Replacement) return { outcome: { kind: 'replaced', canvas: thrown.canvas }, value: undefined }
  if (thrown instanceof Ignore) return { outcome: { kind: 'ignored' }, value: undefined }
  if (thrown instanceof Reject) return { outcome: { kind: 'rejected', reason: thrown.reason }, value: undefined }
  const { control } = ended
  if (!control.isAbort(thrown)) return failing(thrown, ended)
  // it was asked to end for its own sake: as an error like any other
  if (control.reason === 'soft-limit') return failing(control.error, ended)
  return { outcome: { kind: 'aborted', error: toErrorData(control.error) }, value: thrown }
}

/** Which attempt has failed, and of what task. */
interface Failing {
  readonly definition: TaskDefinition
  readonly call: Pick<AttemptCall, 'id' | 'attempt'>
}

/** An attempt that failed of an error: another one follows where the task's retry rules say so. */
export function failing(error: unknown, { definition, call }: Failing): Ending {
  const policy = definition.options.retry
  if (policy === undefined || !wantsRetry(policy, atFault(error), call.attempt)) return failed(error)
  const delay = retryDelay(policy, call.attempt, unitOf(call))
  return { outcome: { kind: 'retry', error: toErrorData(error), delay }, value: error }
}

/** A setup that failed is judged by what its base threw: a database that is down, say. */
const atFault = (thrown: unknown): unknown =>
  thrown instanceof UmbelError && thrown.code === 'UMBEL_SETUP_FAILED' ? thrown.cause : thrown

const failed = (thrown: unknown): Ending => ({ outcome: { kind: 'failed', error: toErrorData(thrown) }, value: thrown })

function retryAsked(wanted: RetryWanted, { definition, call }: Ended): Ending {
  const policy = definition.options.retry ?? retryPolicy({})
  const { attempt } = call
  const max = wanted.max ?? policy.max
  if (attempt > max) {
    return failed(
      wanted.error ?? umbelError('UMBEL_RETRIES_SPENT', `${definition.name} asked for a retry after ${max} of them.`),
    )
  }
  const error = wanted.error === undefined ? undefined : toErrorData(wanted.error)
  const delay = wanted.delay ?? retryDelay(policy, attempt, unitOf(call))
  return { outcome: { kind: 'retry', error, delay }, value: wanted.error }
}

/** The same for an attempt wherever and however often it is judged, so that its jitter is. */
const unitOf = ({ id, attempt }: Failing['call']): number => unitHash(`${id}/${attempt}`)
