import type { ErrorClasses, ErrorData, ResultRow } from '@umbel/core'
import { decode, dependencyOf, fromErrorData } from '@umbel/core/tasks'
import type { Cell, Reject, Resolve } from './cell.ts'
import { fail, fulfil } from './settle-in-order.ts'

/** Gives promises what cells have come to of which handles know no more than their id: see `CellsOwner`. */
export const giving =
  (errors: ErrorClasses) =>
  (cell: Cell, resolve: Resolve, reject?: Reject): void => {
    if (!cell.ended) return fail(resolve, cell.refused, reject)
    const row = cell.seen as ResultRow
    let result: unknown
    try {
      if (hasFailed(row)) throw revived(row.error, cell.id, errors)
      result = resultOf(row, errors)
    } catch (error) {
      return fail(resolve, error, reject)
    }
    fulfil(resolve, result)
  }

/** Whether it has ended with an error, and not well all the same. */
export const hasFailed = (row: ResultRow): row is ResultRow & { readonly error: ErrorData } =>
  row.error !== undefined && (row.kind !== 'task' || row.state !== 'SUCCESS')

/** The result in a row that has not failed. */
export const resultOf = (row: ResultRow, errors: ErrorClasses): unknown =>
  row.result === undefined || (row.kind === 'task' && row.spec.ignoreResult) ? undefined : decode(row.result, errors)

/** See `AsyncResult.revive`. */
export function revived(data: ErrorData, workflow: string, errors: ErrorClasses): Error {
  let error = data
  while (error.cause !== undefined && workflowOf(dependencyOf(error)) === workflow) error = error.cause
  return fromErrorData(error, errors)
}

/** Id of the workflow that an id is a node of; `undefined` for what is no node. */
const workflowOf = (id = ''): string | undefined => /^(.+)\/\d+$/.exec(id)?.[1]
