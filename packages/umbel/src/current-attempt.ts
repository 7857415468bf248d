import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'
import type { AttemptCall } from '@umbel/core'
import type { Sender } from './sender.ts'

/** The attempt whose handler is running, as code called from it can ask: it sends through the attempt, and must not wait. */
export interface CurrentAttempt {
  readonly call: AttemptCall
  readonly sender: Sender
}

/** The async context of the module's load. */
const outside = new AsyncResource('umbel.attempt')

/** Runs in the async context of the module's load: no part of the handler that happened to bring it about. */
export const outsideHandlers = AsyncLocalStorage.snapshot()

/**
 * Call something of an attempt's, so that all it calls, now or later, finds the attempt. The same as `currentAttempt.run`, outside of
 * any other context and for less than half its cost: that one makes a context to go back to, this one has it.
 */
export function inAttempt<Given, Result>(
  attempt: CurrentAttempt,
  call: (given: Given) => Result,
  given: Given,
): Result {
  return outside.runInAsyncScope(entered, undefined, attempt, call as (given: unknown) => unknown, given) as Result
}

function entered(attempt: CurrentAttempt, call: (given: unknown) => unknown, given: unknown): unknown {
  currentAttempt.enterWith(attempt)
  return call(given)
}

/** Whose handler runs here. Also tells whose stray callback threw. */
export const currentAttempt = new AsyncLocalStorage<CurrentAttempt>()
