import {
  type ChartRow,
  type Clock,
  loopError,
  NO_PAST,
  nextEdges,
  pastWith,
  tagsOf,
  takes,
  toErrorData,
  umbelError,
} from '@umbel/core'
import { type AnyActorRef, type AnyEventObject, type AnyMachineSnapshot, createActor } from 'xstate'
import { Cell } from '../cell.ts'
import { outsideHandlers } from '../current-attempt.ts'
import { LocalClock } from './local-clock.ts'
import { type LocalTasks, owns } from './local-tasks.ts'
import type { RunPast } from './run-door.ts'
import type { SendOptions } from './run-event.ts'
import type { InspectedRun, RunWait } from './runs-list.ts'
import type { AnyWorkflow } from './workflow.ts'

/** States that one run remembers, and ids under which it was told something: as many as a run that is stored. */
const MOST_PAST = 50
const MOST_HEARD = 256

/** What a local run works with. */
export interface LocalRunParts {
  readonly clock: Clock
  readonly tasks: LocalTasks
  /** It has taken a step; `moved`: it shows another state. */
  readonly stepped: (row: LocalRow, moved: boolean) => void
  readonly emitted: (id: string, event: AnyEventObject) => void
  readonly logged: (id: string, label: string | undefined, value: unknown) => void
  readonly ended: (row: LocalRow) => void
}

/** How a local run stands: the row of a run, with what is alive of it. It is stored nowhere. */
export interface LocalRow extends ChartRow {
  readonly live: {
    readonly snapshot: AnyMachineSnapshot
    readonly past: readonly RunPast[]
    /** What it came to: not encoded, as nothing travels. */
    readonly output: unknown
    readonly error: unknown
  }
}

/** An event that it was told. */
interface Told {
  readonly event: AnyEventObject
  readonly options: SendOptions
  /** Refuse it where no transition takes it at once. */
  readonly asks: boolean
}

/**
 * One run that is a live actor of XState. What it is told it takes in a microtask of its own, one after the other, so that it is never in
 * the middle of a step; what no transition takes yet is kept and offered again after each step, as by runs that are stored.
 */
export class LocalRun {
  readonly of: AnyWorkflow
  readonly cell: Cell
  readonly tasks: LocalTasks
  readonly #parts: LocalRunParts
  readonly #clock: LocalClock
  readonly #startedAt: number
  #actor: AnyActorRef | undefined
  #row: LocalRow | undefined
  #queue: (() => void)[] = []
  #taking = false
  #kept: Told[] = []
  #heard: { readonly id: string; readonly answer: unknown }[] = []
  /** What it is being told. */
  #telling: Told | undefined
  /** What it has emitted first since it was told that. */
  #answer: AnyEventObject | undefined

  constructor(id: string, of: AnyWorkflow, input: unknown, parts: LocalRunParts) {
    this.of = of
    this.cell = new Cell(id)
    this.tasks = parts.tasks
    this.#parts = parts
    this.#clock = new LocalClock(parts.clock)
    this.#startedAt = parts.clock.now()
    this.#do(() => this.#start(input))
  }

  get id(): string {
    return this.cell.id
  }

  /** How it stands; `undefined` until it has started. */
  get row(): LocalRow | undefined {
    return this.#row
  }

  /** Tell it an event, behind all it was told before; resolves with what it emits for it first. */
  tell(told: Told): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#do(() => {
        try {
          resolve(this.#take(told))
        } catch (error) {
          reject(error)
        }
      })
    })
  }

  /** Resolve once it has taken in all that it was told so far. */
  drained(): Promise<void> {
    return new Promise((resolve) => this.#do(resolve))
  }

  /** End it where it stands, behind all it was told before. */
  async cancel(): Promise<void> {
    this.#do(() => this.#end('REVOKED', umbelError('UMBEL_REVOKED', `${this.id} was revoked.`)))
    await this.drained()
  }

  /** The app stops: it ends without a result. */
  stop(why: Error): void {
    if (this.cell.over) return
    this.#actor?.stop()
    this.#actor = undefined
    this.cell.answer(why)
  }

  /** It as `inspect.runs()` tells of it. */
  inspected(): InspectedRun {
    const { state = 'STARTED', states = [], live } = this.#row ?? {}
    return {
      id: this.id,
      workflow: this.of.name,
      version: this.of.version,
      local: true,
      state,
      states,
      since: live?.past.at(-1)?.at ?? this.#startedAt,
      startedAt: this.#startedAt,
      kept: this.#kept.length,
      waits: this.#waits(live?.snapshot),
      next: live === undefined ? [] : nextEdges(live.snapshot),
    }
  }

  #do(act: () => void): void {
    this.#queue.push(act)
    if (this.#taking) return
    this.#taking = true
    outsideHandlers(queueMicrotask, () => this.#takeAll())
  }

  #takeAll(): void {
    for (let act = this.#queue.shift(); act !== undefined; act = this.#queue.shift()) {
      act()
      this.#offerKept()
    }
    this.#taking = false
  }

  #start(input: unknown): void {
    if (this.cell.over) return
    const { id } = this
    const actor = createActor(this.of.machine, {
      id,
      input,
      clock: this.#clock as never,
      logger: (...said: unknown[]) =>
        this.#parts.logged(id, said.length > 1 ? String(said[0]) : undefined, said.at(-1)),
    })
    owns(actor.system, this.tasks)
    this.#actor = actor
    actor.on('*', (event) => {
      this.#answer ??= event as AnyEventObject
      this.#parts.emitted(id, event as AnyEventObject)
    })
    actor.subscribe({
      next: (snapshot) => this.#step(snapshot as AnyMachineSnapshot),
      error: (error) => this.#end('FAILURE', loopError(error)),
    })
    actor.start()
    if (!this.cell.over) this.cell.answer(undefined)
  }

  #take(told: Told): unknown {
    const { id, of, cell } = this
    const { dedupe } = told.options
    const heard = dedupe === undefined ? undefined : this.#heard.find((one) => one.id === dedupe)
    if (heard !== undefined) return heard.answer
    const actor = this.#actor
    if (actor === undefined) {
      if (cell.refused !== undefined) throw cell.refused
      throw umbelError('UMBEL_RUN_ENDED', `Run ${id} of ${of.name} has ended as ${this.#row?.state}.`)
    }
    if (this.#takes(told.event)) return this.#hear(dedupe, this.#send(actor, told))
    if (told.asks)
      throw umbelError(
        'UMBEL_EVENT_NOT_TAKEN',
        `Run ${id} of ${of.name} takes no ${told.event.type} while it is ${this.#row?.state}.`,
      )
    if (of.keep > 0 && this.#kept.length >= of.keep)
      throw umbelError('UMBEL_MAILBOX_FULL', `Run ${id} of ${of.name} keeps ${of.keep} events that no state has taken.`)
    if (of.keep > 0) this.#kept.push(told)
    return this.#hear(dedupe, undefined)
  }

  #hear(id: string | undefined, answer: unknown): unknown {
    if (id !== undefined) this.#heard = [...this.#heard, { id, answer }].slice(-MOST_HEARD)
    return answer
  }

  #takes(event: AnyEventObject): boolean {
    try {
      return takes(this.of.machine, (this.#actor as AnyActorRef).getSnapshot(), event)
    } catch {
      return true // a guard throws: that is the machine's failure
    }
  }

  #send(actor: AnyActorRef, told: Told): unknown {
    this.#telling = told
    this.#answer = undefined
    actor.send(told.event)
    this.#telling = undefined
    return this.#answer
  }

  #offerKept(): void {
    for (;;) {
      const actor = this.#actor
      const told = actor === undefined ? undefined : this.#kept.find(({ event }) => this.#takes(event))
      if (actor === undefined || told === undefined) return
      this.#kept = this.#kept.filter((one) => one !== told)
      this.#send(actor, told)
    }
  }

  #step(snapshot: AnyMachineSnapshot): void {
    if (this.#actor === undefined) return
    if (snapshot.status !== 'active') return this.#end('SUCCESS', undefined)
    const { deepest: state = 'STARTED', all: states } = tagsOf(snapshot)
    const before = this.#row
    const row = this.#rowOf(snapshot, state, states)
    this.#row = row
    this.cell.changed(row)
    this.#parts.stepped(row, before?.state !== state)
    if (this.#kept.length > 0) this.#do(() => {}) // it was no step of what it was told
  }

  #end(state: 'SUCCESS' | 'FAILURE' | 'REVOKED', error: unknown): void {
    const actor = this.#actor
    if (actor === undefined) return
    this.#actor = undefined
    if (state === 'REVOKED') actor.stop()
    const snapshot = actor.getSnapshot() as AnyMachineSnapshot
    if (state === 'FAILURE') stopChildren(snapshot)
    const ended = this.#rowOf(snapshot, state, [])
    const row: LocalRow = {
      ...ended,
      error: state === 'SUCCESS' ? undefined : toErrorData(error),
      endedAt: this.#parts.clock.now(),
      // with its children it would hold all actors of the run
      live: { ...ended.live, snapshot: { ...snapshot, children: {} } as never, output: snapshot.output, error },
    }
    this.#row = row
    this.#kept = []
    this.#parts.ended(row)
    this.cell.end(row)
  }

  #rowOf(snapshot: AnyMachineSnapshot, state: string, states: readonly string[]): LocalRow {
    const { past: before = [] } = this.#row?.live ?? {}
    const shows = this.#shows(state, before.at(-1)?.state)
    const past = shows === undefined ? before : [...before, shows].slice(-MOST_PAST)
    return {
      kind: 'chart',
      id: this.id,
      machine: this.of.name,
      version: this.of.version,
      value: snapshot.value ?? {},
      context: '{}',
      state,
      states,
      past:
        shows === undefined
          ? (this.#row?.past ?? NO_PAST)
          : pastWith(this.#row?.past ?? NO_PAST, { state, at: shows.at }),
      children: {},
      begun: 0,
      timers: [],
      kept: [],
      heard: [],
      actions: [],
      parent: undefined,
      root: this.id,
      settles: undefined,
      result: undefined,
      error: undefined,
      sentAt: this.#startedAt,
      endedAt: undefined,
      live: { snapshot, past, output: undefined, error: undefined },
    }
  }

  /** What its history has more than before: another state, or who brought it where it is. */
  #shows(state: string, before: string | undefined): RunPast | undefined {
    const { event, options: { by } = {} } = this.#telling ?? {}
    this.#telling = undefined // what follows from it is nobody's
    if (by === undefined && before === state) return undefined
    return { state, at: this.#parts.clock.now(), by, event: by === undefined ? undefined : event }
  }

  #waits(snapshot: AnyMachineSnapshot | undefined): readonly RunWait[] {
    const children = Object.entries((snapshot?.children ?? {}) as Readonly<Record<string, AnyActorRef | undefined>>)
    const waits: RunWait[] = children.flatMap(([key, actor]) => {
      if (actor === undefined || actor.getSnapshot()?.status !== 'active') return []
      const src = typeof actor.src === 'string' ? actor.src : key
      return [{ kind: 'child' as const, on: this.tasks.idOf(actor) ?? actor.id, src }]
    })
    const until = this.#clock.next
    if (until !== undefined) waits.push({ kind: 'timer', until })
    return waits.length > 0 ? waits : [{ kind: 'event' }]
  }
}

/** XState lets the children of a machine that fails run on, and has no way for others to stop them but this one. */
function stopChildren({ children = {} }: AnyMachineSnapshot): void {
  for (const child of Object.values(children as Readonly<Record<string, { _stop(): unknown } | undefined>>))
    child?._stop()
}
