import { type Encoded, encode, encodeList } from './codec.ts'
import { codedError } from './coded-error.ts'
import type { Draft } from './draft.ts'
import { type ErrorData, fromErrorData } from './error-data.ts'
import type { ErrorCallback, Plan } from './plan.ts'
import type { TaskRow } from './rows.ts'

/** What an error callback is told of. */
export interface Failed {
  readonly id: string
  readonly task: string
  readonly attempt: number
  readonly root: string
  readonly parent: string | undefined
  readonly error: ErrorData
}

/** Send what waits for a task to end as it has ended. */
export function sendCallbacks(draft: Draft, row: TaskRow): void {
  if (row.state === 'SUCCESS') {
    if (row.spec.link.length === 0) return
    const input = encodeList([row.result ?? encode(undefined)])
    row.spec.link.forEach((plan, index) => {
      send(draft, row, `l${index}`, plan, input)
    })
  } else if (row.state === 'FAILURE') {
    const error = row.error ?? codedError('UMBEL_REVOKED', `Task ${row.id} failed.`)
    const { id, attempt, root, parent } = row
    sendErrorCallbacks(draft, row.spec.linkError, { id, task: row.spec.task, attempt, root, parent, error })
  }
}

/** Send error callbacks for what has failed. */
export function sendErrorCallbacks(draft: Draft, callbacks: readonly ErrorCallback[], failed: Failed): void {
  callbacks.forEach((callback, index) => {
    send(draft, failed, `e${index}`, callback.plan, errorInput(failed, callback))
  })
}

function send(draft: Draft, from: { id: string; root: string }, suffix: string, plan: Plan, input: Encoded): void {
  const { id, root } = from
  draft.mail.push({
    type: 'canvas-sent',
    id: `${id}.${suffix}`,
    plan,
    input,
    parent: id,
    root,
    settles: undefined,
    at: draft.at,
  })
}

/** What an error callback is given: the failed task's id, or what was asked, the error and its stack. */
function errorInput({ error, ...request }: Failed, callback: ErrorCallback): Encoded {
  if (callback.takes === 1) return encodeList([encode(request.id)])
  // its bounds are those of an error, which are wider than a value's once it is encoded again
  const whole = encode(fromErrorData(error), { maxBytes: Number.MAX_SAFE_INTEGER })
  return encodeList([encode(request), whole, encode(error.stack)].slice(0, callback.takes))
}
