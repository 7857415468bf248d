import type { Encoded } from '../codec.ts'
import type { TaskState } from '../states.ts'

/** States and people's events that one run remembers. */
const MOST_PAST = 50

/** A state that a run has shown since a moment; `by` and `event` where somebody brought it there who said so. */
export interface PastState {
  readonly state: TaskState
  readonly at: number
  readonly by?: string
  readonly event?: Encoded
}

/** What a run has shown and was told by people, oldest first, in little space: it is stored anew with each of its steps. */
export interface Past {
  /** The names of its states, each once. */
  readonly states: readonly string[]
  /** Two numbers for each thing that it remembers: the place of the state among the names, and milliseconds since the one before. */
  readonly steps: readonly number[]
  /** Moment of the last one. */
  readonly at: number
  /** What people told it: the place among what it remembers, who, and with what. */
  readonly told?: readonly { readonly n: number; readonly by: string; readonly event?: Encoded }[]
}

/** That of a run which is about to begin. */
export const NO_PAST: Past = { states: [], steps: [], at: 0 }

/** A past with one thing more; the oldest goes where there is no room. */
export function pastWith(past: Past, { state, at, by, event }: PastState): Past {
  const known = past.states.indexOf(state)
  const states = known === -1 ? [...past.states, state] : past.states
  const gone = Math.max(0, lengthOf(past) + 1 - MOST_PAST)
  const steps = past.steps.slice(2 * gone)
  steps.push(known === -1 ? past.states.length : known, at - past.at)
  if (past.told === undefined && by === undefined) return { states, steps, at }
  const told = (past.told ?? []).map((one) => ({ ...one, n: one.n - gone })).filter(({ n }) => n >= 0)
  if (by !== undefined) told.push({ n: steps.length / 2 - 1, by, ...(event !== undefined && { event }) })
  return { states, steps, at, ...(told.length > 0 && { told }) }
}

/** How many things it remembers. */
export const lengthOf = ({ steps }: Past): number => steps.length / 2

/** The state that it showed last. */
const lastState = ({ states, steps }: Past): string | undefined => states[steps.at(-2) ?? -1]

/** All that it remembers, oldest first. */
export function pastStates({ states, steps, at, told = [] }: Past): PastState[] {
  const past: PastState[] = []
  for (let n = steps.length / 2 - 1, moment = at; n >= 0; moment -= steps[2 * n + 1] as number, n -= 1)
    past.push({ state: states[steps[2 * n] as number] as string, at: moment })
  past.reverse()
  for (const { n, ...by } of told) past[n] = { ...(past[n] as PastState), ...by }
  return past
}

/** Who brought a step about, where that was said. */
export interface Told {
  readonly by?: string | undefined
  readonly event?: Encoded | undefined
}

/** The history of a run that shows a state now. */
export function pastOf(past: Past, state: string, at: number, { by, event }: Told = {}): Past {
  if (by === undefined && lastState(past) === state) return past
  return pastWith(past, { state, at, ...(by !== undefined && { by, ...(event !== undefined && { event }) }) })
}
