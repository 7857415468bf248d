import {
  type ChartRow,
  type ChartTold,
  type Clock,
  decode,
  type Encoded,
  encode,
  pastStates,
  snapshotOf,
  type Timer,
  umbelError,
} from '@umbel/core'
import type { AnyMachineSnapshot } from 'xstate'
import { hasEnded } from '../async-result.ts'
import type { Engine } from '../engine.ts'
import { checkNames } from '../option-checks.ts'
import { validId } from '../producer.ts'
import { type AppResultSource, nothingUnder } from '../result-source.ts'
import type { Cell, Results } from '../results.ts'
import type { Emissions } from './emissions.ts'
import { checkedEvent, type SendOptions, shortText } from './run-event.ts'
import type { AnyWorkflow } from './workflow.ts'
import type { WorkflowRegistry } from './workflow-registry.ts'

/** What runs are started and told with. */
export interface RunsParts {
  readonly engine: Engine
  readonly results: Results
  readonly source: AppResultSource
  readonly registry: WorkflowRegistry
  readonly emissions: Emissions
  readonly clock: Clock
  readonly ids: () => string
  /** Tell what went wrong where nobody waits for an answer. */
  readonly failed: (error: unknown) => void
  readonly refused: (id: string, error: unknown) => void
}

/** What a run has shown since a moment. */
export interface RunPast {
  readonly state: string
  /** Milliseconds since the epoch. */
  readonly at: number
  /** Who brought it there, and with what, where that was said. */
  readonly by: string | undefined
  readonly event: unknown
}

/** How long and whether to wait. */
interface Waiting {
  /** Milliseconds. */
  readonly limit: number | undefined
  readonly signal: AbortSignal | undefined
}

/** Starts runs of machines, tells them events and finds out how they stand: what handles of runs ask of the app. */
export class Runs {
  readonly #parts: RunsParts

  constructor(parts: RunsParts) {
    this.#parts = parts
  }

  get emissions(): Emissions {
    return this.#parts.emissions
  }

  /** Start a run, or find the one that has this id. @throws UMBEL_CANNOT_TRAVEL and its like, UMBEL_BAD_OPTION */
  start({ name, version }: AnyWorkflow, given: string | undefined, input: unknown): string {
    const { engine, results, registry, source, ids, clock, refused } = this.#parts
    const id = given === undefined ? ids() : validId(given)
    const text = encode(input, { maxBytes: registry.maxBytes, path: 'input' })
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
        cell.answer(error)
        cell.pending = false
        if (error === undefined) return source.again(cell)
        results.drop(id)
        refused(id, error)
      },
    )
    return id
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
    return this.#told(this.#fact(id, event, options))
  }

  /** Take in what a handler tells a run: an encoded record of the event and how it is sent. What is refused is told as `send-failed`. */
  hear(id: string, told: Encoded): void {
    const { event, options } = decode(told, this.#parts.registry.errors) as { event: unknown; options: SendOptions }
    this.tell(id, event, options).catch(() => {})
  }

  /** The same, but refused where no transition takes it at once. */
  async ask(id: string, event: unknown, options: SendOptions): Promise<unknown> {
    const emitted = await this.#told({ ...this.#fact(id, event, options), asks: true })
    return emitted === undefined ? undefined : decode(emitted, this.#parts.registry.errors)
  }

  #fact(id: string, event: unknown, options: SendOptions): ChartTold {
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

  /** The row of a run, as far as it can be told at once. */
  peek(cell: Cell): ChartRow | undefined {
    const row = cell.ended ? cell.row : (this.#parts.source.peek(cell.id) ?? cell.row)
    return row?.kind === 'chart' ? row : undefined
  }

  /** The row of a run, wherever it is. */
  async find(id: string): Promise<ChartRow | undefined> {
    if (typeof id !== 'string') throw nothingUnder(id)
    await this.#parts.engine.drained()
    return this.#parts.source.run(id)
  }

  /** The row of a run with all that was sent so far taken in. @throws UMBEL_UNKNOWN_RESULT */
  async row(cell: Cell): Promise<ChartRow> {
    const { engine, source } = this.#parts
    await engine.drained()
    const row = this.peek(cell) ?? (await source.run(cell.id))
    if (row === undefined) throw cell.refused ?? nothingUnder(cell.id)
    return row
  }

  /** The snapshot of a row. @throws UMBEL_UNKNOWN_WORKFLOW */
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

  /** Call back with each row that a run has from now on. What the listener throws is told as `internal-error`. */
  watch(cell: Cell, listener: (row: ChartRow) => unknown): () => void {
    return cell.watch((row) => {
      try {
        if (row.kind === 'chart') listener(row)
      } catch (error) {
        this.#parts.failed(error)
      }
    })
  }

  /** Wait until the row of a run is as wanted. */
  until(cell: Cell, fits: (row: ChartRow) => boolean, { limit, signal }: Waiting): Promise<ChartRow> {
    const { clock } = this.#parts
    const { id } = cell
    return new Promise((resolve, reject) => {
      const endings: (() => void)[] = []
      const finish = (act: () => void): void => {
        for (const end of endings.splice(0)) end()
        act()
      }
      const fail = (error: unknown): void => finish(() => reject(error))
      const look = (row: ChartRow): void => {
        try {
          if (fits(row)) finish(() => resolve(row))
          else if (hasEnded(row))
            fail(umbelError('UMBEL_RUN_ENDED', `Run ${id} has ended as ${row.state} before that.`))
        } catch (error) {
          fail(error)
        }
      }
      const abort = (): void =>
        fail(umbelError('UMBEL_ABORTED', `Waiting for run ${id} was aborted.`, { cause: signal?.reason }))
      if (signal?.aborted) return abort()
      signal?.addEventListener('abort', abort)
      endings.push(
        () => signal?.removeEventListener('abort', abort),
        cell.watch((row) => row.kind === 'chart' && look(row)),
      )
      endings.push(whenRefused(cell, fail))
      if (limit !== undefined) {
        const late = (): void => fail(umbelError('UMBEL_TIMEOUT', `Run ${id} was not so within ${limit} ms.`))
        const timer: Timer = clock.setTimer(late, limit)
        endings.push(() => timer.cancel())
      }
      this.row(cell).then(look, fail)
    })
  }
}

/** Call back once a cell is refused: its start, or all that is left as the app stops. Returns how to stop that. */
function whenRefused(cell: Cell, refused: (error: unknown) => void): () => void {
  const look = (): void => {
    if (cell.refused !== undefined) refused(cell.refused)
    else if (!cell.ended) cell.wait(look)
  }
  look()
  return () => cell.forget(look)
}
