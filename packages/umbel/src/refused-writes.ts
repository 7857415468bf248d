import { type ErrorClasses, fromErrorData } from '@umbel/core'
import { failing } from './attempt-ending.ts'
import type { TaskDefinition } from './definition.ts'
import type { JudgeWrites } from './engine-batch.ts'
import type { Totals } from './totals.ts'

/** What a refusal is judged with. */
export interface RefusedWritesParts {
  readonly tasks: ReadonlyMap<string, TaskDefinition>
  readonly errors: ErrorClasses
  readonly totals: Totals
}

/**
 * Make what judges an attempt whose writes the store has refused: it has failed of that, as if its handler had thrown it, and another one follows
 * where the task's retry rules say so. The handler is over by then, and may have been in a thread that is gone: it is judged here.
 */
export function writesJudge({ tasks, errors, totals }: RefusedWritesParts): JudgeWrites {
  return ({ id, spec }, attempt, error) => {
    const definition = tasks.get(spec.task)
    if (definition === undefined) return { kind: 'failed', error }
    const { outcome } = failing(fromErrorData(error, errors), { definition, call: { id, attempt } })
    if (outcome.kind === 'retry') totals.count(spec, 'retried')
    return outcome
  }
}
