import {
  type Batch,
  type Encoded,
  type EngineEvent,
  fromErrorData,
  type Step,
  UmbelError,
  umbelError,
  type WritesRefused,
} from '@umbel/core'

/** Called once an event is stored, with what `advance` answers, or with the reason why it was not. */
export type Taken = (error?: unknown, answer?: Encoded) => void

/** Whether a fact is what somebody outside has sent, who can send it again. */
export function isSent(event: EngineEvent): boolean {
  if (event.type === 'canvas-sent' || event.type === 'chart-started') return event.parent === undefined
  return event.type === 'chart-told'
}

/** What is stored of a step. */
export function batchOf({ rows, letters, effects, writes }: Step, events: readonly EngineEvent[]): Batch {
  return {
    rows,
    events,
    ...(letters.length > 0 && { letters }),
    ...(effects.length > 0 && { effects }),
    ...(writes.length > 0 && { writes }),
  }
}

/** The failure of a task in the place of an outcome whose writes were refused. */
export function refused(event: EngineEvent, errors: WritesRefused['errors']): EngineEvent {
  const error = errors.get(event.id)
  if (error === undefined || !('writes' in event)) return event
  const { id, attempt, run, at } = event
  return { type: 'task-failed', id, attempt, run, at, error }
}

/** Why a batch was not stored: the store's own error, where it has one. */
export function refusalOf(cause: unknown, count: number): UmbelError {
  if (cause instanceof UmbelError) return cause
  return umbelError('UMBEL_STORE_FAILED', `A batch of ${count} events was not stored.`, { cause })
}

/** Tell those who wait for the events of a batch that it is stored, with what the step answers. */
export function answerEach(
  taken: readonly (Taken | undefined)[],
  events: readonly EngineEvent[],
  { answers }: Step,
): void {
  for (const [index, event] of events.entries()) {
    const answer = answers.get(event)
    if (answer?.ok === false) taken[index]?.(fromErrorData(answer.error))
    else taken[index]?.(undefined, answer?.value)
  }
}

/** Tell the same to all: that it is stored, or why not. */
export function answerAll(taken: readonly (Taken | undefined)[], error: unknown): void {
  for (const answer of taken) answer?.(error)
}
