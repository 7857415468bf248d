import { chain, chord, group, signature, type UntypedSignature } from 'umbel'
import { celery } from './tasks.ts'
import type { Build, Json } from './vector.ts'

/** A signature or canvas as the vectors build it: the compiler knows nothing of it. */
type Any = UntypedSignature

// the vectors are built from data: what the compiler would check is known only as they run
const compose = {
  chain: chain as unknown as (...steps: readonly (Any | readonly Any[])[]) => Any,
  group: group as unknown as (...members: readonly (Any | readonly Any[])[]) => Any,
  chord: chord as unknown as (header: Any | readonly Any[], body: Any) => Any,
}

interface AnyTask {
  s(...args: readonly unknown[]): Any
  si(...args: readonly unknown[]): Any
  map(items: unknown): Any
  starmap(items: unknown): Any
  chunks(items: unknown, size: unknown): Any & { group(): Any }
}

const taskCalled = (name: unknown): AnyTask => (celery as unknown as Record<string, AnyTask>)[name as string] as AnyTask

/** Build a vector's canvas by the public constructors and operators. */
export function build(node: Build): Any {
  switch (node.op) {
    case 'sig':
      return call(node)
    case 'chain':
      return compose.chain(...all(node['of']))
    case 'chain_list':
      return compose.chain(all(node['of']))
    case 'group':
      return compose.group(...all(node['of']))
    case 'group_list': {
      // Celery unrolls a list of one in a chain, too: a group as its JSON makes it
      const members = all(node['of'])
      return members.length === 1 ? celeryGroup(members) : compose.group(members)
    }
    case 'chord': {
      const { header, body } = node
      return compose.chord(Array.isArray(header) ? all(header) : build(header as Build), build(body as Build))
    }
    case 'pipe':
      return all(node['of']).reduce((before, next) => before.pipe(next as never) as Any)
    case 'map':
    case 'starmap':
      return taskCalled(node['task'])[node.op](node['it'])
    case 'chunks':
      return taskCalled(node['task']).chunks(node['it'], node['n'])
    case 'chunks_group':
      return taskCalled(node['task']).chunks(node['it'], node['n']).group()
    case 'roundtrip':
      return signature.fromJSON(JSON.parse(JSON.stringify(build(node['of'] as Build))))
    default:
      return changed(node, build(node['of'] as Build))
  }
}

/** What the operations that change a canvas make of it. */
function changed(node: Build, of: Any): Any {
  switch (node.op) {
    case 'clone':
      return of.clone(list(node['args']), record(node['kwargs']), optionsOf(record(node['options']))) as Any
    case 'replace': {
      const { args, kwargs, options } = node
      const given = {
        ...(args !== null && { args: list(args) }),
        ...(kwargs !== null && { kwargs: record(kwargs) }),
        ...(options !== null && { options: optionsOf(record(options)) }),
      }
      return of.replace(given) as Any
    }
    case 'set': {
      const set = of.set(optionsOf(record(node['options'])))
      return typeof node['immutable'] === 'boolean'
        ? (set.setImmutable(node['immutable'] as true) as unknown as Any)
        : set
    }
    case 'set_immutable':
      return of.setImmutable(node['value'] as true) as unknown as Any
    case 'link':
      return all(node['callbacks']).reduce((linked, callback) => linked.link(callback as never), of)
    case 'link_error':
      return all(node['callbacks']).reduce((linked, callback) => linked.linkError(callback), of)
    case 'on_error':
      return of.onError(build(node['callback'] as Build))
    case 'unchain_as_group':
      return compose.group(of.unchain() as readonly Any[])
    default:
      throw new Error(`The build language has no operation ${node.op}`)
  }
}

const celeryGroup = (members: readonly Any[]): Any => {
  const tasks = members.map((member) => JSON.parse(JSON.stringify(member)) as unknown)
  return signature.fromJSON({ task: 'celery.group', kwargs: { tasks }, subtask_type: 'group' })
}

function call(node: Build): Any {
  const task = taskCalled(node['task'])
  const args = list(node['args'])
  const kwargs = record(node['kwargs'])
  if (task === undefined) return signature.fromJSON({ task: node['task'], args, kwargs })
  const signed = node['immutable'] === true ? task.si(...args) : task.s(...args)
  return Object.keys(kwargs).length === 0 ? signed : (signed.replace({ kwargs }) as Any)
}

const PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  add: ['x', 'y'],
  sub: ['x', 'y'],
  mul: ['x', 'y'],
  tsum: ['list'],
  identity: ['x'],
  double: ['x'],
  positive: ['x'],
  build: ['n'],
  custom_state: ['x'],
  extend_chord: ['x'],
}

/** Python's parameters can be given by name; ours are given by place: the last ones, as `s` takes them. */
export function positional(
  task: string,
  args: readonly unknown[],
  kwargs: Json,
): { args: readonly unknown[]; kwargs: Json } {
  const names = (PARAMETERS[task] ?? []).filter((name) => name in kwargs)
  const others = Object.entries(kwargs).filter(([name]) => !names.includes(name))
  return { args: [...args, ...names.map((name) => kwargs[name])], kwargs: Object.fromEntries(others) }
}

/** The same tree with what is given to parameters by name given by place, so that it can run. */
export function byPlace<T>(tree: T): T {
  if (typeof tree !== 'object' || tree === null) return tree
  if (Array.isArray(tree)) return tree.map(byPlace) as T
  const node = Object.fromEntries(Object.entries(tree).map(([key, inner]) => [key, byPlace(inner)]))
  if (node['op'] !== 'sig') return node as T
  const given = positional(node['task'] as string, node['args'] as readonly unknown[], node['kwargs'] as Json)
  return { ...node, ...given } as T
}

const all = (nodes: unknown): Any[] => (nodes as readonly Build[]).map(build)
const list = (value: unknown): readonly unknown[] => written(value ?? []) as readonly unknown[]
const record = (value: unknown): Json => written(value ?? {}) as Json

/** Arguments in which `{ "$sig": node }` stands for a signature's JSON. */
function written(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(written)
  if ('$sig' in value) return JSON.parse(JSON.stringify(build(value.$sig as Build)))
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, written(inner)]))
}

/** Options by our names and in our units; those of Celery's transport are left out. */
export function optionsOf({ link, link_error: linkError, ...options }: Json): object {
  return {
    ...signature.fromJSON({ task: 'options', options }).data.options,
    ...(link !== undefined && { link: callbacksOf(link) }),
    ...(linkError !== undefined && { linkError: callbacksOf(linkError) }),
  }
}

/** Signatures, written as nodes, as their JSON, or as either in a list. */
function callbacksOf(value: unknown): readonly Any[] {
  return (Array.isArray(value) ? value : [value]).map((one: { readonly $sig?: Build }) =>
    one.$sig === undefined ? signature.fromJSON(one) : build(one.$sig),
  )
}
