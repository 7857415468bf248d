import { type ChartRow, milliseconds } from '@umbel/core'
import type { AnyStateMachine, EmittedFrom, OutputFrom, SnapshotFrom } from 'xstate'
import { type AsyncResult, type GetOptions, refuseInHandler } from '../async-result.ts'
import type { Cell } from '../cell.ts'
import type { RunEvent, RunTag } from './compensated.ts'
import type { RunDoor, RunPast } from './run-door.ts'
import type { SendOptions } from './run-event.ts'

/** An event that is on its way to a run. */
export interface SentEvent {
  /** Resolves once it is stored; rejects where the run has ended (UMBEL_RUN_ENDED) or is unknown. Left unread, it harms nobody. */
  readonly accepted: Promise<void>
}

/** The handle of a run of a machine: an actor's verbs, and its result. */
export class Run<M extends AnyStateMachine> {
  readonly id: string
  /** Waits for its output; its state is the tag of the deepest active state. */
  readonly result: AsyncResult<OutputFrom<M>>
  readonly #runs: RunDoor
  readonly #cell: Cell

  /** Made by `app.workflow(machine)`; not meant to be called. */
  constructor(cell: Cell, runs: RunDoor, result: AsyncResult<OutputFrom<M>>) {
    this.id = cell.id
    this.result = result
    this.#runs = runs
    this.#cell = cell
  }

  /** Resolves once its start is stored. */
  get accepted(): Promise<void> {
    return this.result.accepted
  }

  /** Send it an event. Events are taken in the order sent; one that no transition takes yet is kept until one does. @throws UMBEL_CANNOT_TRAVEL and its like, UMBEL_BAD_OPTION, UMBEL_APP_STOPPED */
  send(event: RunEvent<M>, options: SendOptions = {}): SentEvent {
    const accepted = this.#runs.tell(this.id, event, options).then(() => undefined)
    accepted.catch(() => {})
    return { accepted }
  }

  /**
   * Send it an event and wait for what the machine emits for it first, `undefined` where that is nothing.
   * Rejects with UMBEL_EVENT_NOT_TAKEN where no transition takes it now, and as `send` does.
   */
  async update(event: RunEvent<M>, options: SendOptions = {}): Promise<EmittedFrom<M> | undefined> {
    return (await this.#runs.ask(this.id, event, options)) as EmittedFrom<M> | undefined
  }

  /** Its snapshot as last known here; `undefined` while its start is not stored. */
  getSnapshot(): SnapshotFrom<M> | undefined {
    const row = this.#runs.peek(this.#cell)
    return row === undefined ? undefined : this.#snapshot(row)
  }

  /** Read its snapshot once all that was sent so far is taken in. @throws UMBEL_UNKNOWN_RESULT */
  async query<T>(read: (snapshot: SnapshotFrom<M>) => T): Promise<T> {
    return read(this.#snapshot(await this.#runs.row(this.#cell)))
  }

  /** The last 50 states it has shown and events that people sent it, oldest first. @throws UMBEL_UNKNOWN_RESULT */
  async history(): Promise<readonly RunPast[]> {
    return this.#runs.history(await this.#runs.row(this.#cell))
  }

  /** Call back with its snapshot after each step from now on, the end included. Returns how to stop that. */
  subscribe(listener: (snapshot: SnapshotFrom<M>) => unknown): { unsubscribe(): void } {
    return { unsubscribe: this.#runs.watch(this.#cell, (row) => listener(this.#snapshot(row))) }
  }

  /** Call back with what its machine emits from now on: events of a type, or of all (`*`). Returns how to stop that. */
  on<Type extends EmittedFrom<M>['type'] | '*'>(
    type: Type,
    listener: (event: Type extends '*' ? EmittedFrom<M> : Extract<EmittedFrom<M>, { type: Type }>) => unknown,
  ): { unsubscribe(): void } {
    return { unsubscribe: this.#runs.emissions.on(this.id, type, listener as (event: unknown) => unknown) }
  }

  /**
   * Wait until a state with this tag is active, or until its snapshot is as asked; gives the snapshot.
   * @throws UMBEL_TIMEOUT, UMBEL_ABORTED, UMBEL_RUN_ENDED where it has ended otherwise, UMBEL_WOULD_DEADLOCK in a handler
   */
  waitFor(
    wanted: RunTag<M> | ((snapshot: SnapshotFrom<M>) => boolean),
    options: GetOptions = {},
  ): Promise<SnapshotFrom<M>> {
    refuseInHandler(this.id)
    const limit = options.timeout === undefined ? undefined : milliseconds(options.timeout, 'timeout')
    const fits = (row: ChartRow): boolean =>
      typeof wanted === 'function'
        ? (wanted as (snapshot: SnapshotFrom<M>) => boolean)(this.#snapshot(row))
        : row.states.includes(wanted as string)
    return this.#runs.until(this.#cell, fits, { limit, signal: options.signal }).then((row) => this.#snapshot(row))
  }

  /** End it where it stands: what it has invoked is revoked, no action of the machine runs, its result is UMBEL_REVOKED. */
  cancel(): Promise<void> {
    return this.result.revoke()
  }

  #snapshot(row: ChartRow): SnapshotFrom<M> {
    return this.#runs.snapshot(row) as SnapshotFrom<M>
  }
}
