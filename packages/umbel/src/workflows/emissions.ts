/** Who listens to what machines emit, by run. Listeners are this process's own: nothing is kept for them. */
export class Emissions {
  readonly #listeners = new Map<string, Set<Listener>>()
  readonly #failed: (error: unknown) => void

  /** `failed` is told what a listener throws. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed
  }

  /** Listen to the events of one type, or of all (`*`), that a run emits. Returns how to stop that. */
  on(id: string, type: string, call: (event: unknown) => unknown): () => void {
    const listener = { type, call }
    const listeners = this.#listeners.get(id) ?? new Set()
    this.#listeners.set(id, listeners.add(listener))
    return () => {
      if (listeners.delete(listener) && listeners.size === 0) this.#listeners.delete(id)
    }
  }

  /** Whether somebody listens to a run. */
  wants(id: string): boolean {
    return this.#listeners.has(id)
  }

  tell(id: string, event: { readonly type: string }): void {
    for (const { type, call } of [...(this.#listeners.get(id) ?? [])]) {
      if (type !== '*' && type !== event.type) continue
      try {
        call(event)
      } catch (error) {
        this.#failed(error)
      }
    }
  }

  /** It has ended. */
  forget(id: string): void {
    this.#listeners.delete(id)
  }
}

interface Listener {
  readonly type: string
  readonly call: (event: unknown) => unknown
}
