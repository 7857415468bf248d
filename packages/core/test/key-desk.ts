import { advance } from '../src/advance.ts'
import { decode, encode } from '../src/codec.ts'
import type { CanvasSent, EngineEvent, UniqueSend } from '../src/event.ts'
import { attemptLost, pendingCommand } from '../src/recovery.ts'
import { keyRowId, type Row, type RowReader, type TaskRow } from '../src/rows.ts'
import { plan, sig } from './model.ts'

/** Keyed tasks, with all that is around `advance` reduced to what it asks for. */
export class KeyDesk {
  readonly rows = new Map<string, Row>()
  runnable = new Set<string>()
  at = 1
  /** Ids of what failed for good. */
  readonly letters: string[] = []
  /** Results that handlers came to, by key. */
  readonly results = new Map<string, unknown[]>()

  get reader(): RowReader {
    return {
      get: (id) => this.rows.get(id),
      following: (id) => this.tasks().flatMap((row) => (row.follows === id ? row.id : [])),
    }
  }

  accept(...events: EngineEvent[]): void {
    const step = advance(this.reader, events)
    for (const row of step.rows) {
      if (row.kind === 'key' && row.state === 'free') this.rows.delete(row.id)
      else this.rows.set(row.id, row)
    }
    for (const change of step.letters) if (change.type === 'add') this.letters.push(change.letter.id)
    for (const { type, id } of step.commands) if (type === 'run-task' || type === 'start-timer') this.runnable.add(id)
  }

  sent(id: string, key: string, more: unknown, unique?: UniqueSend): CanvasSent {
    const of = plan(sig('pay', [key, more]))
    const sent = { type: 'canvas-sent', id, plan: of, input: undefined, parent: undefined, root: undefined } as const
    return { ...sent, settles: undefined, ...(unique !== undefined && { unique }), at: this.at }
  }

  send(id: string, key: string, more: unknown = undefined, unique?: UniqueSend): void {
    this.accept(this.sent(id, key, more, unique))
  }

  /** What a lane does with one that may run: it starts under its key, where it may; or with none. */
  start(id: string, ttl?: number | 'no key'): void {
    const row = this.task(id)
    this.runnable.delete(id)
    this.at = Math.max(this.at, row?.due ?? 0)
    if (row?.state === 'RETRY' || (row?.state === 'PENDING' && row.due !== undefined))
      this.accept({ type: 'task-received', id, at: this.at })
    const now = this.task(id)
    this.runnable.delete(id)
    if (now?.state !== 'RECEIVED') return
    const key = { id: keyRowId('pay', keyOf(now)), ...(typeof ttl === 'number' && { ttl }) }
    const started = { type: 'task-started', id, attempt: now.attempt + 1, run: now.runs + 1, at: this.at } as const
    this.accept(ttl === 'no key' ? started : { ...started, key })
  }

  end(id: string, how: 'succeeds' | 'fails' | 'retries' | 'is lost' | 'is revoked'): void {
    const row = this.task(id)
    if (row === undefined) return
    const run = { id, attempt: row.attempt, run: row.runs, at: this.at }
    const error = { name: 'Error', message: how }
    if (how === 'is revoked') return this.accept({ type: 'task-revoked', id, error, at: this.at })
    if (row.state !== 'STARTED') return
    if (how === 'succeeds') {
      const all = this.results.get(keyOf(row)) ?? []
      this.results.set(keyOf(row), [...all, id])
      this.accept({ type: 'task-succeeded', ...run, result: encode(id) })
    } else if (how === 'fails') this.accept({ type: 'task-failed', ...run, error })
    else if (how === 'retries') this.accept({ type: 'task-retried', ...run, error, delay: 5 })
    else this.accept({ type: 'task-lost', ...run, error })
  }

  /** The process dies: what ran is lost, and all that waits is issued again off the rows. */
  recover(): void {
    this.runnable = new Set(this.tasks().flatMap((row) => (pendingCommand(row) === undefined ? [] : row.id)))
    for (const row of this.tasks()) {
      const lost = attemptLost(row, this.at)
      if (lost !== undefined) this.accept(lost)
    }
  }

  /** Run all there is to its end. */
  drain(key?: 'no key'): void {
    for (let round = 0; round < 1_000; round += 1) {
      for (const id of [...this.runnable]) this.start(id, key)
      for (const row of this.running()) this.end(row.id, 'succeeds')
      if (this.runnable.size === 0 && this.running().length === 0) return
    }
  }

  tasks(): TaskRow[] {
    return [...this.rows.values()].filter((row): row is TaskRow => row.kind === 'task')
  }

  running(): TaskRow[] {
    return this.tasks().filter(({ state }) => state === 'STARTED')
  }

  task(id: string): TaskRow | undefined {
    const row = this.rows.get(id)
    return row?.kind === 'task' ? row : undefined
  }
}

export const keyOf = (row: TaskRow): string => (decode(row.args) as [string])[0]
