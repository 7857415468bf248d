import { isDeepStrictEqual } from 'node:util'
import type { Actual } from './run.ts'
import type { Raised, Ran, Shown, Vector } from './vector.ts'

/** One thing that is not as it should be. */
export interface Fault {
  readonly what: string
  readonly expected: unknown
  readonly actual: unknown
}

/** Whether a vector demands something: those marked as bugs of Celery's only where there is an ideal. */
export const isDemanded = (vector: Vector): boolean => vector['celery-bug'] !== true || vector.ideal !== undefined

/**
 * What of a run is not as its vector demands. Unmarked ones demand kind, state, `get`, parents and what ran; bugs of Celery's the
 * result or error, and what ran, of their ideal. Errors count by type; messages only of ValueError and OracleError.
 */
export function faultsOf(vector: Vector, actual: Actual): Fault[] {
  if (actual.hung) return [{ what: 'end', expected: 'an end', actual: 'hung' }]
  const pairs = vector['celery-bug'] === true ? idealPairs(vector, actual) : recordedPairs(vector, actual)
  return pairs.filter(({ expected, actual: got }) => !isDeepStrictEqual(expected, got))
}

function idealPairs({ ideal }: Vector, { outcome, ran }: Actual): Fault[] {
  if (ideal === undefined) return []
  if (outcome.kind === 'client_error' && isEarly(ideal.error, outcome.error)) return []
  // the model of the ideal knows no error callbacks
  const ranOf = (all: readonly Ran[]): unknown => multiset(all.filter((one) => !isErrorCallback(one)))
  return [
    { what: 'state', expected: ideal.state, actual: outcome.state },
    ideal.error === undefined
      ? { what: 'get', expected: { value: ideal.result }, actual: outcome.get }
      : { what: 'error', expected: judged(ideal.error), actual: idealError(ideal.error, outcome) },
    { what: 'ran', expected: ranOf(ideal.ran), actual: ranOf(ran) },
  ]
}

/** A group has no error of its own: what its members have and what waiting throws stand for it, a chord's where it is a body. */
function idealError(expected: Raised, { kind, error, get }: Actual['outcome']): unknown {
  if (kind !== 'group') return error && judged(error)
  if (expected.type === 'ChordError' && error !== undefined) return judged(expected)
  const thrown = get !== undefined && 'raises' in get ? get.raises : undefined
  return thrown !== undefined && isDeepStrictEqual(judged(thrown), judged(expected))
    ? judged(expected)
    : error && judged(error)
}

const isErrorCallback = ([task, args]: Ran): boolean => task.startsWith('errback_') || args[0] === '<request>'

function recordedPairs(vector: Vector, actual: Actual): Fault[] {
  const { outcome: wanted, ignored } = vector
  const { error } = wanted
  const { outcome, ran } = actual
  const refused = isRefused(vector, outcome)
  // a canvas that could not be built has none
  const json = { what: 'signature', expected: vector.signature, actual: vector.signature && actual.signature }
  if (wanted.kind === 'none' || wanted.kind === 'client_error' || refused) {
    const kind = refused ? 'client_error' : wanted.kind
    return [
      json,
      { what: 'kind', expected: kind, actual: outcome.kind },
      ...(kind === 'none'
        ? []
        : [{ what: 'error', expected: refusal(refused ? innermost(wanted) : error), actual: refusal(outcome.error) }]),
      // a canvas is refused whole: Celery may have sent its first members by then
      { what: 'ran', expected: [], actual: ran },
    ]
  }
  const order = nestsGroups(vector.signature) ? sorted : same
  const raced = wanted.results !== undefined && JSON.stringify(wanted.results).includes('"REVOKED"')
  const shown = raced ? judgedRace : judgedShown
  const list = (what: string, expected: readonly Shown[] = [], got: readonly Shown[] = []): Fault => ({
    what,
    expected: expected.map((one) => order(shown(one))),
    actual: known(expected, got, ignores(vector)).map((one) => order(shown(one))),
  })
  return [
    json,
    { what: 'kind', expected: wanted.kind, actual: outcome.kind },
    // Celery knows nothing of a result it was to ignore
    { what: 'state', expected: wanted.state, actual: ignored ? wanted.state : outcome.state },
    { what: 'get', expected: judgedGet(wanted.get, raced), actual: judgedGet(outcome.get, raced) },
    wanted.kind === 'group'
      ? list(
          'results',
          [{ kind: 'group', results: wanted.results ?? [] }],
          [{ kind: 'group', results: outcome.results ?? [] }],
        )
      : { what: 'error', expected: error && judged(error), actual: outcome.error && judged(outcome.error) },
    { what: 'result', expected: wanted.result, actual: ignored ? undefined : outcome.result },
    list('parents', vector.parents, actual.parents),
    { what: 'ran', expected: multiset(vector.ran), actual: multiset(ran) },
  ]
}

/** Celery meets a name it does not know, or arguments that never fit, as it runs; we refuse such a canvas whole, as it is sent. */
const isRefused = ({ outcome }: Vector, actual: Actual['outcome']): boolean =>
  actual.kind === 'client_error' && isEarly(innermost(outcome), actual.error)

const isEarly = (expected: Raised | undefined, actual: Raised | undefined): boolean =>
  expected?.type === actual?.type && (expected?.type === 'NotRegistered' || expected?.type === 'TypeError')

/** What waiting raises, where that is known: the error at the bottom. */
const innermost = ({ get, error }: Vector['outcome']): Raised | undefined =>
  get !== undefined && 'raises' in get ? get.raises : error

/** Python has several names for a canvas that lacks its parts. */
const refusal = (error: Raised | undefined): string | undefined =>
  error?.type === 'IndexError' ? 'ImproperlyConfigured' : error?.type

/** An error as it counts. */
const judged = ({ type, message }: Raised): unknown =>
  type === 'ValueError' || type === 'OracleError' ? { type, message } : { type }

const judgedGet = (get: Vector['outcome']['get'], raced: boolean): unknown => {
  if (get === undefined || !('raises' in get)) return get
  return { raises: raced ? 'an error' : judged(get.raises) }
}

function judgedShown(shown: Shown): unknown {
  if (shown.kind === 'group') return { kind: 'group', results: shown.results.map(judgedShown) }
  const { state, result, error } = shown
  if (state === 'PENDING') return 'PENDING'
  return { state, ...(error === undefined ? { result } : { error: judged(error) }) }
}

/** Celery revokes the members of a body that is a group, and marks them as failed, whichever comes first: both count as failed. */
function judgedRace(shown: Shown): unknown {
  if (shown.kind === 'group') return { kind: 'group', results: shown.results.map(judgedRace) }
  return shown.state === 'REVOKED' || shown.state === 'FAILURE' ? 'failed' : judgedShown(shown)
}

/**
 * What is shown, as far as Celery knew: where it has PENDING, a task never ran, and ours may have any state but that of one that did;
 * or, where something ignores its result, that was not kept.
 */
function known(expected: readonly Shown[], actual: readonly Shown[], ignoring: boolean): Shown[] {
  return actual.map((shown, index) => {
    const wanted = expected[index]
    if (wanted?.kind === 'group' && shown.kind === 'group')
      return { kind: 'group', results: known(wanted.results, shown.results, ignoring) }
    const isOpen = wanted?.kind === 'task' && wanted.state === 'PENDING' && shown.kind === 'task'
    return isOpen && (ignoring || shown.state !== 'SUCCESS') ? wanted : shown
  })
}

const ignores = ({ build, call }: Vector): boolean =>
  /"noresult"|"ignore_result":true/.test(JSON.stringify({ build, call }))

/**
 * Whether groups stand right within groups or headers: Celery reverses their members (`nested-group-order`). Marked are only the
 * runs whose result shows it; in parents it is everywhere, so that there the order of members does not count.
 */
function nestsGroups(signature: unknown): boolean {
  if (typeof signature !== 'object' || signature === null) return false
  const { task, kwargs } = signature as { task?: unknown; kwargs?: { tasks?: unknown; header?: unknown } }
  const members = task === 'celery.group' ? kwargs?.tasks : task === 'celery.chord' ? kwargs?.header : undefined
  const isGroup = (one: { task?: unknown }): boolean => one.task === 'celery.group'
  return (Array.isArray(members) && members.some(isGroup)) || Object.values(signature).some(nestsGroups)
}

const same = (value: unknown): unknown => value

/** What is shown, members in an order of their text. */
function sorted(value: unknown): unknown {
  const { kind, results } = (value ?? {}) as { kind?: unknown; results?: readonly unknown[] }
  if (kind !== 'group' || results === undefined) return value
  return { kind, results: results.map(sorted).sort((a, b) => (canonical(a) < canonical(b) ? -1 : 1)) }
}

/** What ran, whatever its order; messages as they count. */
const multiset = (ran: readonly Ran[]): string[] => ran.map((one) => canonical(countable(one))).sort()

function countable([task, args, kwargs]: Ran): unknown {
  if (task !== 'errback_full') return [task, args.map(shortened), kwargs]
  const [type, message] = args as [string, string]
  return [task, [judged({ type, message })], kwargs]
}

/** `<exception ChordError: ...>` counts by its type, too. */
function shortened(value: unknown): unknown {
  const [, type, message] = (typeof value === 'string' && /^<exception (\w+): (.*)>$/s.exec(value)) || []
  return type === undefined ? value : judged({ type, message: message ?? '' })
}

/** JSON with its keys in order. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
