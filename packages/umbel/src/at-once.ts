import type { CanvasSent, EngineEvent, Seat, TaskNode, TaskSpec } from '@umbel/core'
import { bundleAtOnce } from './bundle.ts'
import type { AddStarts } from './engine-batch.ts'
import type { Came, Taken } from './engine-incoming.ts'
import { Incoming } from './engine-incoming.ts'
import { attemptCall, currentRow, type ExecutorContext, FIRST, runBegun } from './executor.ts'
import type { Lane } from './lanes/lane.ts'
import { LARGEST_MESSAGE, sizeOf } from './lanes/tiny-tasks.ts'

/**
 * Finds, among the facts that are about to be stored, the tasks for which a slot is free: that they start is stored with that they were
 * sent, in one row and one commit, and no sooner do they run. Only where there are free slots for all that these facts bring, or these are tiny
 * tasks of one kind, which share places: else who is first is for the lane to say. All that takes more than a slot to start (a key, a rate, a moment,
 * a place in a canvas) goes by its lane, too.
 */
export function startsAtOnce(context: ExecutorContext, lanes: ReadonlyMap<string, Lane>): AddStarts {
  const kinds = new Kinds(context, lanes)
  return (came, onTheWay) => {
    if (!mayAny(kinds, came.events, onTheWay) || haveTwice(came.events)) return came
    const together = onTheWay > 0 ? NOBODY : startTogether(context, kinds, came)
    const isTogether = together.length > 0
    if (!isTogether && !haveSlots(context, kinds, came.events, onTheWay)) return came
    const at = context.clock.now()
    const all = new Incoming(2 * came.events.length)
    for (let index = 0, sent = 0; index < came.events.length; index += 1) {
      const event = came.events[index] as EngineEvent
      const seat = came.seats?.[index]
      all.add(event, came.taken[index], seat)
      if (!isSent(event)) continue
      const begun = isTogether ? together[sent++] : start(context, kinds, event)
      if (begun === undefined) continue
      all.add({ type: 'task-started', id: event.id, attempt: 1, run: 1, at }, begun, seat)
    }
    return all.take(all.size)
  }
}

/** What is the same of all tasks of a spec. */
interface Kind {
  readonly lane: Lane | undefined
  /** Whether it takes no more than a slot to start one. */
  readonly startsAlone: boolean
}

/** Kinds of tasks. That of the last spec is at hand: most of what is sent in a row is of one. */
class Kinds {
  readonly #context: ExecutorContext
  readonly #lanes: ReadonlyMap<string, Lane>
  #spec: TaskSpec | undefined
  #kind: Kind = { lane: undefined, startsAlone: false }

  constructor(context: ExecutorContext, lanes: ReadonlyMap<string, Lane>) {
    this.#context = context
    this.#lanes = lanes
  }

  of(spec: TaskSpec): Kind {
    if (spec !== this.#spec) {
      const options = this.#context.tasks.get(spec.task)?.options
      const startsAlone = options !== undefined && options.idempotencyKey === undefined && !options.place
      this.#kind = { lane: this.#lanes.get(spec.lane), startsAlone }
      this.#spec = spec
    }
    return this.#kind
  }
}

/**
 * Take places for what is sent, several tasks to each, where that is tiny tasks of one spec, and these facts bring nothing else. Where there are not
 * places for all, the others wait behind the first ones, as they would have. Gives what is called for each once that it starts is stored, or was not.
 */
function startTogether(context: ExecutorContext, kinds: Kinds, { events, seats: known }: Came): readonly Taken[] {
  const ids: string[] = []
  const seats: (Seat | undefined)[] = []
  let room = LARGEST_MESSAGE
  let spec: TaskSpec | undefined
  for (let index = 0; index < events.length; index += 1) {
    const event = events[index] as EngineEvent
    if (!isSent(event)) {
      if (mayBringMore(context, event)) return NOBODY
      continue
    }
    const own = aloneIn(event)
    if (own === undefined || (spec !== undefined && own !== spec)) return NOBODY
    const seat = context.engine.seat(event.id, known?.[index])
    if (seat?.row !== undefined) return NOBODY
    spec = own
    room -= sizeOf(event.plan.nodes[0] as TaskNode)
    if (room < 0) return NOBODY
    ids.push(event.id)
    seats.push(seat)
  }
  if (spec === undefined) return NOBODY
  const { lane, startsAlone } = kinds.of(spec)
  const begun: Taken[] = []
  while (startsAlone && begun.length < ids.length) {
    const claim = lane?.claimBundle(spec, ids.length - begun.length)
    if (claim === undefined) break
    const end = begun.length + claim.count
    const own = ids.slice(begun.length, end)
    const taken = bundleAtOnce(context, own, seats.slice(begun.length, end), claim)
    for (const _ of own) begun.push(taken)
  }
  return begun
}

const NOBODY: readonly Taken[] = []

/** Whether there are free slots for all that these facts bring. */
function haveSlots(context: ExecutorContext, kinds: Kinds, events: readonly EngineEvent[], onTheWay: number): boolean {
  let sent = 0
  for (const event of events) {
    if (!isSent(event)) {
      if (mayBringMore(context, event)) return false
      continue
    }
    const spec = aloneIn(event)
    // each is counted as if all before it took a slot of the same kind: so there is one for all
    if (spec === undefined || (kinds.of(spec).lane?.resting(spec) ?? 0) <= sent + onTheWay) return false
    sent += 1
  }
  return true
}

/** Whether something is sent, and there may be a place for the first of it: while all are taken, nothing else is looked at. */
function mayAny(kinds: Kinds, events: readonly EngineEvent[], onTheWay: number): boolean {
  const first = events.find(isSent)
  const spec = first && aloneIn(first)
  if (spec === undefined) return false
  const { lane } = kinds.of(spec)
  return lane !== undefined && (lane.resting(spec) > onTheWay || (onTheWay === 0 && lane.takesAhead(spec)))
}

/** Whether one id is sent twice: it is to start once. Ids that grow, as those of one process do, need no further look. */
function haveTwice(events: readonly EngineEvent[]): boolean {
  let last = ''
  let grow = true
  for (const event of events) {
    if (!isSent(event)) continue
    grow &&= event.id > last
    last = event.id
  }
  if (grow) return false
  const ids = events.filter(isSent).map(({ id }) => id)
  return new Set(ids).size < ids.length
}

const isSent = (event: EngineEvent): event is CanvasSent => event.type === 'canvas-sent'

/** Whether a fact may bring tasks to a lane that are not known yet. */
function mayBringMore({ engine }: ExecutorContext, { type, id }: EngineEvent): boolean {
  if (type === 'task-started') return false
  if (type !== 'task-succeeded') return true
  const row = engine.task(id)
  if (row === undefined) return false
  return row.workflow !== undefined || row.settles !== undefined || row.keys !== undefined || row.spec.link.length > 0
}

/** What the task is to run and how that was sent by itself and may start as soon as it is; `undefined` of anything else. */
function aloneIn({ plan, settles, redrives, unique, input }: CanvasSent): TaskSpec | undefined {
  const node = plan.nodes.length === 1 ? plan.nodes[0] : undefined
  if (node?.kind !== 'task' || settles !== undefined || redrives !== undefined) return undefined
  if (unique !== undefined || input !== undefined) return undefined
  const { countdown, eta, expires, workflow } = node.spec
  if (countdown !== undefined || eta !== undefined || expires !== undefined || workflow !== undefined) return undefined
  return node.spec
}

/** Take a slot for what was sent. Gives what is called once that it starts is stored, or was not; `undefined` where it cannot start at once. */
function start(context: ExecutorContext, kinds: Kinds, { id, plan }: CanvasSent): Taken | undefined {
  const { spec } = plan.nodes[0] as TaskNode
  const { lane, startsAlone } = kinds.of(spec)
  if (!startsAlone) return undefined
  if (context.engine.get(id) !== undefined) return undefined // a second issue of it changes nothing
  const claim = lane?.claim(spec)
  if (claim === undefined) return undefined
  const { worker, over } = claim
  return (error) => {
    const row = error === undefined ? currentRow(context, id, FIRST.run) : undefined
    if (row === undefined) over()
    else runBegun(context, attemptCall(context, row, FIRST), spec, worker, over)
  }
}
