import { isReady, type Row } from '@umbel/core'

const NOBODY: readonly string[] = []

/** Which tasks follow what, as their rows say: kept beside the rows, so that whoever ends finds those who follow. */
export class Followers {
  readonly #byWhat = new Map<string, Set<string>>()

  /** Ids of the tasks that follow something, in the order in which they came to. */
  of(what: string): Iterable<string> {
    return this.#byWhat.get(what) ?? NOBODY
  }

  /** A row was put in the place of the one before it. */
  changed(before: Row | undefined, row: Row): void {
    if (row.kind !== 'task') return
    const was = before?.kind === 'task' ? before.follows : undefined
    if (row.follows === undefined && was === undefined) return
    const follows = isReady(row.state) ? undefined : row.follows
    if (was !== undefined && was !== follows) this.#leave(was, row.id)
    if (follows === undefined) return
    const others = this.#byWhat.get(follows)
    if (others === undefined) this.#byWhat.set(follows, new Set([row.id]))
    else others.add(row.id)
  }

  #leave(what: string, id: string): void {
    const others = this.#byWhat.get(what)
    others?.delete(id)
    if (others?.size === 0) this.#byWhat.delete(what)
  }
}
