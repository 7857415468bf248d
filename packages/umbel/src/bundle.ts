import type { AttemptCall, Outcome, Seat, Worker } from '@umbel/core'
import type { Taken } from './engine-incoming.ts'
import {
  attemptCall,
  beganOf,
  begin,
  beginPlain,
  countOutcome,
  type ExecutorContext,
  FIRST,
  outcomeEvent,
  stands,
} from './executor.ts'
import type { Claim } from './lanes/lane.ts'

/**
 * Run one attempt of each of several tiny tasks in one slot, as `execute` does for one: their starts are stored together, and
 * each outcome as it comes. They have no time limits, permits or anything to finish.
 */
export function executeBundle(
  context: ExecutorContext,
  ids: readonly string[],
  worker: Worker,
  over: () => void,
): void {
  allBegun(context, ids, (calls, seats) => runBegunBundle(context, calls, seats, { worker, over }))
}

/** Run attempts whose starts are stored and still count. */
function runBegunBundle(
  context: ExecutorContext,
  calls: readonly AttemptCall[],
  seats: readonly Seat[],
  { worker, over }: Claim,
): void {
  if (worker.runBundle === undefined) return over()
  let at = -1
  const ended = (call: AttemptCall, outcome: Outcome, took: number | undefined): void => {
    at += 1
    if (calls[at] !== call) at = calls.indexOf(call) // as a rule they end in their order
    report(context, call, seats[at], { outcome, took })
  }
  worker.runBundle(calls, ended, over)
}

/**
 * Run tasks that start as they are sent in the place that was claimed for them. `seats`: where each is at hand, where it is. Gives what is called
 * for each of them once that it starts is stored, or was not.
 */
export function bundleAtOnce(
  context: ExecutorContext,
  ids: readonly string[],
  seats: readonly (Seat | undefined)[],
  claim: Claim,
): Taken {
  let left = ids.length
  let refused: Set<string> | undefined
  return (error) => {
    if (error !== undefined) {
      refused ??= new Set()
      refused.add(ids[ids.length - left] as string) // they are told in their order
    }
    left -= 1
    if (left > 0) return
    const calls: AttemptCall[] = []
    const own: Seat[] = []
    for (let at = 0; at < ids.length; at += 1) {
      const id = ids[at] as string
      const seat = context.engine.seat(id, seats[at])
      const row = seat?.row
      // one whose start was not stored has no such run
      if (seat === undefined || row?.kind !== 'task' || !stands(row, FIRST.run) || refused?.has(id) === true) continue
      calls.push(attemptCall(context, row, FIRST))
      own.push(seat)
    }
    runBegunBundle(context, calls, own, claim)
  }
}

/** Store that all of these start, and go on once that is done, with those whose start counts. */
function allBegun(
  context: ExecutorContext,
  ids: readonly string[],
  begun: (calls: readonly AttemptCall[], seats: readonly Seat[]) => void,
): void {
  const calls: (AttemptCall | undefined)[] = []
  const seats: Seat[] = []
  /** Places of those that need nothing more, which are told in their order. */
  const plain: number[] = []
  let told = 0
  let left = 1
  // one for all of them: whose start was not stored is seen by its row, unless nobody can be sure
  const stored = (error?: unknown): void => {
    if (error !== undefined) calls[plain[told] as number] = undefined
    told += 1
    answered()
  }
  const answered = (): void => {
    left -= 1
    if (left > 0) return
    const counts = (call: AttemptCall | undefined, at: number): boolean =>
      call !== undefined && stands(seats[at]?.row, call.run)
    begun(
      calls.filter(counts) as AttemptCall[],
      seats.filter((_, at) => counts(calls[at], at)),
    )
  }
  for (const id of ids) {
    const seat = context.engine.seat(id)
    const row = seat?.row
    if (seat === undefined || row?.kind !== 'task' || row.state !== 'RECEIVED') continue
    left += 1
    const call = beginPlain(context, row, stored, context.moment(), seat)
    const at = calls.push(call) - 1
    seats.push(seat)
    if (call !== undefined) {
      plain.push(at)
      continue
    }
    begin(context, row, (later) => {
      calls[at] = later
      answered()
    })
  }
  answered()
}

/** What an attempt came to, and how long it took where it began later than it was said to start. */
interface Ended {
  readonly outcome: Outcome
  readonly took: number | undefined
}

function report(context: ExecutorContext, call: AttemptCall, seat: Seat | undefined, { outcome, took }: Ended): void {
  if (outcome.kind !== 'given-back') context.totals.count(call, 'started')
  countOutcome(context, call, outcome)
  const at = context.moment()
  const began = beganOf(seat?.row, at, took)
  context.engine.accept(outcomeEvent(context, call, outcome, at, began), undefined, seat)
  context.revocations.over(call.id)
}
