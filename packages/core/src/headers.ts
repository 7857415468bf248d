import { sameValue } from './equal.ts'
import { umbelError } from './errors.ts'
import { isPlainJson } from './plain-json.ts'

/** What JSON carries. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined }

/** What is written on tasks for those who look at them: a tenant, the id of a request. JSON values by name. */
export type TaskHeaders = Readonly<Record<string, JsonValue>>

/** Most headers of one task. */
const MAX_HEADERS = 64
/** Longest name of a header, in characters. */
const MAX_NAME = 256
/** Longest value of a header, in characters of its JSON. */
const MAX_VALUE = 1_024

/** The headers of what has none. */
export const NO_HEADERS: TaskHeaders = Object.freeze({})

/** Headers that are known to be what they should, and frozen: those of 100,000 members are looked at once. */
const checked = new WeakSet<TaskHeaders>([NO_HEADERS])

/**
 * Take headers from whoever gives them, as a frozen copy. What it gave before it gives back.
 * @throws what `refuse` makes of the place (`tenant`; `''` for the whole) and of what is wrong with it.
 */
export function checkedHeaders(given: unknown, refuse: (name: string, wrong: string) => Error): TaskHeaders {
  if (!isRecord(given)) throw refuse('', 'no record of headers')
  if (checked.has(given as TaskHeaders)) return given as TaskHeaders
  const entries = Object.entries(given)
  if (entries.length > MAX_HEADERS) throw refuse('', `a record of more than ${MAX_HEADERS} headers`)
  const headers: Record<string, JsonValue> = {}
  for (const [name, value] of entries) {
    if (name === '' || name === '__proto__' || name.length > MAX_NAME)
      throw refuse(name.slice(0, 80), `no name of a header: it must be text of 1 to ${MAX_NAME} characters`)
    headers[name] = copied(value, (wrong) => refuse(name.slice(0, 80), wrong))
  }
  checked.add(headers)
  return Object.freeze(headers)
}

/** Refuse headers of an option. */
export const badHeaders = (name: string, wrong: string): Error =>
  umbelError('UMBEL_BAD_OPTION', `headers${name === '' ? '' : `.${name}`} is ${wrong}.`)

/** Put headers under those already set: these win. */
export function headersUnder(own: TaskHeaders | undefined, outer: TaskHeaders): TaskHeaders {
  if (own === undefined || own === outer) return outer
  for (const name in outer) if (!Object.hasOwn(own, name)) return Object.freeze({ ...outer, ...own })
  return own
}

/** The headers that two have in common. */
export function sharedHeaders(some: TaskHeaders, others: TaskHeaders): TaskHeaders {
  if (some === others) return some
  const shared = Object.entries(some).filter(([name, value]) => headersMatch(others, { [name]: value }))
  return shared.length === Object.keys(some).length ? some : Object.freeze(Object.fromEntries(shared))
}

/** Whether headers have all that is asked for, with the same values. */
export function headersMatch(headers: TaskHeaders = NO_HEADERS, asked: TaskHeaders): boolean {
  return Object.entries(asked).every(([name, value]) => Object.hasOwn(headers, name) && sameValue(headers[name], value))
}

/** Nothing whose entries are elsewhere, as those of a Map and of the web's Headers. */
function isRecord(given: unknown): given is object {
  if (typeof given !== 'object' || given === null) return false
  const prototype = Object.getPrototypeOf(given)
  return prototype === Object.prototype || prototype === null
}

function copied(value: unknown, refuse: (wrong: string) => Error): JsonValue {
  if (!isPlainJson(value, MAX_VALUE)) throw refuse(`no plain JSON value of at most ${MAX_VALUE} characters`)
  const text = JSON.stringify(value)
  if (text.length > MAX_VALUE) throw refuse(`${text.length} characters of JSON; at most ${MAX_VALUE} travel`)
  return frozenJson(JSON.parse(text))
}

/** Freeze a JSON value with all that is in it. */
export function frozenJson<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) frozenJson(inner)
  return Object.freeze(value)
}
