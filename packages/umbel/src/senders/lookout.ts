import {
  type ErrorClasses,
  fromErrorData,
  isResultRow,
  type Reply,
  type ResultRow,
  type SenderStore,
  type Timer,
  umbelError,
} from '@umbel/core'
import { hasEnded } from '../async-result.ts'
import type { Cell } from '../cell.ts'
import type { Results } from '../results.ts'
import { nextTurn, systemClock } from '../system.ts'

/** Milliseconds between two looks: the least, what they grow to while nothing changes, and how many times the length of a look they are at least. */
const LEAST = 5
const MOST = 25
const SHARE = 9

/** Things looked at before the event loop gets a turn. */
const A_TURN = 250

/** Milliseconds for which nobody may own the store before a request is given up. */
const NO_OWNER = 3_000

/** What a lookout works with. */
export interface LookoutParts {
  readonly store: SenderStore
  readonly errors: ErrorClasses
  readonly results: () => Results
  readonly failed: (error: unknown) => void
}

interface Question {
  readonly answer: (answer: Reply) => void
  readonly refuse: (error: unknown) => void
  /** Since when nobody owns the store; `undefined` while somebody does. */
  alone: number | undefined
}

/** Looks for what a sender waits for: ends and changes of what it sent, answers to what it asked. Does not look while nobody waits. */
export class Lookout {
  readonly #parts: LookoutParts
  readonly #cells = new Set<Cell>()
  readonly #questions = new Map<string, Question>()
  #timer: Timer | undefined
  #looking = false
  #pause = LEAST
  /** Something is new to look for: what was written before may be it. */
  #fresh = false
  #stopped = false

  constructor(parts: LookoutParts) {
    this.#parts = parts
  }

  /** Somebody waits for a cell. */
  want(cell: Cell): void {
    if (cell.ended || cell.refused !== undefined || this.#cells.has(cell)) return
    this.#cells.add(cell)
    this.#parts.results().keep(cell)
    this.#soon()
  }

  /** What was sent under an id is stored. A cell that nobody waits for is let go: it is found again by its handle. */
  stored(id: string): void {
    const cell = this.#parts.results().find(id)
    if (cell === undefined) return
    if (!cell.awaited) this.#leave(cell)
    else this.#soon()
  }

  /** Wait for the answer to a request. @throws UMBEL_NO_OWNER */
  answerTo(id: string): Promise<Reply> {
    return new Promise((answer, refuse) => {
      this.#questions.set(id, { answer, refuse, alone: undefined })
      this.#soon()
    })
  }

  /** Look no more. What is asked is refused. */
  stop(why: unknown): void {
    this.#stopped = true
    this.#timer?.cancel()
    for (const { refuse } of this.#questions.values()) refuse(why)
    this.#questions.clear()
    this.#cells.clear()
  }

  #soon(): void {
    this.#fresh = true
    this.#pause = LEAST
    if (this.#looking || this.#stopped) return
    this.#timer?.cancel()
    this.#arm()
  }

  #arm(): void {
    this.#timer = systemClock.setTimer(() => {
      this.#looking = true
      this.#look()
        .catch(this.#parts.failed)
        .finally(() => {
          this.#looking = false
          if (!this.#stopped && (this.#cells.size > 0 || this.#questions.size > 0)) this.#arm()
        })
    }, this.#pause)
  }

  async #look(): Promise<void> {
    const begun = systemClock.monotonic()
    for (const cell of this.#cells) if (!cell.awaited) this.#leave(cell)
    if (!this.#parts.store.changed() && !this.#fresh) {
      this.#pause = Math.min(MOST, this.#pause * 1.5)
      return this.#lookForOwner()
    }
    this.#fresh = false
    this.#lookForAnswers()
    await this.#lookAtCells()
    const took = systemClock.monotonic() - begun
    this.#pause = Math.max(LEAST, took * SHARE)
  }

  async #lookAtCells(): Promise<void> {
    const { store } = this.#parts
    const cells = [...this.#cells].filter((cell) => cell.accepted || !cell.pending)
    const wholes = new Map<string, boolean>()
    for (let from = 0; from < cells.length && !this.#stopped; from += A_TURN) {
      if (from > 0) await nextTurn()
      if (this.#stopped) return
      const some = cells.slice(from, from + A_TURN)
      const noteworthy = new Set(store.noteworthy(some.map(({ id }) => id)))
      for (const cell of some) if (cell.watched || noteworthy.has(cell.id)) this.#lookAt(cell, wholes)
    }
  }

  #lookAt(cell: Cell, wholes: Map<string, boolean>): void {
    const standing = this.#parts.store.standing(cell.id)
    switch (standing.at) {
      case 'inbox':
        return
      case 'rows':
        if (isResultRow(standing.row)) this.#show(cell, standing.row)
        return
      case 'refused':
        return this.#refuse(cell, fromErrorData(standing.error, this.#parts.errors))
      case 'nowhere':
        if (this.#isToCome(cell.id, wholes)) return
        return this.#refuse(cell, umbelError('UMBEL_RESULT_GONE', `The result of ${cell.id} is not kept any more.`))
    }
  }

  #show(cell: Cell, row: ResultRow): void {
    if (hasEnded(row)) {
      this.#cells.delete(cell)
      this.#parts.results().ended(row)
      cell.end(row)
    } else if (cell.seen === undefined || seen(cell.seen) !== seen(row)) cell.changed(row)
  }

  #refuse(cell: Cell, error: unknown): void {
    this.#leave(cell)
    cell.answer(error)
  }

  /** A node of a workflow has no row before its turn. */
  #isToCome(id: string, wholes: Map<string, boolean>): boolean {
    const workflow = /^(.+)\/\d+$/.exec(id)?.[1]
    if (workflow === undefined) return false
    let open = wholes.get(workflow)
    if (open === undefined) {
      const whole = this.#parts.store.standing(workflow)
      open = whole.at === 'inbox' || (whole.at === 'rows' && whole.row.kind === 'workflow' && !hasEnded(whole.row))
      wholes.set(workflow, open)
    }
    return open
  }

  #lookForAnswers(): void {
    for (const [id, question] of this.#questions) {
      const answer = this.#parts.store.answer(id)
      if (answer === undefined) continue
      this.#questions.delete(id)
      question.answer(answer)
    }
  }

  #lookForOwner(): void {
    if (this.#questions.size === 0) return
    const { store } = this.#parts
    const owned = store.owner() !== undefined
    const now = systemClock.monotonic()
    for (const [id, question] of this.#questions) {
      question.alone = owned ? undefined : (question.alone ?? now)
      if (question.alone === undefined || now - question.alone < NO_OWNER) continue
      this.#questions.delete(id)
      store.withdraw(id)
      question.refuse(umbelError('UMBEL_NO_OWNER', `Nobody has owned ${store.file} for ${NO_OWNER / 1_000} s.`))
    }
  }

  #leave(cell: Cell): void {
    this.#cells.delete(cell)
    this.#parts.results().drop(cell.id)
  }
}

/** What of a row a change of is told. */
const seen = (row: ResultRow): string =>
  row.kind === 'task'
    ? JSON.stringify([row.state, row.attempt, row.progress, row.meta])
    : row.kind === 'join'
      ? `${row.remaining}`
      : row.kind === 'chart'
        ? JSON.stringify([row.state, row.states, row.value, row.context, row.past])
        : row.state
