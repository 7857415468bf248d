import {
  advance,
  type CanvasSent,
  type ChartStarted,
  type EngineEvent,
  type Entry,
  isResultRow,
  newChart,
  type Request,
  type ResultRow,
  type Row,
  type SenderStore,
} from '@umbel/core'
import { hasEnded } from '../async-result.ts'
import { nextTurn } from '../system.ts'

/** Most entries written in one transaction. */
const AT_ONCE = 1_000

/** Told that an entry is stored in the inbox, or why not. */
type Told = (error: unknown) => void

/**
 * A sender's door for facts: what came in within one turn is left in the inbox of the store in one transaction. What it says of
 * rows is what stands in the file, and of what is in the inbox still what will stand there.
 */
export class Outbox {
  readonly #store: SenderStore
  readonly #queue: { readonly entry: Entry; readonly taken: Told | undefined }[] = []
  #running: Promise<void> | undefined
  #opening: Promise<unknown> = Promise.resolve()
  #open = false

  constructor(store: SenderStore) {
    this.#store = store
  }

  /** Write nothing before the store is open. When that fails, what came in is refused. */
  opening(opened: Promise<void>): void {
    this.#opening = opened.then(
      () => {
        this.#open = true
      },
      (error: unknown) => error,
    )
  }

  /** Leave a fact for the owner. `taken` is called once it is stored in the inbox. */
  accept(event: EngineEvent, taken?: Told): void {
    this.#enter({ kind: 'event', event }, taken)
  }

  /** Leave a fact for the owner and wait until it is stored in the inbox. */
  accepted(event: EngineEvent): Promise<void> {
    return this.#entered({ kind: 'event', event })
  }

  /** Leave a request for the owner and wait until it is stored in the inbox. */
  asked(id: string, request: Request): Promise<void> {
    return this.#entered({ kind: 'request', id, request })
  }

  /** A row of something that has not ended. */
  get(id: string): Row | undefined {
    const row = this.row(id)
    return row === undefined || (isResultRow(row) && hasEnded(row)) ? undefined : row
  }

  /** A row as it stands, ended or not. */
  row(id: string): Row | undefined {
    if (!this.#open) return undefined
    const standing = this.#store.standing(id)
    if (standing.at === 'rows') return standing.row
    return standing.at === 'inbox' ? rowToBe(standing.event) : undefined
  }

  /** Resolve once all that came in so far is stored in the inbox, or refused. */
  async drained(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  /** What is in the file is read as it is. */
  isAhead(): boolean {
    return false
  }

  /** The store is about to be closed. */
  closing(): void {
    this.#open = false
  }

  #entered(entry: Entry): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#enter(entry, (error) => (error === undefined ? resolve() : reject(error)))
    })
  }

  #enter(entry: Entry, taken: Told | undefined): void {
    this.#queue.push({ entry, taken })
    this.#running ??= this.#run()
  }

  async #run(): Promise<void> {
    const refusal = await this.#opening
    await nextTurn() // what the same turn sends goes into one transaction
    while (this.#queue.length > 0) {
      const sent = this.#queue.splice(0, AT_ONCE)
      const answers = refusal === undefined ? await this.#put(sent.map(({ entry }) => entry)) : undefined
      for (const [index, { taken }] of sent.entries()) taken?.(refusal ?? answers?.[index])
    }
    this.#running = undefined
  }

  /** Why each was refused, `undefined` for those that were not: one that is refused must not take the others with it. */
  async #put(entries: readonly Entry[]): Promise<readonly unknown[]> {
    try {
      await this.#store.put(entries)
      return []
    } catch (error) {
      if (entries.length === 1 || !isOfOne(error)) return entries.map(() => error)
      const answers: unknown[] = []
      for (const entry of entries) answers.push((await this.#put([entry]))[0])
      return answers
    }
  }
}

/** Whether it is what one entry asks for that was refused. */
const isOfOne = (error: unknown): boolean =>
  ['UMBEL_DUPLICATE_ID', 'UMBEL_INBOX_FULL'].includes(`${(error as { code?: unknown } | null)?.code}`)

/** What will stand under the id of something that is in the inbox: it has not begun. */
function rowToBe(event: CanvasSent | ChartStarted): ResultRow | undefined {
  if (event.type === 'chart-started') return { ...newChart(event, event.at), state: 'PENDING' }
  const { rows } = advance({ get: () => undefined }, [event])
  const row = rows.find(({ id }) => id === event.id)
  if (row === undefined || !isResultRow(row)) return undefined
  return row.kind === 'task' ? { ...row, state: 'PENDING' } : row
}
