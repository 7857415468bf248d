import type { Encoded } from './codec.ts'
import type { Command } from './command.ts'
import type { LetterChange } from './dead-letter.ts'
import type { Effect } from './effect.ts'
import type { ErrorData } from './error-data.ts'
import type { EngineEvent } from './event.ts'
import type { Machines } from './machines.ts'
import type { Open } from './made-young.ts'
import { Pieces } from './pieces.ts'
import {
  type ChartRow,
  isResultRow,
  type JoinRow,
  type KeyRow,
  nodeId,
  type ResultRow,
  type Row,
  type RowReader,
  type Seat,
  type TaskRow,
  type WorkflowRow,
} from './rows.ts'
import { isReady } from './states.ts'

/** How a node of a workflow ended. */
export type Ends =
  | { readonly ok: true; readonly result: Encoded }
  | { readonly ok: false; readonly revoked: boolean; readonly error: ErrorData }

/** A node of a workflow has ended; what follows it is to be told. Never leaves core. */
export interface NodeEnded {
  readonly type: 'node-ended'
  /** Id of the node's row. */
  readonly id: string
  readonly workflow: string
  readonly node: number
  readonly ends: Ends
}

/** What was added to a chord's header has ended. Never leaves core. */
export interface MemberEnded {
  readonly type: 'member-ended'
  /** Id of the header's join. */
  readonly join: string
  /** Id of the task or workflow that was added. */
  readonly member: string
  readonly ends: Ends
}

/** A task that has keys has ended. Never leaves core. */
export interface HolderEnded {
  readonly type: 'holder-ended'
  /** Id of the task. */
  readonly id: string
}

/** What a run has invoked has ended. Never leaves core. */
export interface ChildEnded {
  readonly type: 'child-ended'
  /** Id of the run. */
  readonly id: string
  /** Id of the task or workflow that it waited for. */
  readonly child: string
  readonly ends: Ends
}

/** A task that a run has invoked has shown a state or progress. Never leaves core. */
export interface ChildShowed {
  readonly type: 'child-showed'
  /** Id of the run. */
  readonly id: string
  /** Id of the task. */
  readonly child: string
}

/** A run was sent an event by its machine, or by that of a run it invoked or was invoked by. Never leaves core. */
export interface ChartHeard {
  readonly type: 'chart-heard'
  readonly id: string
  readonly event: Encoded
}

/** A row that was made for whoever completes it. */
export type Draftable<Row> = Open<Row>

/** What the sender of a fact is answered. */
export type Answer =
  | { readonly ok: true; readonly value: Encoded | undefined }
  | { readonly ok: false; readonly error: ErrorData }

const NO_ANSWERS: ReadonlyMap<EngineEvent, Answer> = new Map()

/** What an actor of the engine is sent: facts from outside, and word of one another. */
export type Message = EngineEvent | NodeEnded | MemberEnded | HolderEnded | ChildEnded | ChildShowed | ChartHeard

/**
 * The rows as they will stand once a batch of events is taken in, over the rows as they are; with the commands so far, and
 * the messages still to be delivered. Local to one `advance`: what comes out of it is plain data.
 */
export class Draft implements RowReader {
  /** Moment of the event being taken in. */
  at = 0
  readonly commands = new Pieces<Command>()
  /** Rows as they stood after each thing a handler showed: a later fact of the batch may have changed them since. */
  readonly shown: (TaskRow | ChartRow)[] = []
  /** Runs as they came to show another state. */
  readonly moved: ChartRow[] = []
  /** Delivered in the order sent; a queue and not calls, so that a chain of 100,000 steps is no deeper than one. */
  readonly mail: Message[] = []
  /** What changes about the dead letters. */
  readonly letters: LetterChange[] = []
  /** What was done once. */
  readonly effects: Effect[] = []
  // few batches need these maps, and of a lone task each map is one of the dearer things
  #answers: Map<EngineEvent, Answer> | undefined
  #steps: Map<string, number> | undefined
  /** Rows put, letters changed and effects recorded so far: whether it grows tells whether a fact changed anything. */
  puts = 0
  /** Seats of the rows that changed, in the order in which they did first. */
  readonly #changed = new Pieces<Seat>()
  /** The same in one list, once all facts are taken in. */
  #list: readonly Seat[] | undefined
  /** Seats of rows that the reader has none for. */
  #seats: Map<string, Seat> | undefined
  /** The seat that was looked for last. */
  #sought: string | undefined
  #found: Seat | undefined
  /** The row that was put last, where nobody else holds it: facts about one task often come one after another. */
  #last: Row | undefined
  /** The seat of the workflow that was asked for last, and the row of a join that was put last: each member of a group asks for both. */
  #workflow: Seat | undefined
  #join: JoinRow | undefined
  /** Tasks that came to follow something, by what that is. */
  #followers: Map<string, string[]> | undefined
  readonly machines: Machines
  readonly #rows: RowReader

  constructor(rows: RowReader, machines: Machines) {
    this.machines = machines
    this.#rows = rows
  }

  /** A fact about an id is about to be taken in whose seat was found before. */
  expect(id: string, known: Seat): void {
    if (this.#rows.seat === undefined) return
    this.#sought = id
    this.#found = this.#rows.seat(id, known)
  }

  get(id: string): Row | undefined {
    if (this.#last?.id === id) return this.#last
    const seat = this.#seat(id)
    return seat === undefined ? this.#rows.get(id) : (seat.next ?? seat.row)
  }

  /**
   * A task's row to be completed and put: the row itself where the fact before has just made it, as that a task starts comes right behind that
   * it was sent; else a copy. A row of 25 fields for each fact is the largest thing that a plain task makes.
   */
  own(row: TaskRow): Draftable<TaskRow> {
    return row === this.#last ? row : { ...row }
  }

  /** The same of a join's: many members may arrive in one batch. */
  ownJoin(row: JoinRow): Draftable<JoinRow> {
    return row === this.#join || this.#seat(row.id)?.next === row ? row : { ...row }
  }

  task(id: string): TaskRow | undefined {
    const row = this.get(id)
    return row?.kind === 'task' ? row : undefined
  }

  /** A row of something that can end. */
  awaited(id: string): ResultRow | undefined {
    const row = this.get(id)
    return row !== undefined && isResultRow(row) ? row : undefined
  }

  /** The row of a node of a workflow. `id`: that of the node, where it is at hand and may be put next. */
  ofNode(workflow: string, node: number, id?: string): Row | undefined {
    if (this.#rows.node === undefined) return this.get(id ?? nodeId(workflow, node))
    const seat = this.#rows.node(workflow, node)
    if (id !== undefined) {
      this.#sought = id
      this.#found = seat
    }
    return seat?.next ?? seat?.row
  }

  join(id: string): JoinRow | undefined {
    const row = this.get(id)
    return row?.kind === 'join' ? row : undefined
  }

  workflow(id: string): WorkflowRow | undefined {
    const known = this.#workflow?.next ?? this.#workflow?.row
    if (known?.kind === 'workflow' && known.id === id) return known
    const row = this.get(id)
    if (row?.kind !== 'workflow') return undefined
    this.#workflow = this.#seat(id)
    return row
  }

  key(id: string): KeyRow | undefined {
    const row = this.get(id)
    return row?.kind === 'key' ? row : undefined
  }

  /** The tasks that follow something and have not ended, the oldest first. */
  *followers(id: string): Generator<TaskRow> {
    const seen = new Set<string>()
    for (const ids of [this.#rows.following?.(id) ?? [], this.#followers?.get(id) ?? []]) {
      for (const one of ids) {
        const row = seen.has(one) ? undefined : this.task(one)
        seen.add(one)
        if (row?.follows === id && !isReady(row.state)) yield row
      }
    }
  }

  chart(id: string): ChartRow | undefined {
    const row = this.get(id)
    return row?.kind === 'chart' ? row : undefined
  }

  effect(effect: Effect): void {
    this.puts += 1
    this.effects.push(effect)
  }

  letter(change: LetterChange): void {
    this.puts += 1
    this.letters.push(change)
  }

  put(row: Row): void {
    this.puts += 1
    if (row === this.#last) return
    this.#last = row
    if (row.kind === 'join') {
      if (row === this.#join) return
      this.#join = row
    }
    const seat = this.#seat(row.id) ?? this.#newSeat(row.id)
    if (seat.next === undefined) this.#changed.push(seat)
    seat.next = row
    if (row.kind === 'task' && row.follows !== undefined) this.#follow(row.id, row.follows)
  }

  /** What the senders of facts are answered, where that is more than that they are stored. */
  get answers(): ReadonlyMap<EngineEvent, Answer> {
    return this.#answers ?? NO_ANSWERS
  }

  /** Answer the sender of a fact. */
  answer(event: EngineEvent, answer: Answer): void {
    this.#answers ??= new Map()
    this.#answers.set(event, answer)
  }

  /** Count a step that a run takes for the fact being taken in. Gives how many it has taken for it. */
  stepped(run: string): number {
    this.#steps ??= new Map()
    const steps = (this.#steps.get(run) ?? 0) + 1
    this.#steps.set(run, steps)
    return steps
  }

  /** The next fact is taken in. */
  forgetSteps(): void {
    this.#steps = undefined
  }

  #follow(id: string, what: string): void {
    this.#followers ??= new Map()
    const followers = this.#followers.get(what)
    if (followers === undefined) this.#followers.set(what, [id])
    else followers.push(id)
  }

  /** Keep how a task stands now that its handler showed something, so that observers see it even if it is over within the batch. */
  show(before: TaskRow): void {
    const row = this.task(before.id)
    if (row === undefined || row === before) return
    this.shown.push(row)
    this.#last = undefined
  }

  /** The rows that changed, each once, as they stand at the end. */
  rows(): Row[] {
    return this.#seated.map((seat) => seat.next as Row)
  }

  /** The seats of those rows, where the reader has all rows in seats. */
  seats(): readonly Seat[] | undefined {
    return this.#rows.make === undefined ? undefined : this.#seated
  }

  /** Leave the seats of the reader as they were found, but for those that were made where all went well. */
  leave(done: boolean): void {
    for (const seat of this.#seated) {
      if (!done && seat.row === undefined) this.#rows.unmake?.((seat.next as Row).id, seat)
      seat.next = undefined
    }
  }

  get #seated(): readonly Seat[] {
    this.#list ??= this.#changed.list()
    return this.#list
  }

  #seat(id: string): Seat | undefined {
    if (this.#sought !== id) {
      this.#sought = id
      this.#found = this.#seats?.get(id) ?? this.#rows.seat?.(id)
    }
    return this.#found
  }

  #newSeat(id: string): Seat {
    const seat = this.#rows.make?.(id) ?? this.#ownSeat(id)
    this.#sought = id
    this.#found = seat
    return seat
  }

  #ownSeat(id: string): Seat {
    const seat: Seat = { row: undefined, next: undefined }
    this.#seats ??= new Map()
    this.#seats.set(id, seat)
    return seat
  }
}
