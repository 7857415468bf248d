import type { AbortReason, AttemptCall, Outcome } from '@umbel/core'
import type { KillSwitch } from './thread-pool.ts'
import type { Posted } from './thread-protocol.ts'

/** An attempt under way. */
export interface Run extends Posted {
  readonly message: Message
  readonly ended: (call: AttemptCall, outcome: Outcome) => void
  /** Called when its time begins. */
  readonly timed: (() => void) | undefined
  /** Whether its outcome was told before it was over. */
  told: boolean
  /** Called once it is over, where its outcome was told before. */
  over: (() => void) | undefined
  /** Why its signal was aborted. */
  aborted: AbortReason | undefined
  /** Why its thread was ended. */
  killed: AbortReason | undefined
}

/** Items on their way to one thread. */
export interface Message {
  readonly cell: number
  readonly kill: KillSwitch
  readonly runs: Run[]
  /** How far its outbox was read. */
  read: number
}
