import type { ResultRow } from '@umbel/core'
import { AsyncResult } from '../async-result.ts'
import type { LocalRow } from './local-run.ts'

/** The result of a local run: what its machine came to, as it is. */
export class LocalResult<R> extends AsyncResult<R> {
  override get info(): unknown {
    const row = this.row()
    if (row === undefined) return undefined
    const { output, error } = (row as LocalRow).live
    return row.error === undefined ? output : error
  }

  protected override value(row: ResultRow): R {
    const { output, error } = (row as LocalRow).live
    if (row.error !== undefined) throw error
    return output as R
  }
}
