import type { AnyStateMachine, InputFrom } from 'xstate'
import { checkNames } from '../option-checks.ts'
import { nothingUnder } from '../result-source.ts'
import type { Run } from './run.ts'

/** How a run is started. */
export type StartOptions<M extends AnyStateMachine> = {
  /** Id of the caller's choice: a second start with it gives the run that exists, also after it ended and after a restart. */
  readonly id?: string
} & (undefined extends InputFrom<M> ? { readonly input?: InputFrom<M> } : { readonly input: InputFrom<M> })

/** What the app does for the runs of one machine. */
export interface MachineDoor<M extends AnyStateMachine> {
  /** Start the app where it is not. @throws UMBEL_APP_STOPPED */
  open(): void
  /** Resolves once the store can be read. */
  ready(): Promise<void>
  start(id: string | undefined, input: unknown): Run<M>
  /** `undefined` where none of this machine has the id. */
  find(id: string): Promise<Run<M> | undefined>
}

/** The runs of one machine: starts and finds them. Made by `app.workflow(machine)`. */
export class WorkflowRuns<M extends AnyStateMachine> {
  readonly #door: MachineDoor<M>

  /** Made by `app.workflow`; not meant to be called. */
  constructor(door: MachineDoor<M>) {
    this.#door = door
  }

  /**
   * Start a run and return its handle at once; `accepted` resolves when it is stored. Where one has the id already it is that one's
   * handle, and the input is not looked at; `accepted` rejects with UMBEL_DUPLICATE_ID where the id is of something else.
   * @throws UMBEL_CANNOT_TRAVEL and its like for the input, UMBEL_BAD_OPTION, UMBEL_APP_STOPPED
   */
  start(
    ...[options]: Record<never, never> extends StartOptions<M>
      ? [options?: StartOptions<M>]
      : [options: StartOptions<M>]
  ): Run<M> {
    const { id, input } = (options ?? {}) as { readonly id?: string; readonly input?: unknown }
    checkNames('start', options ?? {}, ['id', 'input'])
    this.#door.open()
    return this.#door.start(id, input)
  }

  /** Find a run by its id. @throws UMBEL_UNKNOWN_RESULT where none of this machine has it, or retention has dropped it; UMBEL_APP_STOPPED */
  async get(id: string): Promise<Run<M>> {
    await this.#door.ready()
    const run = await this.#door.find(id)
    if (run === undefined) throw nothingUnder(id)
    return run
  }
}
