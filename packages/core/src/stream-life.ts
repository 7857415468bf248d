import type { Draft } from './draft.ts'
import type { StreamAdvanced } from './event.ts'

/** Move the cursor of a stream. One that is behind where the stream stands changes nothing. */
export function takeStreamAdvanced(draft: Draft, { id, cursor, at }: StreamAdvanced): void {
  const row = draft.get(id)
  const known = row?.kind === 'stream' ? row : undefined
  if (known !== undefined && known.cursor >= cursor) return
  draft.put({ kind: 'stream', id, cursor, startedAt: known?.startedAt ?? at, at })
}
