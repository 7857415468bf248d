import type { Encoded } from './codec.ts'
import type { ErrorData } from './error-data.ts'
import type { TaskSpec } from './plan.ts'
import type { PastAttempt, TaskRow } from './rows.ts'

/** The most attempts of one task whose past is kept; the oldest go first. */
const MOST_PAST = 20

/** Longest message that is kept of an attempt that is over, in UTF-16 units. */
const LONGEST_MESSAGE = 1_024

/** A task that failed for good, with all that is needed to send it again. Outlives the task's row. */
export interface LetterRow {
  /** Id of the task. */
  readonly id: string
  readonly spec: TaskSpec
  /** Encoded list of all its arguments, what came from before included. */
  readonly args: Encoded
  readonly kwargs: Encoded | undefined
  /** Workflow it was a node of. */
  readonly workflow: string | undefined
  /** Its node in the workflow's plan; -1 outside of one. */
  readonly node: number
  readonly parent: string | undefined
  readonly root: string
  /** Id of the task it went on for, after `ctx.replace`, or of the join it was added to. */
  readonly settles?: string | undefined
  readonly state: 'FAILURE' | 'REJECTED'
  readonly error: ErrorData
  /** The last attempts, oldest first. */
  readonly attempts: readonly PastAttempt[]
  readonly sentAt: number
  readonly endedAt: number
  /** Id of what was sent in its place. */
  readonly redrivenAs: string | undefined
}

/** What a batch changes about the dead letters. One about a letter that is not there changes nothing. */
export type LetterChange =
  | { readonly type: 'add'; readonly letter: LetterRow }
  | { readonly type: 'redriven'; readonly id: string; readonly as: string }
  | { readonly type: 'discard'; readonly id: string }

/** Id of what is sent in the place of a task or workflow that failed: one for each, so that a second send changes nothing. */
export const redrivenId = (id: string): string => `${id}.d1`

/** The past of a task with the attempt that is over at a moment. */
export function withPast(row: TaskRow, error: ErrorData | undefined, at: number): readonly PastAttempt[] {
  const past = { attempt: row.attempt, startedAt: row.startedAt, endedAt: at, error: inShort(error) }
  return [...(row.past ?? []), past].slice(-MOST_PAST)
}

/** The dead letter of a task that has just ended; `undefined` where it did not fail, or as another one that has a letter of its own. */
export function letterOf(row: TaskRow): LetterRow | undefined {
  const { state } = row
  if (state !== 'FAILURE' && state !== 'REJECTED') return undefined
  const { id, spec, args, kwargs, workflow, node, parent, root, settles, error, sentAt, endedAt } = row
  if (error === undefined || endedAt === undefined) return undefined
  if (row.replacedBy !== undefined || row.follows !== undefined) return undefined
  const attempts = row.startedAt === undefined ? (row.past ?? []) : withPast(row, error, endedAt)
  const from = { id, spec, args, kwargs, workflow, node, parent, root, settles }
  return { ...from, state: state as LetterRow['state'], error, attempts, sentAt, endedAt, redrivenAs: undefined }
}

function inShort(error: ErrorData | undefined): PastAttempt['error'] {
  if (error === undefined) return undefined
  const { name, message, code } = error
  return { name, message: message.slice(0, LONGEST_MESSAGE), ...(code !== undefined && { code }) }
}
