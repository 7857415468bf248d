import type { Encoded } from './codec.ts'

/** What something that a handler does once has come to. */
export interface Effect {
  /** Id of the task. */
  readonly task: string
  readonly name: string
  readonly result: Encoded
}

/** Ids under which effects of a task may be recorded: its own first, then those of the tasks that failed and that it was sent in the place of. */
export function effectIds(id: string): string[] {
  const ids = [id]
  for (let earlier = sentFor(id); earlier !== ids.at(-1); earlier = sentFor(earlier)) ids.push(earlier)
  return ids
}

/** The key that an effect goes by: the same in all attempts of a task, and as it is sent again once it has failed. */
export const effectKey = (id: string, name: string): string => `${effectIds(id).at(-1)}:${name}`

/** What is sent again once has this at the end of its id, or of its workflow's: see `redrivenId`. */
const sentFor = (id: string): string => id.replace(/\.d1(?=\/|$)/, '')
