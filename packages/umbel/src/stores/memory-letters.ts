import type { LetterChange, LetterRow } from '@umbel/core'

/** Dead letters in memory, up to a bound; the oldest go first. */
export class MemoryLetters {
  readonly #letters = new Map<string, LetterRow>()
  readonly #keep: number
  /** All ids in order; made when they are asked for. */
  #ids: string[] | undefined

  constructor(keep: number) {
    this.#keep = keep
  }

  change(change: LetterChange): void {
    switch (change.type) {
      case 'add':
        return this.#add(change.letter)
      case 'redriven': {
        const letter = this.#letters.get(change.id)
        if (letter !== undefined) this.#letters.set(change.id, { ...letter, redrivenAs: change.as })
        return
      }
      case 'discard':
        if (this.#letters.delete(change.id)) this.#ids = undefined
    }
  }

  get(id: string): LetterRow | undefined {
    return this.#letters.get(id)
  }

  list(after: string, limit: number): LetterRow[] {
    this.#ids ??= [...this.#letters.keys()].sort()
    const behind = this.#ids.findIndex((id) => id > after)
    return behind < 0 ? [] : this.#ids.slice(behind, behind + limit).map((id) => this.#letters.get(id) as LetterRow)
  }

  #add(letter: LetterRow): void {
    this.#letters.set(letter.id, letter)
    this.#ids = undefined
    for (const id of this.#letters.keys()) {
      if (this.#letters.size <= this.#keep) return
      this.#letters.delete(id)
    }
  }
}
