import type { AbortReason, AttemptCall, Outcome } from '@umbel/core'
import { definitionOf } from '../definition.ts'
import type { Handed } from './pooled-thread.ts'
import { type Outcomes, type Posted, packWork, type Work } from './thread-protocol.ts'

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

/** What is known of a message before it is sent. */
export type Expected = Pick<Handed, 'cost' | 'isShort'>

/** What becomes of a message. */
export interface MessageEnds {
  answered(message: Message, outcomes: Outcomes): void
  lost(message: Message, error: unknown, behind: boolean): void
  /** Called once. */
  over(): void
}

/**
 * Items on their way to one thread. A class, since V8 makes a hidden class of its own for each object literal with a getter: that is old from the
 * first, and would have kept the message and all its items until the collector looked through what is old.
 */
export class Message implements Handed {
  readonly cell: number
  readonly runs: Run[] = []
  /** Number of the first of them; the others follow. */
  first = 0
  readonly listeners: Listeners
  readonly cost: number
  isShort: boolean
  /** Whether no thread was free for it: its items begin later than they are said to start. */
  cameBehind = false
  /** How far its outbox was read. */
  read = 0
  /** How many of its items had begun when it was recalled: no other one does. */
  begun = 0
  thread: number | undefined = undefined
  readonly #ends: MessageEnds
  #isFree = false

  /** One of a cell, with no items yet. */
  constructor(cell: number, { cost, isShort }: Expected, listeners: Listeners, ends: MessageEnds) {
    this.cell = cell
    this.cost = cost
    this.isShort = isShort
    this.listeners = listeners
    this.#ends = ends
  }

  get size(): number {
    return this.runs.length
  }

  get work(): Work {
    return packWork(this.cell, this.runs)
  }

  answered(outcomes: Outcomes): void {
    this.#ends.answered(this, outcomes)
  }

  lost(error: unknown, behind: boolean): void {
    this.#ends.lost(this, error, behind)
  }

  /** Its slot is free again: once its thread has answered, or is gone, or none of it is to begin. */
  free(): void {
    if (this.#isFree) return
    this.#isFree = true
    this.#ends.over()
  }
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

/** How long calls will take together, given what is known of their tasks. */
export function expectedOf(
  calls: readonly AttemptCall[],
  {
    cost = () => Number.POSITIVE_INFINITY,
    isShort = () => false,
  }: { readonly cost?: (task: string) => number; readonly isShort?: (task: string) => boolean },
): Expected {
  let [whole, areShort, known, each] = [0, true, '', 0]
  for (const { task, via } of calls) {
    if (via !== 'call') return { cost: Number.POSITIVE_INFINITY, isShort: false }
    if (task !== known) {
      known = task
      each = cost(task)
      areShort &&= isShort(task)
    }
    whole += each
  }
  return { cost: whole, isShort: areShort }
}
