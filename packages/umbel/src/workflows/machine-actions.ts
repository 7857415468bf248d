import { type ChartAction, type ChartRow, type Clock, decode, encode } from '@umbel/core'
import type { Engine } from '../engine.ts'
import type { WorkflowRegistry } from './workflow-registry.ts'

/** What actions are run with. */
export interface MachineActionParts {
  readonly engine: Engine
  readonly registry: WorkflowRegistry
  readonly clock: Clock
  readonly failed: (error: unknown) => void
}

/**
 * Runs the actions that machines name, once the step that asked for them is stored, in their order and at least once: that they
 * have run is a fact of its own. What one throws or rejects with is told as `internal-error`, and changes nothing.
 */
export class MachineActions {
  readonly #parts: MachineActionParts
  /** The last action run of each run, until that is stored. */
  readonly #done = new Map<string, number>()

  constructor(parts: MachineActionParts) {
    this.#parts = parts
  }

  run(row: ChartRow): void {
    const { engine, registry, clock } = this.#parts
    const machine = registry.find(row.machine, row.version)?.machine
    const done = this.#done.get(row.id) ?? 0
    const left = row.actions.filter(({ n }) => n > done)
    const last = left.at(-1)?.n
    if (machine === undefined || last === undefined) return
    const actions = machine.implementations.actions as Readonly<Record<string, unknown>>
    for (const action of left) this.#call(row, action, actions[action.action])
    this.#done.set(row.id, last)
    engine.accept({ type: 'chart-acted', id: row.id, n: last, at: clock.now() }, () => {
      if (this.#done.get(row.id) === last) this.#done.delete(row.id)
    })
  }

  #call(row: ChartRow, { params, event, context }: ChartAction, action: unknown): void {
    const { registry, failed } = this.#parts
    if (typeof action !== 'function') return
    const { errors } = registry
    const args = {
      context: decode(context, errors),
      event: decode(event, errors),
      self: this.#self(row),
      system: NO_SYSTEM,
    }
    try {
      const done: unknown = action(args, params === undefined ? undefined : decode(params, errors))
      if (done instanceof Promise) done.catch(failed)
    } catch (error) {
      failed(error)
    }
  }

  /** The run as its actions see it: they may send to it. */
  #self({ id }: ChartRow): { readonly id: string; send(event: unknown): void } {
    const { engine, clock, registry, failed } = this.#parts
    const { maxBytes } = registry
    return {
      id,
      send: (event) =>
        engine.accept(
          { type: 'chart-told', id, event: encode(event, { maxBytes, path: 'event' }), at: clock.now() },
          (error) => {
            if (error !== undefined) failed(error)
          },
        ),
    }
  }
}

const NO_SYSTEM = { get: () => undefined, getAll: () => ({}) }
