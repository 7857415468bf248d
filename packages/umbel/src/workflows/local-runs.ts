import { type ChartRow, type Clock, decode, type Encoded, type ErrorClasses, umbelError } from '@umbel/core'
import type { AnyEventObject, AnyMachineSnapshot } from 'xstate'
import type { AsyncResult, ResultSource } from '../async-result.ts'
import { Cell } from '../cell.ts'
import { checkNames } from '../option-checks.ts'
import { type Producer, validId } from '../producer.ts'
import { type AppResultSource, nothingUnder } from '../result-source.ts'
import { Emissions } from './emissions.ts'
import { LocalResult } from './local-result.ts'
import { type LocalRow, LocalRun } from './local-run.ts'
import { LocalTasks } from './local-tasks.ts'
import type { RunDoor, RunPast, Waiting } from './run-door.ts'
import { checkedEvent, type SendOptions, shortText } from './run-event.ts'
import { untilRow, watchRows } from './run-watch.ts'
import { refusedCell } from './runs.ts'
import type { InspectedRun } from './runs-list.ts'
import type { AnyWorkflow } from './workflow.ts'

/** Local runs that have ended and can still be found. */
const MOST_ENDED = 1_000

/** What local runs are run with. */
export interface LocalRunsParts {
  readonly clock: Clock
  readonly errors: ErrorClasses
  readonly producer: Producer
  readonly source: AppResultSource
  readonly ids: () => string
  /** Observers hear of a run that shows another state, or has ended. */
  readonly moved: (row: ChartRow) => void
  readonly ended: (row: ChartRow) => void
  /** Show what a machine logs. */
  readonly log: (id: string, label: string | undefined, value: unknown) => void
  /** Tell what went wrong where nobody waits for an answer. */
  readonly failed: (error: unknown) => void
  readonly refused: (id: string, error: unknown) => void
}

/** The runs that are live actors of XState in this process: nothing of them is stored, and none of them survives it. */
export class LocalRuns implements RunDoor {
  readonly emissions: Emissions
  readonly #parts: LocalRunsParts
  readonly #runs = new Map<string, LocalRun>()
  /** Ids of those that have ended, the oldest first. */
  readonly #ended = new Set<string>()
  readonly #source: ResultSource

  constructor(parts: LocalRunsParts) {
    this.#parts = parts
    this.emissions = new Emissions(parts.failed)
    this.#source = this.#resultSource()
  }

  /** Start a run, or find the one that has this id: its cell. @throws UMBEL_BAD_OPTION */
  start(of: AnyWorkflow, given: string | undefined, input: unknown): Cell {
    const id = given === undefined ? this.#parts.ids() : validId(given)
    const known = this.#runs.get(id)
    if (known !== undefined) return known.of.name === of.name ? known.cell : refusedCell(id)
    const { clock, log } = this.#parts
    const run = new LocalRun(id, of, input, {
      clock,
      tasks: new LocalTasks(this.#parts),
      stepped: (row, moved) => {
        if (moved) this.#parts.moved(row)
      },
      emitted: (one, event) => this.emissions.tell(one, event),
      logged: log,
      ended: (row) => this.#over(row),
    })
    this.#runs.set(id, run)
    return run.cell
  }

  /** The cell of a run of a machine. */
  find(id: string, machine: string): Cell | undefined {
    const run = this.#runs.get(id)
    return run?.of.name === machine ? run.cell : undefined
  }

  has(id: string): boolean {
    return this.#runs.has(id)
  }

  /** The result of a run. */
  resultOf<R>(cell: Cell): AsyncResult<R> {
    return new LocalResult<R>(cell.id, this.#source, undefined, -1, cell)
  }

  /** Those that have not ended. */
  list(workflow: string | undefined): readonly InspectedRun[] {
    return [...this.#runs.values()]
      .filter(({ of, cell }) => !cell.over && (workflow === undefined || of.name === workflow))
      .map((run) => run.inspected())
  }

  /** The app stops: none of them will have a result. What they have invoked is revoked. */
  stop(why: Error): void {
    for (const run of this.#runs.values()) run.stop(why)
  }

  /** Take in what a handler tells a run. What is refused is told as `send-failed`. */
  hear(id: string, told: Encoded): void {
    const { event, options } = decode(told, this.#parts.errors) as { event: unknown; options: SendOptions }
    this.tell(id, event, options).catch(() => {})
  }

  tell(id: string, event: unknown, options: SendOptions): Promise<unknown> {
    const telling = this.#told(id, event, options, 'sends')
    telling.catch((error) => this.#parts.refused(id, error))
    return telling
  }

  ask(id: string, event: unknown, options: SendOptions): Promise<unknown> {
    return this.#told(id, event, options, 'asks')
  }

  #told(id: string, event: unknown, options: SendOptions, how: 'sends' | 'asks'): Promise<unknown> {
    checkNames('send', options, ['dedupe', 'by'])
    shortText(options.dedupe, 'dedupe')
    shortText(options.by, 'by')
    const checked = checkedEvent(event) as AnyEventObject
    const run = this.#runs.get(id)
    if (run === undefined) return Promise.reject(umbelError('UMBEL_UNKNOWN_RESULT', `No run has the id ${id}.`))
    return run.tell({ event: checked, options, asks: how === 'asks' })
  }

  peek({ seen: row }: Cell): ChartRow | undefined {
    return row?.kind === 'chart' ? row : undefined
  }

  async row(cell: Cell): Promise<ChartRow> {
    await this.#runs.get(cell.id)?.drained()
    const row = this.peek(cell)
    if (row === undefined) throw cell.refused ?? nothingUnder(cell.id)
    return row
  }

  snapshot(row: ChartRow): AnyMachineSnapshot {
    return (row as LocalRow).live.snapshot
  }

  history(row: ChartRow): readonly RunPast[] {
    return (row as LocalRow).live.past
  }

  watch(cell: Cell, listener: (row: ChartRow) => unknown): () => void {
    return watchRows(cell, listener, this.#parts.failed)
  }

  until(cell: Cell, fits: (row: ChartRow) => boolean, waiting: Waiting): Promise<ChartRow> {
    return untilRow({ cell, clock: this.#parts.clock, fits, row: () => this.row(cell) }, waiting)
  }

  #over(row: LocalRow): void {
    this.emissions.forget(row.id)
    this.#parts.ended(row)
    this.#ended.add(row.id)
    const [oldest] = this.#ended
    if (oldest !== undefined && this.#ended.size > MOST_ENDED) this.#drop(oldest)
  }

  #drop(id: string): void {
    this.#ended.delete(id)
    this.#runs.delete(id)
  }

  /** What the handles of results ask. */
  #resultSource(): ResultSource {
    const { clock, errors, source } = this.#parts
    const handle = (id: string): AsyncResult<unknown> => {
      throw nothingUnder(id) // a run is no node of a canvas
    }
    return {
      clock,
      errors,
      cell: (id) => this.#runs.get(id)?.cell ?? new Cell(id),
      peek: () => undefined,
      childrenOf: async (id) => {
        const sent = this.#runs.get(id)?.tasks.sent ?? []
        const found = await Promise.allSettled(sent.map((child) => source.find(child)))
        return found.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])) // some may be kept no more
      },
      revoke: async (id) => this.#runs.get(id)?.cancel(),
      forget: async (id) => {
        if (this.#ended.has(id)) this.#drop(id)
      },
      handle,
    }
  }
}
