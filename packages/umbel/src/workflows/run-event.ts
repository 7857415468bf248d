import { umbelError } from '@umbel/core/tasks'

/** How an event is sent to a run. */
export interface SendOptions {
  /** Id under which the run takes it once: a second send with it changes nothing. It remembers the last 256. */
  readonly dedupe?: string
  /** Who sends it: stands in the run's history, with the event. */
  readonly by?: string
}

/** Refuse what is no short text. @throws UMBEL_BAD_OPTION */
export function shortText(value: unknown, option: string): string | undefined {
  if (value === undefined || (typeof value === 'string' && value.length > 0 && value.length <= 256)) return value
  throw umbelError('UMBEL_BAD_OPTION', `${option} must be text of 1 to 256 characters.`)
}

/** Refuse what is no event. @throws UMBEL_BAD_OPTION for what is no event, or one of XState's own */
export function checkedEvent<T>(event: T): T {
  const type = (event as { readonly type?: unknown } | null | undefined)?.type
  if (typeof type === 'string' && type !== '' && !type.startsWith('xstate.')) return event
  throw umbelError(
    'UMBEL_BAD_OPTION',
    'An event must be an object with a type, which is text and none of XState’s own.',
  )
}
