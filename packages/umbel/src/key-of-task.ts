import { decode, keyRowId, type TaskKey, type TaskRow } from '@umbel/core'
import type { TaskDefinition } from './definition.ts'
import { askedKey } from './idempotency-key.ts'
import { upcasted } from './upcast.ts'

/** The key of a task that is about to start; of none that has no such option. @throws UMBEL_BAD_KEY, UMBEL_TASK_VERSION */
export function keyOf(definition: TaskDefinition, { spec, args, kwargs }: TaskRow): TaskKey | undefined {
  const { name, errors, options } = definition
  const { idempotencyKey, version = 1 } = options
  // what is mapped is refused as it is sent: it was sent before the task had a key
  if (idempotencyKey === undefined || spec.via !== 'call') return undefined
  let given = decode(args, errors) as readonly unknown[]
  const { version: sent = 1 } = spec
  if (sent !== version) {
    const keywords = (kwargs === undefined ? {} : decode(kwargs, errors)) as Record<string, unknown>
    given = upcasted(definition, sent, { via: 'call', args: given, kwargs: keywords }).args
  }
  const { key, ttl } = idempotencyKey
  const id = keyRowId(name, askedKey(key, given, `The idempotencyKey of ${name}`))
  return ttl === undefined ? { id } : { id, ttl }
}
