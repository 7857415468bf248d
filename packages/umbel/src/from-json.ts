import type { CeleryJsonLimits } from '@umbel/core'
import { fromCeleryJson } from '@umbel/core/tasks'
import { Chunks } from './chunks.ts'
import { Signature } from './signature.ts'

/** A signature whose tasks the compiler knows nothing of. */
export type UntypedSignature = Signature<readonly unknown[], unknown, Readonly<Record<string, unknown>>, string, never>

/** Signatures that come from outside. */
export const signature = {
  /**
   * Read a signature from Celery's JSON, which may come from anywhere. It is checked for its shape now, and for its tasks when
   * it is sent (UMBEL_UNKNOWN_TASK).
   * @throws UMBEL_BAD_CANVAS with the path to what is wrong, UMBEL_CANVAS_TOO_DEEP, UMBEL_CANVAS_TOO_LARGE
   */
  fromJSON(json: unknown, limits?: CeleryJsonLimits): UntypedSignature {
    const data = fromCeleryJson(json, limits)
    return (data.kind === 'chunks' ? new Chunks(data) : new Signature(data)) as unknown as UntypedSignature
  },
} as const
