import { type Clock, type Store, streamRowId } from '@umbel/core'
import type { Engine } from './engine.ts'

/** What the cursor of a stream is kept with. */
export interface CursorParts {
  readonly engine: Engine
  readonly store: Store
  readonly clock: Clock
}

/** How far a named stream has come, kept in the store: at most one event is under way, and the latest place wins. */
export class StreamCursor {
  readonly #id: string
  readonly #parts: CursorParts
  /** Last place handed to the engine, and the one wanted. */
  #written = 0
  #wanted = 0
  #writing: Promise<void> | undefined

  constructor(name: string, parts: CursorParts) {
    this.#id = streamRowId(name)
    this.#parts = parts
  }

  /** Find out where the stream stands. */
  async read(): Promise<number> {
    const row = await this.#parts.store.get(this.#id)
    if (row?.kind !== 'stream') return 0
    this.#parts.engine.resume(row)
    this.#written = row.cursor
    return row.cursor
  }

  /** Move on; returns at once. */
  moveTo(cursor: number): void {
    this.#wanted = cursor
    if (this.#wanted > this.#written) this.#writing ??= this.#write()
  }

  /** Resolve once the last place is stored, or is not going to be because the app has ended; then let go of the row. */
  async close(): Promise<void> {
    const { engine } = this.#parts
    await this.#writing
    const row = engine.get(this.#id)
    if (row !== undefined) engine.release(row)
  }

  async #write(): Promise<void> {
    const { engine, clock } = this.#parts
    try {
      while (this.#wanted > this.#written) {
        this.#written = this.#wanted
        await engine.accepted({ type: 'stream-advanced', id: this.#id, cursor: this.#written, at: clock.now() })
      }
    } catch {
      // told to observers by the engine; the app has given up its store
    } finally {
      this.#writing = undefined
    }
  }
}
