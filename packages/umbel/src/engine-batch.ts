import {
  type Batch,
  type EngineEvent,
  type ErrorData,
  fromErrorData,
  isReady,
  neededRows,
  type Outcome,
  type Row,
  type RowReader,
  type Step,
  type Store,
  type TaskRow,
  UmbelError,
  umbelError,
  type WritesRefused,
} from '@umbel/core'
import { type Came, Incoming } from './engine-incoming.ts'
import { nextTurn } from './system.ts'

/** Adds to facts what starts with them, and what is called once that is stored. `onTheWay`: tasks of earlier batches that no lane has been told of. */
export type AddStarts = (came: Came, onTheWay: number) => Came

/** Whether a fact is what somebody outside has sent, who can send it again. */
function isSent(event: EngineEvent): boolean {
  if (event.type === 'canvas-sent' || event.type === 'chart-started') return event.parent === undefined
  return event.type === 'chart-told'
}

/** What is stored of a step. `again`: the store failed, and may have stored it all the same, so rows that it has are to be looked for. */
export function batchOf(
  { rows, seats, letters, effects, writes }: Step,
  events: readonly EngineEvent[],
  again = false,
): Batch {
  return {
    rows,
    ...(seats !== undefined && !again && { seats }),
    events,
    ...(letters.length > 0 && { letters }),
    ...(effects.length > 0 && { effects }),
    ...(writes.length > 0 && { writes }),
  }
}

/** Says what an attempt of a task comes to of whose outcome the store has refused the writes. */
export type JudgeWrites = (row: TaskRow, attempt: number, error: ErrorData) => Outcome

/** What an attempt comes to in the place of an outcome whose writes were refused. */
export function refused(
  event: EngineEvent,
  errors: WritesRefused['errors'],
  row: TaskRow | undefined,
  judge: JudgeWrites | undefined,
): EngineEvent {
  const error = errors.get(event.id)
  if (error === undefined || !('writes' in event)) return event
  const { id, attempt, run, at } = event
  const own = { id, attempt, run, at }
  const outcome = row === undefined ? undefined : judge?.(row, attempt, error)
  return outcome?.kind === 'retry'
    ? { type: 'task-retried', ...own, error: outcome.error, delay: outcome.delay }
    : { type: 'task-failed', ...own, error }
}

/** Why a batch was not stored: the store's own error, where it has one. */
export function refusalOf(cause: unknown, count: number): UmbelError {
  if (cause instanceof UmbelError) return cause
  return umbelError('UMBEL_STORE_FAILED', `A batch of ${count} events was not stored.`, { cause })
}

/** What is kept of a batch that the store did not take: all but what somebody sent, who is told why. */
export function keptOf({ events, taken, seats }: Came, error: UmbelError, givenUp: boolean): Came {
  const kept = new Incoming(events.length)
  for (const [index, event] of events.entries()) {
    const seat = seats?.[index]
    if (givenUp || isSent(event)) taken[index]?.(error, undefined, event, seat)
    else kept.add(event, taken[index], seat)
  }
  return kept.take(kept.size)
}

/** Tell those who wait for facts that they are stored, with what the step answers. */
export function answerEach({ events, taken, seats }: Came, { answers }: Step): void {
  for (const [index, event] of events.entries()) {
    const answer = answers.get(event)
    const error = answer?.ok === false ? fromErrorData(answer.error) : undefined
    taken[index]?.(error, answer?.ok === true ? answer.value : undefined, event, seats?.[index])
  }
}

/** Tell the same to all: that it is stored, or why not. */
export function answerAll({ events, taken, seats }: Came, error: unknown): void {
  for (let index = 0; index < taken.length; index += 1)
    taken[index]?.(error, undefined, events[index] as EngineEvent, seats?.[index])
}

/** Whether a task in this state neither waits in a lane nor runs. */
const isInactive = (state: string): boolean =>
  isReady(state) || state === 'PENDING' || state === 'RETRY' || state === 'REPLACED'

/** Whether a row is of a task that waits in a lane or runs. */
export const isActive = (row: Row | undefined): boolean =>
  row?.kind === 'task' && (row.state === 'STARTED' || row.state === 'RECEIVED' || !isInactive(row.state))

/** Rows loaded before the event loop gets a turn. */
const ROWS_A_TURN = 500

/** The rows at hand, and for one batch those that are in the store alone: unless it changes them they are not kept. */
export async function withStored(rows: RowReader, store: Store, needed: readonly string[]): Promise<RowReader> {
  const stored = new Map<string, Row>()
  for (const [index, id] of needed.entries()) {
    const row = await store.get(id)
    if (row !== undefined) stored.set(id, row)
    if (index % ROWS_A_TURN === ROWS_A_TURN - 1) await nextTurn()
  }
  return { get: (id) => rows.get(id) ?? stored.get(id), following: (id) => rows.following?.(id) ?? [] }
}

/** The same for a turn, which cannot wait: from stores that tell at once. No seats are made for what may come to nothing. */
export function withPeeked(rows: RowReader, store: Store, events: readonly EngineEvent[]): RowReader {
  const following = (id: string): Iterable<string> => rows.following?.(id) ?? []
  if (neededRows(rows, events).length === 0) return { get: (id) => rows.get(id), following }
  return { get: (id) => rows.get(id) ?? store.peek?.(id), following }
}
