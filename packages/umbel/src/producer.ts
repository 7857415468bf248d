import {
  type AttemptCall,
  type Canvas,
  canvasSent,
  decode,
  type Encoded,
  type EngineEvent,
  eachEntryTask,
  type Plan,
  type TaskSpec,
  type UniqueSend,
  umbelError,
  withCall,
} from '@umbel/core'
import { Cell } from './cell.ts'
import type { Engine } from './engine.ts'
import type { Taken } from './engine-incoming.ts'
import type { UniqueOf } from './key-of-task.ts'
import type { Lane } from './lanes/lane.ts'
import type { Results } from './results.ts'
import { type Call, RestCall } from './sender.ts'
import type { SignalBus } from './signals.ts'
import type { SpecResolver } from './spec-resolver.ts'

/** What the producer works with. */
export interface ProducerParts {
  readonly engine: Pick<Engine, 'accept'> & Partial<Pick<Engine, 'gathers'>>
  readonly resolver: SpecResolver
  readonly lanes: ReadonlyMap<string, Lane>
  readonly results: Results
  readonly signals: SignalBus
  readonly ids: (at?: number) => string
  readonly now: () => number
  readonly uniqueOf: UniqueOf
  /** Whether the store knows an id already. */
  readonly known: (id: string) => Promise<boolean>
  /** The same, as far as it can be told at once. */
  readonly knownAtOnce: (id: string) => boolean
}

/** Something that was sent: its id, what it was compiled to, and the cell of what becomes of it. */
export interface Sent {
  readonly id: string
  readonly plan: Plan
  readonly cell: Cell
}

/** What a handler sends is a child of its task. */
export interface Parent {
  readonly id: string
  readonly root: string
}

/** A sender has no lanes: the owner's have the room. */
const NOTHING: Wants = []

/** Turns a call of a signature into one event for the engine: checked, routed, encoded, with an id. */
export class Producer {
  readonly #parts: ProducerParts
  /** Ids of the callers' choice that were sent and are not stored yet. */
  readonly #chosen = new Set<string>()
  /** Where the task goes that was sent last by itself, and by what: most of what is sent in a row goes there. */
  #spec: TaskSpec | undefined
  #forOne: Wants = NOTHING

  constructor(parts: ProducerParts) {
    this.#parts = parts
  }

  /** Send and return at once. @throws what is wrong with the call (see SpecResolver.plan); UMBEL_LANE_FULL. */
  delay(canvas: Canvas, call: Call): Sent {
    const prepared = this.#prepare(canvas, call)
    for (const [lane, count] of prepared.wants) {
      if (!lane.hasSpace(count)) throw lane.full
    }
    reserve(prepared.wants)
    return this.#enter(prepared)
  }

  /** Send, waiting while a lane's backlog is full. */
  async send(canvas: Canvas, call: Call): Promise<Sent> {
    const prepared = this.#prepare(canvas, call)
    const held: [Lane, number][] = []
    try {
      for (const [lane, count] of prepared.wants) {
        await lane.reserved(count)
        held.push([lane, count])
      }
      if (prepared.checkId) this.#checkNew(prepared.id) // others may have used it meanwhile
      prepared.at = this.#parts.now()
    } catch (error) {
      unreserve(held)
      throw error
    }
    return this.#enter(prepared)
  }

  /** Send and return at once, whatever the backlogs: what a machine invokes is always taken. @throws what is wrong with the call */
  sendAlways(canvas: Canvas): Sent {
    const prepared = this.#prepare(canvas, NOTHING_MORE)
    reserve(prepared.wants)
    return this.#enter(prepared)
  }

  /** How many tasks go to which lanes at once with what a sender left. */
  wantsOf(event: EngineEvent): Wants {
    return event.type === 'canvas-sent' ? this.#wants(event.plan) : NOTHING
  }

  /** Take in what a sender left: it was checked there. Under an id that was used meanwhile nothing is sent. */
  takeIn(event: EngineEvent, taken: Taken): void {
    if (event.type === 'canvas-sent' && this.#isUsed(event.id)) taken(duplicate(event.id), undefined, event, undefined)
    else this.#parts.engine.accept(event, taken)
  }

  /** Take in what a handler sent. What is there already under an id it chose stands: an attempt that is repeated sends again. */
  sendAs(id: string, canvas: Encoded, parent: Parent): void {
    validId(id)
    const whole = decode(canvas) as Canvas
    const plan = this.#parts.resolver.plan(whole)
    const checkId = whole.options.id !== undefined
    if (checkId && this.#isUsed(id)) return
    const unique = this.#parts.uniqueOf(plan)
    const wants = this.#wants(plan)
    reserve(wants)
    this.#enter({ id, plan, unique, checkId, wants, at: this.#parts.now() }, parent)
  }

  /** Take in what a handler adds to the chord that its task is a member of. */
  extendChord(member: string, canvas: Encoded, { id, attempt, run }: AttemptCall): void {
    validId(member)
    this.#parts.engine.accept({
      type: 'chord-extended',
      id,
      attempt,
      run,
      member,
      plan: this.planOf(canvas),
      at: this.#parts.now(),
    })
  }

  /** Compile an encoded canvas. */
  planOf(canvas: Encoded): Plan {
    return this.#parts.resolver.part(decode(canvas) as Canvas)
  }

  #prepare(canvas: Canvas, call: Call): Prepared {
    const { resolver } = this.#parts
    const ofTask = call instanceof RestCall ? resolver.planOfTask(canvas, call.args) : undefined
    const plan = ofTask ?? resolver.plan(wholeOf(canvas, call))
    const chosen = call.options.id ?? canvas.options.id
    if (chosen !== undefined) this.#checkNew(validId(chosen))
    const unique = this.#parts.uniqueOf(plan)
    const at = this.#parts.now()
    const id = chosen ?? this.#parts.ids(at)
    return { id, plan, unique, checkId: chosen !== undefined, wants: this.#wants(plan), at }
  }

  /** Send what is prepared and has its places. */
  #enter(prepared: Prepared, parent?: Parent): Sent {
    const { id, plan, checkId } = prepared
    const { engine, results } = this.#parts
    const cell = checkId || plan.nodes.length > 1 ? undefined : results.fresh(id)
    if (cell === undefined) return this.#enterAnswered(prepared, parent)
    cell.sent(plan)
    engine.accept(sentEvent(prepared, parent), this.#answerOne, cell)
    return { id, plan, cell }
  }

  /** The same where the answer takes more than is known of the fact: what few sends do, so that no others make room for what their call sees. */
  #enterAnswered(prepared: Prepared, parent: Parent | undefined): Sent {
    const { engine, results } = this.#parts
    const { id, plan, checkId, wants } = prepared
    const seat = checkId ? undefined : results.seat(id)
    const cell = seat?.cell ?? results.cell(id)
    cell.sent(plan)
    const answer = (error: unknown): void => {
      if (checkId) this.#chosen.delete(id)
      unreserve(wants)
      this.#answer(id, cell, error)
    }
    // within a transaction it was looked up in the store itself
    if (checkId && engine.gathers !== true) this.#whenNew(cell, prepared, parent, answer)
    else engine.accept(sentEvent(prepared, parent), answer, seat)
    return { id, plan, cell }
  }

  /** Answers for all that are sent by themselves, under ids that were made for them: a call for each, and what it sees, is a thirtieth of what a task makes. */
  readonly #answerOne: Taken = (error, _, event, seat) => {
    if (event.type !== 'canvas-sent') return
    unreserve(this.#wants(event.plan))
    // the seat that it was sent with, though by now nobody may find the cell by its id
    this.#answer(event.id, seat instanceof Cell ? seat : this.#parts.results.find(event.id), error)
  }

  /** Say that a send was stored, or why not. */
  #answer(id: string, cell: Cell | undefined, error: unknown): void {
    cell?.answer(error)
    if (error !== undefined) this.#refused(id, error)
  }

  /** Refuse an id where it can be told at once, so that whoever waits for what has it already is left in peace. */
  #checkNew(id: string): void {
    if (this.#isUsed(id)) throw duplicate(id)
  }

  #isUsed(id: string): boolean {
    return this.#chosen.has(id) || this.#parts.knownAtOnce(id)
  }

  /** An id of the caller's choice is taken in once. */
  #whenNew(cell: Cell, prepared: Prepared, parent: Parent | undefined, answer: (error: unknown) => void): void {
    const { id } = prepared
    const accept = (): void => this.#parts.engine.accept(sentEvent(prepared, parent), answer)
    this.#chosen.add(id)
    cell.checked = this.#parts.known(id).then((used) => (used ? answer(duplicate(id)) : accept()), answer)
  }

  #refused(id: string, error: unknown): void {
    const { results, signals, now } = this.#parts
    results.drop(id)
    if (signals.wants('send-failed')) signals.emit('send-failed', { id, error, at: now() })
  }

  /** How many tasks go to each lane at once when a plan starts. */
  #wants(plan: Plan): Wants {
    const only = plan.nodes[0]
    if (plan.nodes.length === 1 && only?.kind === 'task') {
      if (only.spec !== this.#spec) {
        this.#spec = only.spec
        this.#forOne = this.#parts.lanes.get(only.spec.lane)?.forOne ?? NOTHING
      }
      return this.#forOne
    }
    const wants = new Map<Lane, number>()
    eachEntryTask(plan, (spec) => {
      const lane = this.#parts.lanes.get(spec.lane)
      if (lane !== undefined) wants.set(lane, (wants.get(lane) ?? 0) + 1)
    })
    // in one order for all, so that no two senders wait for what the other one holds
    return [...wants].sort(([a], [b]) => (a.name < b.name ? -1 : 1))
  }
}

const NOTHING_MORE: Call = { args: [], kwargs: {}, options: {} }

const sentEvent = ({ id, plan, unique, at }: Prepared, parent: Parent | undefined): EngineEvent =>
  canvasSent(id, plan, at, parent, unique)

const duplicate = (id: string): Error => umbelError('UMBEL_DUPLICATE_ID', `The id ${id} was used before.`)

/** Refuse an id that is none, or that could be a node's, a callback's or a replacement's. @throws UMBEL_BAD_OPTION */
export function validId(id: unknown): string {
  if (typeof id === 'string' && /^[^/\p{Cc}\p{Cs}]{1,256}$/u.test(id) && !/\.[dler]\d+$/.test(id)) return id
  const shown = typeof id === 'string' ? JSON.stringify(id.slice(0, 80)) : typeof id
  throw umbelError(
    'UMBEL_BAD_OPTION',
    `The id is ${shown}: it must be text of 1 to 256 characters, without / and not ending like .l0, .e0 or .r0.`,
  )
}

/** Hold places for all of them. */
export function reserve(wants: Wants): void {
  for (const [lane, count] of wants) lane.reserve(count)
}

/** Give those places back. */
export function unreserve(wants: Wants): void {
  for (const [lane, count] of wants) lane.unreserve(count)
}

/** How many tasks go to which lane. */
export type Wants = readonly (readonly [Lane, number])[]

interface Prepared {
  readonly id: string
  readonly plan: Plan
  /** Under which key it is the only one. */
  readonly unique: UniqueSend | undefined
  /** Whether the id is the caller's and may have been used before. */
  readonly checkId: boolean
  readonly wants: Wants
  /** When it is sent. */
  at: number
}

/** A canvas with what its call gives. Nobody keeps it: what is the same but for its arguments need not be frozen. */
function wholeOf(canvas: Canvas, { args, kwargs, options }: Call): Canvas {
  if (!isEmpty(kwargs) || !isEmpty(options)) return withCall(canvas, args, kwargs, options)
  if (args.length === 0) return canvas
  if (canvas.kind !== 'task' || canvas.immutable) return withCall(canvas, args, kwargs, options)
  return { ...canvas, args: canvas.args.length === 0 ? args : [...args, ...canvas.args] }
}

const isEmpty = (record: object): boolean => {
  for (const _ in record) return false
  return true
}
