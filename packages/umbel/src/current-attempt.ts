import { AsyncLocalStorage } from 'node:async_hooks'
import type { AttemptCall } from '@umbel/core'
import type { Sender } from './sender.ts'

/** The attempt whose handler is running, as code called from it can ask: it sends through the attempt, and must not wait. */
export interface CurrentAttempt {
  readonly call: AttemptCall
  readonly sender: Sender
}

/** Whose handler runs here. Also tells whose stray callback threw. */
export const currentAttempt = new AsyncLocalStorage<CurrentAttempt>()
