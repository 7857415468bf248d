import {
  decode,
  type Encoded,
  encode,
  keyRowId,
  type Plan,
  type TaskKey,
  type TaskNode,
  type TaskRow,
  type UniqueSend,
  umbelError,
  uniqueRowId,
} from '@umbel/core'
import type { TaskDefinition } from './definition.ts'
import { askedKey } from './idempotency-key.ts'
import { upcasted } from './upcast.ts'

/** The key of a task that is about to start; of none that has no such option. @throws UMBEL_BAD_KEY, UMBEL_TASK_VERSION */
export function keyOf(definition: TaskDefinition, row: TaskRow): TaskKey | undefined {
  const { name, options } = definition
  const { idempotencyKey } = options
  // what is mapped is refused as it is sent: it was sent before the task had a key
  if (idempotencyKey === undefined || row.spec.via !== 'call') return undefined
  const { key, ttl } = idempotencyKey
  const id = keyRowId(name, askedKey(key, callOf(definition, row).args, `The idempotencyKey of ${name}`))
  return ttl === undefined ? { id } : { id, ttl }
}

/** Says under which key what was compiled is the only one; nothing, where it is no single task or may be one of many. */
export type UniqueOf = (plan: Plan) => UniqueSend | undefined

/** Make what says that, for the tasks of an app. @throws UMBEL_BAD_KEY */
export function uniqueAmong(tasks: ReadonlyMap<string, TaskDefinition>): UniqueOf {
  if (![...tasks.values()].some(({ options }) => options.unique !== undefined)) return () => undefined
  return ({ nodes }) => {
    const only = nodes.length === 1 ? nodes[0] : undefined
    const definition = only?.kind === 'task' ? tasks.get(only.spec.task) : undefined
    const unique = definition?.options.unique
    if (only?.kind !== 'task' || definition === undefined || unique === undefined) return undefined
    const { args, kwargs } = callOf(definition, only)
    const { key, send } = unique
    const text =
      key === undefined ? fingerprint([args, kwargs]) : askedKey(key, args, `The unique key of ${definition.name}`)
    return { id: uniqueRowId(definition.name, text), ...send }
  }
}

/** Refuse a canvas in which a task stands that is the only one of its key: it could not be left out. @throws UMBEL_BAD_CANVAS */
export function checkNotUnique({ nodes }: Plan, tasks: ReadonlyMap<string, TaskDefinition>): void {
  for (const node of nodes) {
    if (node.kind !== 'task' || tasks.get(node.spec.task)?.options.unique === undefined) continue
    throw umbelError(
      'UMBEL_BAD_CANVAS',
      `${node.spec.task} is unique, and so is sent by itself: it is no step, member or callback, and replaces nothing. Let a handler send it, with ctx.send.`,
    )
  }
}

/** What a handler would be given. @throws UMBEL_TASK_VERSION */
function callOf(
  definition: TaskDefinition,
  { spec, args, kwargs }: Pick<TaskNode, 'spec' | 'args' | 'kwargs'>,
): { readonly args: readonly unknown[]; readonly kwargs: Record<string, unknown> } {
  const of = (encoded: Encoded): unknown => decode(encoded, definition.errors)
  const given = {
    via: 'call',
    args: of(args) as readonly unknown[],
    kwargs: (kwargs === undefined ? {} : of(kwargs)) as Record<string, unknown>,
  } as const
  const { version = 1 } = spec
  return version === (definition.options.version ?? 1) ? given : upcasted(definition, version, given)
}

/** Text that is the same for values that hold the same. */
const fingerprint = (value: unknown): string => {
  // loaded only now: it takes 5 ms, in each thread too, and few tasks have such keys
  const { createHash } = process.getBuiltinModule('node:crypto')
  return createHash('sha256').update(canonical(value)).digest('base64url')
}

/** A value as text, the keys of its records in one order. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([key, of]) => `${JSON.stringify(key)}:${canonical(of)}`).join(',')}}`
  }
  const encoded = encode(value, { maxBytes: Number.MAX_SAFE_INTEGER })
  if (typeof encoded === 'string') return encoded
  return [encoded.text, ...encoded.bytes.map((bytes) => Buffer.from(bytes).toString('base64'))].join(' ')
}
