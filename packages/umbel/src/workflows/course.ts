import { isDeepStrictEqual } from 'node:util'
import {
  type ChartRow,
  decode,
  type Encoded,
  type EngineEvent,
  type ErrorClasses,
  type ErrorData,
  type PastState,
  pastStates,
} from '@umbel/core'

/** Where a replayed run leaves the recorded one. */
export interface Difference {
  /** Number of the fact that moved it last, or should have; the start is the first. One more where it shows only in how the run stands at the end. */
  readonly step: number
  /** What was recorded: the type of an event that it was told, or of a fact with the id that it is about; `undefined` at the end. */
  readonly event: string | undefined
  /** What differs: the `state` that it shows, or another part of it. */
  readonly what: 'state' | 'value' | 'context' | 'output' | 'error' | 'children' | 'timers' | 'kept'
  readonly recorded: unknown
  readonly now: unknown
}

interface Followed {
  readonly step: number
  readonly event: EngineEvent
}

/** One recorded run, and how far its replay has followed it. */
export class Course {
  readonly #row: ChartRow
  /** What the recorded run remembers. */
  readonly #past: readonly PastState[]
  readonly #followed: Followed[] = []
  #steps = 0
  #difference: Difference | undefined

  constructor(row: ChartRow) {
    this.#row = row
    this.#past = pastStates(row.past)
  }

  /** Facts that moved it, up to where it differs. */
  get steps(): number {
    return this.#steps
  }

  /** Compare how the run stands after a fact about it, which may have moved it. */
  follow(now: ChartRow, event: EngineEvent, moved: boolean): void {
    if (this.#difference !== undefined) return
    if (moved) this.#steps += 1
    const fact = { step: this.#steps + (moved ? 0 : 1), event }
    this.#followed.push(fact)
    const past = this.#comparable(now)
    const index = past.findIndex((one, n) => !isSame(one, this.#past[n]))
    if (index !== -1) this.#differs(fact, this.#past[index]?.state ?? this.#row.state, past[index]?.state)
    else this.#notReached(past, now, event.at)
  }

  /** Compare how the run stands after all of it. */
  atEnd(now: ChartRow, errors: ErrorClasses): Difference | undefined {
    if (this.#difference === undefined) this.#notReached(this.#comparable(now), now, Number.POSITIVE_INFINITY)
    if (this.#difference !== undefined) return this.#difference
    const recorded = standing(this.#row, errors)
    const replayed = standing(now, errors)
    const what = Object.keys(recorded).find((key) => !isDeepStrictEqual(recorded[key], replayed[key]))
    if (what === undefined) return undefined
    const difference = { step: this.#steps + 1, event: undefined, recorded: recorded[what], now: replayed[what] }
    return { ...difference, what: what as Difference['what'] }
  }

  /** States of the replay that the recorded run remembers. */
  #comparable({ past }: ChartRow): readonly PastState[] {
    const first = this.#past[0]?.at ?? 0
    return pastStates(past).filter(({ at }) => at >= first)
  }

  /** A state that was shown before a moment, and in the replay was not. Of one shown at the moment itself another fact may be the cause. */
  #notReached(past: readonly PastState[], now: ChartRow, before: number): void {
    const missing = this.#past[past.length]
    if (missing === undefined || missing.at >= before) return
    const fact = this.#followed.findLast(({ event }) => event.at === missing.at) ?? this.#followed.at(-1)
    if (fact !== undefined) this.#differs(fact, missing.state, now.state)
  }

  #differs({ step, event }: Followed, recorded: unknown, now: unknown): void {
    this.#difference = { step, event: nameOf(event), what: 'state', recorded, now }
  }
}

const isSame = (one: PastState, other: PastState | undefined): boolean =>
  other !== undefined && one.state === other.state && one.at === other.at

/** How a run stands, in parts that can be compared. */
function standing(row: ChartRow, errors: ErrorClasses): Readonly<Record<string, unknown>> {
  const { state, closing, compensating, endedAt, value, context, result, error, children, timers, kept } = row
  const over = compensating === undefined ? (closing ?? (endedAt === undefined ? undefined : state)) : undefined
  return {
    state: over ?? state,
    value,
    context: decode(context, errors),
    output: result === undefined ? undefined : decode(result, errors),
    error: error === undefined ? undefined : saidBy(error),
    // of one that has ended they count for nothing
    children:
      over === undefined
        ? Object.keys(children)
            .filter((key) => children[key]?.ended !== true)
            .sort()
        : [],
    timers: over === undefined ? timers.map((timer) => typeOf(timer.event)).sort() : [],
    kept: over === undefined ? kept.map((one) => typeOf(one.event)) : [],
  }
}

/** What an error says; one that names what a run did, without the numbers in ids. */
const saidBy = ({ name, message, code }: ErrorData): string =>
  `${name}: ${code === 'UMBEL_COMPENSATION_FAILED' ? message.replace(/\.\d+/g, '') : message}`

const nameOf = (event: EngineEvent): string =>
  event.type === 'chart-told' ? typeOf(event.event) : `${event.type} ${event.id}`

const typeOf = (event: Encoded): string => (decode(event) as { readonly type: string }).type
