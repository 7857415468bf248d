import type { AttemptCall, CanvasSent, EngineEvent, TaskNode } from '@umbel/core'
import type { AddStarts, Taken } from './engine-batch.ts'
import { attemptCall, type ExecutorContext, isCurrent, runBegun } from './executor.ts'
import type { Lane } from './lanes/lane.ts'

/** A task that was sent and is not stored yet. */
interface Sent {
  readonly event: CanvasSent
  readonly node: TaskNode
}

/**
 * Finds, among the facts that are about to be stored, the tasks for which a slot is free: that they start is stored with that they were
 * sent, in one row and one commit, and no sooner do they run. Only where there are free slots for all that these facts bring: else who is
 * first is for the lane to say. All that takes more than a slot to start (a key, a rate, a moment, a place in a canvas) goes by its lane, too.
 */
export function startsAtOnce(context: ExecutorContext, lanes: ReadonlyMap<string, Lane>): AddStarts {
  return (events, taken, onTheWay) => {
    const sent: Sent[] = []
    for (const event of events) {
      if (event.type !== 'canvas-sent') {
        if (mayBringMore(context, event)) return
        continue
      }
      const node = aloneIn(event)
      // each is counted as if all before it took a slot of the same kind: so there is one for all
      if (node === undefined || (lanes.get(node.spec.lane)?.resting(node.spec) ?? 0) <= sent.length + onTheWay) return
      sent.push({ event, node })
    }
    const add: AddFact = (event, stored) => {
      events.push(event)
      taken.push(stored)
    }
    for (const one of sent) start(context, lanes, one, add)
  }
}

/** Whether a fact may bring tasks to a lane that are not known yet. */
function mayBringMore({ engine }: ExecutorContext, { type, id }: EngineEvent): boolean {
  if (type !== 'task-started' && type !== 'task-succeeded') return true
  const row = engine.task(id)
  if (row === undefined || type === 'task-started') return false
  return row.workflow !== undefined || row.settles !== undefined || row.keys !== undefined || row.spec.link.length > 0
}

type AddFact = (event: EngineEvent, taken: Taken) => void

/** The task that was sent by itself and may start as soon as it is; `undefined` of anything else. */
function aloneIn({ plan, settles, redrives, unique, input }: CanvasSent): TaskNode | undefined {
  const node = plan.nodes.length === 1 ? plan.nodes[0] : undefined
  if (node?.kind !== 'task' || settles !== undefined || redrives !== undefined) return undefined
  if (unique !== undefined || input !== undefined) return undefined
  const { countdown, eta, expires, workflow } = node.spec
  if (countdown !== undefined || eta !== undefined || expires !== undefined || workflow !== undefined) return undefined
  return node
}

function start(context: ExecutorContext, lanes: ReadonlyMap<string, Lane>, { event, node }: Sent, add: AddFact): void {
  const { id, parent, root = id } = event
  const { spec, args, kwargs } = node
  const options = context.tasks.get(spec.task)?.options
  if (options === undefined || options.idempotencyKey !== undefined || options.place) return
  if (context.engine.get(id) !== undefined) return // a second issue of it changes nothing
  const claim = lanes.get(spec.lane)?.claim(spec)
  if (claim === undefined) return
  const row = { id, spec, args, kwargs, parent, root }
  const call: AttemptCall = attemptCall(context, { row, attempt: 1, run: 1 })
  const at = context.clock.now()
  add({ type: 'task-started', id, attempt: 1, run: 1, at }, (error) => {
    if (error === undefined && isCurrent(context, call)) runBegun(context, call, spec, claim.worker, claim.over)
    else claim.over()
  })
}
