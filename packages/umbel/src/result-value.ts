import type { ErrorClasses, ErrorData, ResultRow } from '@umbel/core'
import { decode, dependencyOf, fromErrorData } from '@umbel/core/tasks'
import type { Cell, CellsOwner, Reject, Resolve } from './cell.ts'
import { fail, fulfil } from './settle-in-order.ts'

/** Gives promises what cells have come to of which handles know no more than their id: see `CellsOwner`. */
export function giving(errors: ErrorClasses): NonNullable<CellsOwner['give']> {
  const comesTo = (row: ResultRow): unknown => {
    if (hasFailed(row)) throw revived(row.error, row.id, errors)
    return resultOf(row, errors)
  }
  return (cell, resolve, reject) => settle(cell, comesTo, resolve, reject)
}

/** Settle a promise by what a cell that is over has come to. `comesTo`: gives what an ended row comes to, or throws it. `reject`: see `fail`. */
export function settle(cell: Cell, comesTo: (row: ResultRow) => unknown, resolve: Resolve, reject?: Reject): void {
  if (!cell.ended) return fail(resolve, cell.refused, reject)
  let value: unknown
  try {
    value = comesTo(cell.seen as ResultRow)
  } catch (error) {
    return fail(resolve, error, reject)
  }
  fulfil(resolve, value)
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
