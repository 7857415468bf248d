import { type ChartRow, umbelError } from '@umbel/core'
import { hasEnded } from '../async-result.ts'
import type { Cell } from '../cell.ts'
import { nothingUnder } from '../result-source.ts'
import type { SendOptions } from '../workflows/run-event.ts'
import { Runs, type RunsParts } from '../workflows/runs.ts'

/** What a sender's runs are started and told with. */
export interface RemoteRunsParts extends RunsParts {
  /** Ask the owner something, behind all that was sent before. */
  readonly ask: (name: string, args: readonly unknown[]) => Promise<unknown>
}

/**
 * The runs of a sender: starts and events are facts, left in the inbox as all that is sent; how runs stand is read from the file; and what
 * only the owner can say is asked of it.
 */
export class RemoteRuns extends Runs {
  readonly #parts: RemoteRunsParts

  constructor(parts: RemoteRunsParts) {
    super(parts)
    this.#parts = parts
  }

  override tell(id: string, event: unknown, options: SendOptions): ReturnType<Runs['tell']> {
    const known = this.#parts.results.find(id)?.pending === true ? undefined : this.#told(id, options)
    switch (known) {
      case undefined:
        return super.tell(id, event, options)
      case 'heard':
        return Promise.resolve(undefined)
      default:
        return Promise.reject(known)
    }
  }

  override async ask(id: string, event: unknown, options: SendOptions): Promise<unknown> {
    this.fact(id, event, options) // what is wrong with it is said here
    return this.#parts.ask('workflow.update', [id, event, options])
  }

  override async row(cell: Cell): Promise<ChartRow> {
    await this.#parts.ask('workflow.settled', [cell.id])
    return super.row(cell)
  }

  /** What can be told of an event before it is sent: that it was heard, or why it would be refused. */
  #told(id: string, { dedupe }: SendOptions): 'heard' | Error | undefined {
    const row = this.#parts.source.peek(id)
    if (row?.kind !== 'chart') return nothingUnder(id)
    if (dedupe !== undefined && row.heard.some((one) => one.id === dedupe)) return 'heard'
    if (!hasEnded(row)) return undefined
    return umbelError('UMBEL_RUN_ENDED', `Run ${id} of ${row.machine} has ended as ${row.state}.`)
  }
}
