import {
  type Batch,
  type Effect,
  type Encoded,
  type EngineEvent,
  EVENT_VERSION,
  isReady,
  type KeyRow,
  type LetterRow,
  parentOf,
  type Row,
  type Seat,
  type Store,
  type StoredEvent,
} from '@umbel/core'
import { isNodeRow, NodeLists, type NodeRow, numberIn, numberOf, workflowOf } from '../node-lists.ts'
import { Children } from './memory-children.ts'
import { EndedRows, type RootRow } from './memory-ended.ts'
import { MemoryLetters } from './memory-letters.ts'
import { OpenRows } from './memory-open.ts'

/** How much the memory store keeps. */
export interface MemoryStoreOptions {
  /** Rows of ended tasks and workflows that are kept; beyond it the oldest ended go first. Default 10,000. */
  readonly keepEnded?: number
  /** Events that are kept. Default 1,000. */
  readonly keepEvents?: number
  /** Dead letters that are kept, whatever else is; beyond it the oldest go first. Default 10,000. */
  readonly keepLetters?: number
  /** Keys of tasks that are kept with their results, whatever else is; beyond it the oldest go first. Default 100,000. */
  readonly keepKeys?: number
}

/** Keep everything in memory: nothing survives the process. What has ended is kept up to a bound. */
export function memoryStore(options: MemoryStoreOptions = {}): Store {
  const { keepEnded = 10_000, keepEvents = 1_000, keepLetters = 10_000, keepKeys = 100_000 } = options
  return new MemoryStore({ keepEnded, keepEvents, keepLetters, keepKeys })
}

class MemoryStore implements Store {
  /** All rows but those in `#nodes` and in `#ended`. */
  readonly #open = new OpenRows()
  readonly #nodes = new NodeLists<NodeRow>()
  readonly #children = new Children()
  /** Ended tasks outside of workflows, ended workflows and ended runs. */
  readonly #ended = new EndedRows()
  readonly #log: (EngineEvent | undefined)[]
  #seq = 0
  readonly #keepEnded: number
  readonly #letters: MemoryLetters
  /** What effects came to, by task and name. */
  readonly #effects = new Map<string, Map<string, Encoded>>()
  readonly #keepKeys: number
  /** Ids of the keys that are kept with a result, oldest first. */
  readonly #keys = new Set<string>()

  constructor({ keepEnded, keepEvents, keepLetters, keepKeys }: Required<MemoryStoreOptions>) {
    this.#keepKeys = keepKeys
    this.#letters = new MemoryLetters(keepLetters)
    this.#keepEnded = keepEnded
    this.#log = new Array(keepEvents)
  }

  async open(): Promise<void> {}

  async commit({ rows, seats, events, letters = [], effects = [] }: Batch): Promise<number> {
    for (let at = 0; at < rows.length; at += 1) this.#put(rows[at] as Row, seats?.[at])
    for (const change of letters) this.#letters.change(change)
    for (const effect of effects) this.#record(effect)
    for (const event of events) {
      this.#log[this.#seq % this.#log.length] = event
      this.#seq += 1
    }
    this.#prune()
    return this.#seq
  }

  async get(id: string): Promise<Row | undefined> {
    return this.peek(id)
  }

  peek(id: string): Row | undefined {
    return this.#open.get(id) ?? this.#nodeRow(id) ?? this.#ended.get(id)
  }

  async children(id: string): Promise<readonly string[]> {
    return this.#children.of(id)
  }

  async *unfinished(): AsyncIterable<Row> {
    for (const { id } of this.#open.list()) {
      const row = this.#open.get(id) // it may have changed, or ended, since the last one was given
      if (row !== undefined && this.#isOpen(row)) yield row
    }
    for (const row of this.#nodes.values()) if (this.#isOpen(row)) yield row
  }

  async events(from: number, limit: number): Promise<readonly StoredEvent[]> {
    const first = Math.max(from, 1, this.#seq - this.#log.length + 1)
    const last = Math.min(this.#seq, first + limit - 1)
    const found: StoredEvent[] = []
    for (let seq = first; seq <= last; seq += 1) {
      found.push({ seq, version: EVENT_VERSION, event: this.#log[(seq - 1) % this.#log.length] as EngineEvent })
    }
    return found
  }

  async effect(task: string, name: string): Promise<Encoded | undefined> {
    return this.#effects.get(task)?.get(name)
  }

  async letter(id: string): Promise<LetterRow | undefined> {
    return this.#letters.get(id)
  }

  async letters(after: string, limit: number): Promise<readonly LetterRow[]> {
    return this.#letters.list(after, limit)
  }

  async drop(id: string): Promise<void> {
    const row = this.#open.get(id)
    if (row?.kind === 'stream') this.#open.drop(id)
    if (row?.kind === 'key' && row.state === 'kept') this.#dropKey(id)
    const ended = row === undefined ? this.#ended.drop(id) : undefined
    if (ended !== undefined) this.#forgetAll(ended)
  }

  async close(): Promise<void> {}

  #nodeRow(id: string): NodeRow | undefined {
    const workflow = workflowOf(id)
    const node = numberIn(workflow, id)
    return node < 0 ? undefined : this.#nodes.get(workflow, node)
  }

  /** Whether a row is of something that goes on, or of a node of such a workflow. */
  #isOpen(row: Row): boolean {
    if (row.kind === 'stream') return false
    if (row.kind === 'key') return row.state === 'held'
    const whole = isNodeRow(row) ? (this.#open.get(row.workflow) ?? this.#ended.get(row.workflow)) : row
    if (whole?.kind === 'workflow' || whole?.kind === 'chart') return whole.endedAt === undefined
    return row.kind === 'task' && !isReady(row.state)
  }

  #put(row: Row, seat: Seat | undefined): void {
    if (row.kind === 'key') return this.#putKey(row)
    const parent = parentOf(row)
    if (isNodeRow(row)) return this.#putNode(row, parent)
    if (parent !== undefined && this.peek(row.id) === undefined) this.#children.add(parent, row)
    if (row.kind === 'workflow') this.#nodes.begin(row.id, row.plan.nodes.length)
    if (!hasEnded(row)) return this.#open.put(row, seat)
    // one that was open has no place among the ended yet
    if (this.#open.drop(row.id, seat) || !this.#ended.replace(row)) this.#ended.add(row)
  }

  #putNode(row: NodeRow, parent: string | undefined): void {
    const { workflow } = row
    const node = numberOf(row)
    if (parent !== undefined && this.#nodes.get(workflow, node) === undefined) this.#children.add(parent, row)
    this.#nodes.put(workflow, node, row)
  }

  /** Keep a key as it stands; one that is free is not kept. */
  #putKey(row: KeyRow): void {
    this.#dropKey(row.id)
    if (row.state === 'free') return
    this.#open.put(row)
    if (row.state === 'kept') this.#keys.add(row.id)
    for (const id of this.#keys) {
      if (this.#keys.size <= this.#keepKeys) return
      this.#dropKey(id)
    }
  }

  #dropKey(id: string): void {
    this.#open.drop(id)
    this.#keys.delete(id)
  }

  /** Drop the oldest ended while there are too many; the newest stays, however large. */
  #prune(): void {
    this.#ended.prune(this.#keepEnded, this.#forgetAll)
  }

  /** Forget what belongs to a row that was dropped. */
  readonly #forgetAll = (row: RootRow): void => {
    this.#children.forget(row.id)
    if (this.#effects.size > 0) this.#effects.delete(row.id)
    if (row.kind !== 'workflow') return
    this.#children.forgetNodes(row.id)
    this.#nodes.forget(row.id, this.#effects.size > 0 ? ({ id }) => this.#effects.delete(id) : undefined)
  }

  /** The first under a name stands. */
  #record({ task, name, result }: Effect): void {
    const named = this.#effects.get(task) ?? new Map<string, Encoded>()
    if (!named.has(name)) named.set(name, result)
    this.#effects.set(task, named)
  }
}

const hasEnded = (row: Row): row is RootRow =>
  (row.kind === 'workflow' || row.kind === 'chart' || row.kind === 'task') && row.endedAt !== undefined
