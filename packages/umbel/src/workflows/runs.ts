import {
  type ChartRow,
  type ChartTold,
  type Clock,
  decode,
  type Encoded,
  encode,
  pastStates,
  snapshotOf,
  umbelError,
} from '@umbel/core'
import type { AnyMachineSnapshot } from 'xstate'
import { Cell } from '../cell.ts'
import type { Engine } from '../engine.ts'
import { checkNames } from '../option-checks.ts'
import { validId } from '../producer.ts'
import { type AppResultSource, nothingUnder } from '../result-source.ts'
import type { Results } from '../results.ts'
import type { Emissions } from './emissions.ts'
import type { RunDoor, RunPast, Waiting } from './run-door.ts'
import { checkedEvent, type SendOptions, shortText } from './run-event.ts'
import { untilRow, watchRows } from './run-watch.ts'
import type { AnyWorkflow } from './workflow.ts'
import type { WorkflowRegistry } from './workflow-registry.ts'

/** What runs are started and told with. */
export interface RunsParts {
  readonly engine: Pick<Engine, 'accept' | 'drained' | 'rows'>
  readonly results: Results
  readonly source: AppResultSource
  readonly registry: WorkflowRegistry
  readonly emissions: Pick<Emissions, 'on'>
  readonly clock: Clock
  readonly ids: () => string
  /** Tell what went wrong where nobody waits for an answer. */
  readonly failed: (error: unknown) => void
  readonly refused: (id: string, error: unknown) => void
}

/** Starts runs of machines, tells them events and finds out how they stand: what handles of runs ask of the app. */
export class Runs implements RunDoor {
  readonly #parts: RunsParts

  constructor(parts: RunsParts) {
    this.#parts = parts
  }

  get emissions(): Pick<Emissions, 'on'> {
    return this.#parts.emissions
  }

  /** Start a run, or find the one that has this id: its cell. @throws UMBEL_CANNOT_TRAVEL and its like, UMBEL_BAD_OPTION */
  start({ name, version }: AnyWorkflow, given: string | undefined, input: unknown): Cell {
    const { engine, results, registry, source, ids, clock, refused } = this.#parts
    const id = given === undefined ? ids() : validId(given)
    const text = encode(input, { maxBytes: registry.maxBytes, path: 'input' })
    const known = source.peek(id)
    if (known !== undefined && (known.kind !== 'chart' || known.machine !== name)) {
      const other = refusedCell(id)
      refused(id, other.refused)
      return other
    }
    const cell = results.cell(id)
    cell.pending = true
    engine.accept(
      {
        type: 'chart-started',
        id,
        machine: name,
        version,
        input: text,
        parent: undefined,
        root: undefined,
        settles: undefined,
        at: clock.now(),
      },
      (error) => {
        cell.pending = false
        // another one has the id: whoever waits for that is left in peace
        if (error !== undefined && cell.accepted) return refused(id, error)
        cell.answer(error)
        if (error === undefined) return source.again(cell)
        results.drop(id)
        refused(id, error)
      },
    )
    return cell
  }

  /** A machine was registered while the app runs: what came to its runs before is told now. */
  resume({ name, version }: AnyWorkflow): void {
    const { engine, clock } = this.#parts
    for (const row of engine.rows())
      if (row.kind === 'chart' && row.machine === name && row.version === version)
        engine.accept({ type: 'chart-resumed', id: row.id, at: clock.now() })
  }

  /** Tell a run an event; resolves once it is stored, with what the machine emitted for it. */
  tell(id: string, event: unknown, options: SendOptions): Promise<Encoded | undefined> {
    return this.#told(this.fact(id, event, options))
  }

  /** Take in what a handler tells a run: an encoded record of the event and how it is sent. What is refused is told as `send-failed`. */
  hear(id: string, told: Encoded): void {
    const { event, options } = decode(told, this.#parts.registry.errors) as { event: unknown; options: SendOptions }
    this.tell(id, event, options).catch(() => {})
  }

  /** The same, but refused where no transition takes it at once. */
  async ask(id: string, event: unknown, options: SendOptions): Promise<unknown> {
    const emitted = await this.#told({ ...this.fact(id, event, options), asks: true })
    return emitted === undefined ? undefined : decode(emitted, this.#parts.registry.errors)
  }

  /** What telling a run an event is as a fact. @throws UMBEL_CANNOT_TRAVEL and its like, UMBEL_BAD_OPTION */
  protected fact(id: string, event: unknown, options: SendOptions): ChartTold {
    checkNames('send', options, ['dedupe', 'by'])
    const { registry, clock } = this.#parts
    const dedupe = shortText(options.dedupe, 'dedupe')
    const by = shortText(options.by, 'by')
    return {
      type: 'chart-told',
      id,
      event: encode(checkedEvent(event), { maxBytes: registry.maxBytes, path: 'event' }),
      ...(dedupe !== undefined && { dedupe }),
      ...(by !== undefined && { by }),
      at: clock.now(),
    }
  }

  #told(fact: ChartTold): Promise<Encoded | undefined> {
    const { engine, refused } = this.#parts
    return new Promise((resolve, reject) => {
      engine.accept(fact, (error, answer) => {
        if (error === undefined) return resolve(answer)
        reject(error)
        if (fact.asks === undefined) refused(fact.id, error)
      })
    })
  }

  peek(cell: Cell): ChartRow | undefined {
    const row = cell.ended ? cell.seen : (this.#parts.source.peek(cell.id) ?? cell.seen)
    // as PENDING it stands in the inbox of the store, and has not begun
    return row?.kind === 'chart' && row.state !== 'PENDING' ? row : undefined
  }

  /** The row of a run, wherever it is. */
  async find(id: string): Promise<ChartRow | undefined> {
    if (typeof id !== 'string') throw nothingUnder(id)
    await this.#parts.engine.drained()
    return this.#parts.source.run(id)
  }

  async row(cell: Cell): Promise<ChartRow> {
    const row = await this.#standing(cell)
    if (row === undefined) throw cell.refused ?? nothingUnder(cell.id)
    return row
  }

  async #standing(cell: Cell): Promise<ChartRow | undefined> {
    const { engine, source } = this.#parts
    await engine.drained()
    const row = this.peek(cell) ?? (await source.run(cell.id))
    return row?.state === 'PENDING' ? undefined : row
  }

  snapshot(row: ChartRow): AnyMachineSnapshot {
    const { registry } = this.#parts
    const chart = registry.find(row.machine, row.version)
    if (chart !== undefined) return snapshotOf(chart.machine, row, registry.errors)
    throw umbelError('UMBEL_UNKNOWN_WORKFLOW', `Run ${row.id} is of ${row.machine}, version ${row.version}.`)
  }

  history({ past }: ChartRow): readonly RunPast[] {
    const { errors } = this.#parts.registry
    return pastStates(past).map(({ state, at, by, event }) => ({
      state,
      at,
      by,
      event: event === undefined ? undefined : decode(event, errors),
    }))
  }

  watch(cell: Cell, listener: (row: ChartRow) => unknown): () => void {
    return watchRows(cell, listener, this.#parts.failed)
  }

  until(cell: Cell, fits: (row: ChartRow) => boolean, waiting: Waiting): Promise<ChartRow> {
    const row = async (): Promise<ChartRow | undefined> => {
      const now = await this.#standing(cell)
      // what has not begun, here or in the inbox, shows once it has
      if (now === undefined && (await this.#parts.source.run(cell.id)) === undefined)
        throw cell.refused ?? nothingUnder(cell.id)
      return now
    }
    return untilRow({ cell, clock: this.#parts.clock, fits, row }, waiting)
  }
}

/** The cell of a start under an id that something else has. */
export function refusedCell(id: string): Cell {
  const cell = new Cell(id)
  cell.answer(umbelError('UMBEL_DUPLICATE_ID', `The id ${id} was used before.`))
  return cell
}
