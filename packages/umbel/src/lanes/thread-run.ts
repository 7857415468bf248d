import type { AbortReason, AttemptCall, Outcome } from '@umbel/core'
import { definitionOf } from '../definition.ts'
import type { Handed } from './pooled-thread.ts'
import { type Outcomes, type Posted, packWork } from './thread-protocol.ts'

/** An attempt under way. */
export interface Run extends Posted {
  readonly message: Message
  readonly ended: (call: AttemptCall, outcome: Outcome, took?: number) => void
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
export interface Message extends Handed {
  readonly cell: number
  readonly runs: Run[]
  /** Whether it was handed to a thread that was still at another one. */
  cameBehind: boolean
  /** How far its outbox was read. */
  read: number
}

/** Make an attempt that is about to be under way. */
export function newRun(
  number: number,
  call: AttemptCall,
  message: Message,
  ended: Run['ended'],
  timed: (() => void) | undefined,
): Run {
  const module = definitionOf(call.task)?.module ?? ''
  return {
    number,
    module,
    call,
    message,
    ended,
    timed,
    told: false,
    over: undefined,
    aborted: undefined,
    killed: undefined,
  }
}

/** What becomes of a message. */
export interface MessageEnds {
  answered(message: Message, outcomes: Outcomes): void
  lost(message: Message, error: unknown, behind: boolean): void
}

/** Make a message of a cell, with no items yet. */
export function newMessage(cell: number, expected: Pick<Message, 'isQuick' | 'isShort'>, ends: MessageEnds): Message {
  const runs: Run[] = []
  const message: Message = {
    cell,
    runs,
    ...expected,
    read: 0,
    cameBehind: false,
    thread: undefined,
    get work() {
      return packWork(cell, runs)
    },
    answered: (outcomes) => ends.answered(message, outcomes),
    lost: (error, behind) => ends.lost(message, error, behind),
  }
  return message
}
