import {
  type Clock,
  decode,
  type ErrorClasses,
  encode,
  fromErrorData,
  type LetterRow,
  type PastAttempt,
  type Store,
  umbelError,
} from '@umbel/core'
import type { AsyncResult } from './async-result.ts'
import type { TaskDefinition } from './definition.ts'
import type { Engine } from './engine.ts'
import { knownTask, shown } from './known-names.ts'
import { checkNames, whole } from './option-checks.ts'
import type { Edit, Redrives } from './redrives.ts'
import type { AppResultSource } from './result-source.ts'
import { nextTurn } from './system.ts'

/** A task that failed for good: by its handler, out of retries, as poison, or for what it was given. */
export interface DeadLetter {
  /** Id of the task. */
  readonly id: string
  /** Its registered name. */
  readonly task: string
  readonly lane: string
  /** All its arguments, what came from before included; `undefined` where they cannot be read any more. */
  readonly args: readonly unknown[] | undefined
  /** Its keyword arguments; `undefined` where they cannot be read any more. */
  readonly kwargs: Readonly<Record<string, unknown>> | undefined
  /** Id of its workflow, where it is a step of one. */
  readonly workflow: string | undefined
  /** Id of what sent it or came before it. */
  readonly parent: string | undefined
  readonly state: 'FAILURE' | 'REJECTED'
  readonly error: Error
  /** Code of the error, where it has one. */
  readonly code: string | undefined
  /** The last 20 attempts, oldest first. */
  readonly attempts: readonly PastAttempt[]
  /** Moments in milliseconds since the epoch. */
  readonly sentAt: number
  readonly failedAt: number
  /** Id of the task or workflow that was sent in its place. */
  readonly redrivenAs: string | undefined
}

/** Which dead letters are meant: those that fit all that is given. */
export interface DeadLetterFilter {
  /** Registered name. */
  readonly task?: string
  /** Failed at or after this moment, in milliseconds since the epoch or as a Date. */
  readonly since?: number | Date
  /** Code of the error. */
  readonly code?: string
  /** Whether it was sent again. Default: either; `redrive` takes those that were not. */
  readonly redriven?: boolean
}

/** Which dead letters are listed, and from where on. */
export interface DeadLetterQuery extends DeadLetterFilter {
  /** How many at most, 1 to 1,000. Default 100. */
  readonly limit?: number
  /** Id of the letter behind which to go on. */
  readonly after?: string
}

/** What a task is given in the place of what it had. */
export interface RedriveOptions {
  /** All arguments, what came from before included. Default: those it had. */
  readonly args?: readonly unknown[]
  /** All keyword arguments. Default: those it had. */
  readonly kwargs?: Readonly<Record<string, unknown>>
}

/** What dead letters are read and sent again with. */
export interface DeadLettersParts {
  readonly engine: Engine
  readonly store: Store
  readonly clock: Clock
  readonly source: AppResultSource
  readonly tasks: ReadonlyMap<string, TaskDefinition>
  readonly errors: ErrorClasses
  readonly maxBytes: number
  readonly redrives: Redrives
  /** Resolve once the store is open; rejects when it cannot be, or the app has stopped. */
  readonly opened: () => Promise<void>
  /** Resolve once work has begun. */
  readonly started: () => Promise<void>
}

const FILTER = ['task', 'since', 'code', 'redriven']

/** Letters read at once. */
const PAGE = 200

/** The tasks that failed for good: to look at, to send again, or to be done with. */
export class DeadLetters {
  readonly #parts: DeadLettersParts

  constructor(parts: DeadLettersParts) {
    this.#parts = parts
  }

  /** List letters in the order of their ids, which is that in which the tasks were sent. @throws UMBEL_BAD_OPTION */
  async list(query: DeadLetterQuery = {}): Promise<readonly DeadLetter[]> {
    const { limit = 100, after = '', ...filter } = query
    checkNames('deadLetters.list', query, [...FILTER, 'limit', 'after'])
    whole(limit, 'limit', 1, 1_000)
    const found: DeadLetter[] = []
    for await (const letter of this.#matching(filter, String(after))) {
      found.push(this.#shown(letter))
      if (found.length === limit) break
    }
    return found
  }

  /** The letter of a task; `undefined` where there is none. */
  async get(id: string): Promise<DeadLetter | undefined> {
    await this.#ready()
    const letter = await this.#parts.store.letter(id)
    return letter === undefined ? undefined : this.#shown(letter)
  }

  /**
   * Send a task again: as a new one under `<id>.d1`, a child of the old one, which stays as it is. A step of a workflow has the
   * workflow run again (see `app.rerun`). Once for each letter, however often it is asked for. With a filter: all that fit, were not sent
   * again before and can be; resolves with how many letters.
   * @throws UMBEL_UNKNOWN_LETTER, UMBEL_UNKNOWN_TASK, UMBEL_CANNOT_RERUN, UMBEL_UNKNOWN_RESULT, UMBEL_BAD_OPTION, and what `encode` throws
   */
  redrive(id: string, options?: RedriveOptions): Promise<AsyncResult<unknown>>
  redrive(filter: DeadLetterFilter, options?: RedriveOptions): Promise<number>
  async redrive(
    which: string | DeadLetterFilter,
    options: RedriveOptions = {},
  ): Promise<AsyncResult<unknown> | number> {
    const edit = this.#edit(options)
    if (typeof which !== 'string') return this.#redriveAll(which, edit)
    await this.#ready()
    const letter = await this.#parts.store.letter(which)
    if (letter === undefined)
      throw umbelError('UMBEL_UNKNOWN_LETTER', `No dead letter is known under the id ${shown(which)}.`)
    return this.#parts.source.find(await this.#send(letter, edit))
  }

  /** Forget letters. Resolves with how many there were. @throws UMBEL_BAD_OPTION */
  async discard(which: string | DeadLetterFilter): Promise<number> {
    const { engine, clock } = this.#parts
    const ids: string[] = []
    if (typeof which === 'string') {
      if ((await this.get(which)) !== undefined) ids.push(which)
    } else for await (const { id } of this.#matching(which, '')) ids.push(id)
    await Promise.all(ids.map((id) => engine.accepted({ type: 'letter-discarded', id, at: clock.now() })))
    return ids.length
  }

  async #redriveAll(filter: DeadLetterFilter, edit: Edit | undefined): Promise<number> {
    let redriven = 0
    // by a list made first: what fails again meanwhile has a letter of its own
    const letters: LetterRow[] = []
    for await (const letter of this.#matching({ ...filter, redriven: false }, '')) letters.push(letter)
    for (const letter of letters) {
      try {
        await this.#send(letter, edit)
        redriven += 1
      } catch (error) {
        if (!CANNOT.has((error as { code?: string }).code ?? '')) throw error
      }
    }
    return redriven
  }

  async #send(letter: LetterRow, edit: Edit | undefined): Promise<string> {
    const { options } = knownTask(this.#parts.tasks, letter.spec.task)
    await this.#parts.started()
    return this.#parts.redrives.redrive(letter, edit && { ...edit, version: options.version })
  }

  #edit(options: RedriveOptions): Edit | undefined {
    checkNames('deadLetters.redrive', options, ['args', 'kwargs'])
    const { args, kwargs } = options
    if (args === undefined && kwargs === undefined) return undefined
    if (args !== undefined && !Array.isArray(args))
      throw umbelError('UMBEL_BAD_OPTION', `args of deadLetters.redrive is ${shown(args)}, not a list.`)
    const { maxBytes } = this.#parts
    return {
      args: args === undefined ? undefined : encode(args, { maxBytes, path: 'args' }),
      kwargs: kwargs === undefined ? undefined : encode(kwargs, { maxBytes, path: 'kwargs' }),
    }
  }

  async *#matching(filter: DeadLetterFilter, from: string): AsyncGenerator<LetterRow> {
    checkNames('a filter of dead letters', filter, FILTER)
    const { task, code, redriven } = filter
    const since = momentOf(filter.since)
    await this.#ready()
    for (let after = from; ; await nextTurn()) {
      const page = await this.#parts.store.letters(after, PAGE)
      for (const letter of page) {
        if (task !== undefined && letter.spec.task !== task) continue
        if (code !== undefined && letter.error.code !== code) continue
        if (redriven !== undefined && redriven !== (letter.redrivenAs !== undefined)) continue
        if (letter.endedAt >= since) yield letter
      }
      if (page.length < PAGE) return
      after = (page.at(-1) as LetterRow).id
    }
  }

  async #ready(): Promise<void> {
    await this.#parts.opened()
    await this.#parts.engine.drained()
  }

  #shown(letter: LetterRow): DeadLetter {
    const { id, spec, workflow, parent, state, error, attempts, sentAt, endedAt, redrivenAs } = letter
    const { errors } = this.#parts
    const read = <T>(encoded: LetterRow['args']): T | undefined => {
      try {
        return decode(encoded, errors) as T
      } catch {
        return undefined
      }
    }
    return {
      id,
      task: spec.task,
      lane: spec.lane,
      args: read(letter.args),
      kwargs: letter.kwargs === undefined ? {} : read(letter.kwargs),
      workflow,
      parent,
      state,
      error: fromErrorData(error, errors),
      code: error.code,
      attempts,
      sentAt,
      failedAt: endedAt,
      redrivenAs,
    }
  }
}

/** Why one letter of many may not be sent again, while others may. */
const CANNOT: ReadonlySet<string> = new Set(['UMBEL_CANNOT_RERUN', 'UMBEL_UNKNOWN_TASK', 'UMBEL_UNKNOWN_RESULT'])

function momentOf(since: DeadLetterFilter['since']): number {
  if (since === undefined) return Number.NEGATIVE_INFINITY
  const moment = since instanceof Date ? since.getTime() : since
  if (typeof moment === 'number' && Number.isFinite(moment)) return moment
  throw umbelError('UMBEL_BAD_OPTION', `since is ${shown(since)}, not a moment.`)
}
