import {
  type Clock,
  type ErrorData,
  headersMatch,
  headersOf,
  nodeId,
  type Plan,
  type TaskHeaders,
  umbelError,
} from '@umbel/core'
import type { Engine } from './engine.ts'
import { eachRow } from './inspected-task.ts'
import type { Intake } from './intake.ts'
import type { AppResultSource } from './result-source.ts'

/** What is needed to revoke by headers. */
export interface RevokeParts {
  readonly engine: Engine
  readonly source: AppResultSource
  readonly clock: Clock
  readonly intake: Pick<Intake, 'takeInHeld'>
}

/**
 * Ask everything unfinished to end that has all these headers: tasks, steps whose turn has not come, and workflows as a whole.
 * Steps that do not have them go on, though one behind them will never start. Resolves with how many were asked; a workflow is
 * one, and so is a member of a workflow that is not asked as a whole.
 */
export async function revokeMatching(
  { engine, source, clock, intake }: RevokeParts,
  asked: TaskHeaders,
): Promise<number> {
  const error = revokedError(asked)
  const fits = matcher(asked)
  const ids = new Set<string>()
  const revoke = (type: 'task-revoked' | 'workflow-revoked', id: string, how: { readonly alone?: true } = {}): void => {
    if (ids.has(id)) return
    ids.add(id)
    engine.accept({ type, id, ...how, error, at: clock.now() })
  }
  const revokeNodes = (id: string, { nodes }: Plan): void => {
    for (const [index, node] of nodes.entries()) {
      const own = nodeId(id, index)
      if (node.kind === 'task' && fits(node.spec.headers) && engine.get(own) === undefined)
        revoke('task-revoked', own, { alone: true })
    }
  }
  // right behind the sends, so that what was just sent never starts
  const revokeArriving = (): void => {
    for (const event of [...engine.arriving()]) {
      if (event.type !== 'canvas-sent') continue
      const { id, plan } = event
      if (!fits(headersOf(plan))) revokeNodes(id, plan)
      else revoke(plan.nodes.length === 1 ? 'task-revoked' : 'workflow-revoked', id)
    }
  }
  const held = intake.takeInHeld()
  revokeArriving()
  await Promise.all([held, source.allArrived(revokeArriving)])
  await engine.drained()
  await eachRow(engine, (row) => {
    if (row.kind === 'workflow' && row.endedAt === undefined) {
      if (fits(row.plan.headers)) revoke('workflow-revoked', row.id)
      else revokeNodes(row.id, row.plan)
    }
    if (row.kind !== 'task' || row.endedAt !== undefined || !fits(row.spec.headers)) return
    const whole = row.workflow === undefined ? undefined : engine.get(row.workflow)
    if (whole?.kind !== 'workflow' || !fits(whole.plan.headers)) revoke('task-revoked', row.id)
  })
  await engine.drained()
  return ids.size
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

/** One for all: of a million revoked tasks nobody wants a million stacks. */
function revokedError(asked: TaskHeaders): ErrorData {
  const names = Object.entries(asked).map(([name, value]) => `${name} ${JSON.stringify(value)}`)
  const message = `It was revoked by its headers: ${names.join(', ').slice(0, 200)}.`
  return { name: 'UmbelError', code: 'UMBEL_REVOKED', message: umbelError('UMBEL_REVOKED', message).message }
}
