import { codedError } from './coded-error.ts'
import type { Draft } from './draft.ts'
import type { EffectRecorded } from './event.ts'
import { isReady } from './states.ts'

/** Keep what an effect came to, for the attempts that follow. One of an attempt that is over is not kept, and its handler is told. */
export function takeEffect(draft: Draft, event: EffectRecorded): void {
  const { id, run, name, result } = event
  const row = draft.task(id)
  const runs = row !== undefined && !isReady(row.state) && row.startedAt !== undefined && row.replacedBy === undefined
  if (runs && row.runs === run) return draft.effect({ task: id, name, result })
  const error = codedError(
    'UMBEL_ATTEMPT_OVER',
    `The attempt of ${id} had ended before its effect ${name} was recorded.`,
  )
  draft.answer(event, { ok: false, error })
}
