import type { CelerySignature } from 'umbel'
import type { Raised, Ran } from './vector.ts'

/** What a canvas should come to. */
export type Expected = { readonly value: unknown } | { readonly raises: Raised; readonly stored: string }

/**
 * Run a canvas by the plainest reading of what Celery documents: steps follow one another, members stand side by side and all run,
 * a body runs once all members have succeeded. Reads Celery's JSON, knows nothing of plans. What runs is added to `ran`.
 */
export function expected(canvas: CelerySignature, ran: Ran[]): Expected {
  try {
    return { value: run(whole(canvas), [], ran) }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { raises: error.own, stored: error.stored }
  }
}

/** A failure: the error of the task that failed, and the type of what is stored of it. */
class Failure extends Error {
  readonly own: Raised
  readonly stored: string
  constructor(own: Raised, stored = own.type) {
    super(own.message)
    this.own = own
    this.stored = stored
  }
}

const partsOf = (canvas: CelerySignature, name: 'tasks' | 'header'): readonly CelerySignature[] =>
  canvas.kwargs[name] as readonly CelerySignature[]

/** A group of one is its member, where it is a step; a group in it stays one. */
function step(canvas: CelerySignature): CelerySignature {
  const one = canvas.task === 'celery.group' && canvas.kwargs['list'] !== true ? partsOf(canvas, 'tasks') : []
  return one.length === 1 ? (one[0] as CelerySignature) : canvas
}

/** A group of one that ends in a group is that group. */
function whole(canvas: CelerySignature): CelerySignature {
  if (canvas.task === 'celery.chain' && partsOf(canvas, 'tasks').length === 1)
    return whole(step(partsOf(canvas, 'tasks')[0] as CelerySignature))
  const [only, ...others] = canvas.task === 'celery.group' ? flat(partsOf(canvas, 'tasks')) : []
  return only !== undefined && others.length === 0 && endsInGroup(only) ? only : canvas
}

function endsInGroup(canvas: CelerySignature): boolean {
  if (canvas.task === 'celery.chain') return endsInGroup(step(partsOf(canvas, 'tasks').at(-1) as CelerySignature))
  return (
    canvas.task === 'celery.group' ||
    (canvas.task === 'celery.chord' && endsInGroup(canvas.kwargs['body'] as CelerySignature))
  )
}

/** Groups right among members are part of the group. */
const flat = (members: readonly CelerySignature[]): readonly CelerySignature[] =>
  members.flatMap((member) => (member.task === 'celery.group' ? flat(partsOf(member, 'tasks')) : [member]))

function run(canvas: CelerySignature, input: readonly unknown[], ran: Ran[]): unknown {
  switch (canvas.task) {
    case 'celery.chain': {
      let given = input
      for (const one of partsOf(canvas, 'tasks')) given = [run(step(one), given, ran)]
      return given[0]
    }
    case 'celery.group':
      return join(partsOf(canvas, 'tasks'), input, ran)
    case 'celery.chord': {
      const results = join(partsOf(canvas, 'header'), input, ran)
      return run(canvas.kwargs['body'] as CelerySignature, [results], ran)
    }
    default:
      return called(canvas, [...(canvas.immutable ? [] : input), ...canvas.args], ran)
  }
}

/** What follows members of which one failed has a ChordError. */
function join(members: readonly CelerySignature[], input: readonly unknown[], ran: Ran[]): unknown[] {
  const results: unknown[] = []
  let first: Failure | undefined
  for (const member of flat(members)) {
    try {
      results.push(run(member, input, ran))
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      first ??= error
    }
  }
  if (first !== undefined) throw new Failure(first.own, 'ChordError')
  return results
}

/** The tasks that random canvases are made of. */
function called({ task, kwargs }: CelerySignature, args: readonly unknown[], ran: Ran[]): unknown {
  if (task === 'retry_n') {
    for (const retries of [0, 1]) ran.push([task, args, { n: 1, retries }])
    return args.length > 0 ? args[0] : 1
  }
  ran.push([task, args, kwargs])
  switch (task) {
    case 'fail':
      throw new Failure({ type: 'ValueError', message: (kwargs['msg'] as string | undefined) ?? 'boom' })
    case 'xsum':
      return sum(args)
    case 'collect':
      return args
    case 'identity':
      return args[0]
    case 'const':
      return 42
    case 'add':
      return (args[0] as number) + (args[1] as number)
    default:
      throw new Error(`The model has no task ${task}`)
  }
}

const sum = (value: unknown): number =>
  typeof value === 'number' ? value : Array.isArray(value) ? value.reduce((all: number, one) => all + sum(one), 0) : 0
