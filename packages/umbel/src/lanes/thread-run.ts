import type { AbortReason, AttemptCall, Outcome } from '@umbel/core'
import { definitionOf } from '../definition.ts'
import type { Handed } from './pooled-thread.ts'
import { type Outcomes, type Posted, packWork } from './thread-protocol.ts'

/** An attempt under way. */
export interface Run extends Posted {
  readonly message: Message
  /** Whether its outcome was told before it was over. */
  told: boolean
  /** Whether it is over: nobody asks for it any more. */
  isOver: boolean
  /** Called once it is over, where its outcome was told before. */
  over: (() => void) | undefined
  /** Why its signal was aborted. */
  aborted: AbortReason | undefined
  /** Why its thread was ended. */
  killed: AbortReason | undefined
}

/** Who is told of the attempts of a message. */
export interface Listeners {
  readonly ended: (call: AttemptCall, outcome: Outcome, took?: number) => void
  /** Called when the time of an attempt begins. */
  readonly timed: (() => void) | undefined
}

/** Items on their way to one thread. */
export interface Message extends Handed {
  readonly cell: number
  readonly runs: Run[]
  /** Number of the first of them; the others follow. */
  first: number
  readonly listeners: Listeners
  /** Whether it was handed to a thread that was still at another one. */
  cameBehind: boolean
  /** How far its outbox was read. */
  read: number
  /** How many of its items had begun when it was recalled: no other one does. */
  begun: number
  /** Its slot is free again: once its thread has answered, or is gone, or none of it is to begin. */
  free(): void
}

/** What is known of a message before it is sent. */
export type Expected = Pick<Handed, 'cost' | 'isShort'>

/** What becomes of a message. */
export interface MessageEnds {
  answered(message: Message, outcomes: Outcomes): void
  lost(message: Message, error: unknown, behind: boolean): void
  /** Called once. */
  over(): void
}

/** Make a message of a cell, with no items yet. */
export function newMessage(cell: number, expected: Expected, listeners: Listeners, ends: MessageEnds): Message {
  const runs: Run[] = []
  let isFree = false
  const message: Message = {
    cell,
    runs,
    first: 0,
    listeners,
    ...expected,
    read: 0,
    begun: 0,
    cameBehind: false,
    thread: undefined,
    get size() {
      return runs.length
    },
    get work() {
      return packWork(cell, runs)
    },
    free() {
      if (isFree) return
      isFree = true
      ends.over()
    },
    answered: (outcomes) => ends.answered(message, outcomes),
    lost: (error, behind) => ends.lost(message, error, behind),
  }
  return message
}

/** Add an attempt to a message that has a first number. */
export function addRun(message: Message, call: AttemptCall): void {
  const { runs, first } = message
  const before = runs.at(-1)
  const module = before?.call.task === call.task ? before.module : (definitionOf(call.task)?.module ?? '')
  const number = first + runs.length
  runs.push({
    number,
    module,
    call,
    message,
    told: false,
    isOver: false,
    over: undefined,
    aborted: undefined,
    killed: undefined,
  })
}
