import { type Clock, type ErrorData, headersMatch, nodeId, type Row, type TaskHeaders, umbelError } from '@umbel/core'
import type { Engine } from './engine.ts'
import { eachRow } from './inspected-task.ts'
import type { AppResultSource } from './result-source.ts'

/** What is needed to revoke by headers. */
export interface RevokeParts {
  readonly engine: Engine
  readonly source: AppResultSource
  readonly clock: Clock
}

/**
 * Ask everything unfinished to end that has all these headers: tasks, steps whose turn has not come, and workflows as a whole.
 * Steps that do not have them go on, though one behind them will never start. Resolves with how many were asked; a workflow is
 * one, and so is a member of a workflow that is not asked as a whole.
 */
export async function revokeMatching({ engine, source, clock }: RevokeParts, asked: TaskHeaders): Promise<number> {
  await source.allArrived()
  await engine.drained()
  const error = revokedError(asked)
  const fits = matcher(asked)
  let count = 0
  const revoke = (type: 'task-revoked' | 'workflow-revoked', id: string): void => {
    count += 1
    engine.accept({ type, id, error, at: clock.now() })
  }
  await eachRow(engine, (row) => {
    if (row.kind === 'workflow' && row.endedAt === undefined) {
      if (fits(row.plan.headers)) return revoke('workflow-revoked', row.id)
      for (const id of unbegun(engine, row, fits)) {
        count += 1
        engine.accept({ type: 'task-revoked', id, alone: true, error, at: clock.now() })
      }
    }
    if (row.kind !== 'task' || row.endedAt !== undefined || !fits(row.spec.headers)) return
    const whole = row.workflow === undefined ? undefined : engine.get(row.workflow)
    if (whole?.kind !== 'workflow' || !fits(whole.plan.headers)) revoke('task-revoked', row.id)
  })
  await engine.drained()
  return count
}

type Fits = (headers: TaskHeaders | undefined) => boolean

/** Members of a canvas share their headers, so each object is looked at once. */
function matcher(asked: TaskHeaders): Fits {
  const known = new WeakMap<TaskHeaders, boolean>()
  return (headers) => {
    if (headers === undefined) return false
    const answer = known.get(headers) ?? headersMatch(headers, asked)
    known.set(headers, answer)
    return answer
  }
}

/** Ids of the tasks of a workflow that match and whose turn has not come. */
function unbegun(engine: Engine, { id, plan }: Row & { kind: 'workflow' }, fits: Fits): string[] {
  const found: string[] = []
  for (const [index, node] of plan.nodes.entries()) {
    if (node.kind === 'task' && fits(node.spec.headers) && engine.get(nodeId(id, index)) === undefined)
      found.push(nodeId(id, index))
  }
  return found
}

/** One for all: of a million revoked tasks nobody wants a million stacks. */
function revokedError(asked: TaskHeaders): ErrorData {
  const names = Object.entries(asked).map(([name, value]) => `${name} ${JSON.stringify(value)}`)
  const message = `It was revoked by its headers: ${names.join(', ').slice(0, 200)}.`
  return { name: 'UmbelError', code: 'UMBEL_REVOKED', message: umbelError('UMBEL_REVOKED', message).message }
}
