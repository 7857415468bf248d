import type { AttemptCall } from '@umbel/core'
import { umbelError } from '@umbel/core/tasks'
import type { TaskDefinition, Versioned } from './definition.ts'

/** What a handler is called with, and by which way. */
export interface Given {
  readonly via: AttemptCall['via']
  readonly args: readonly unknown[]
  readonly kwargs: Record<string, unknown>
}

/** Check the version of a task and the ways to it. @throws UMBEL_BAD_OPTION */
export function checkVersion(name: string, { version = 1, upcast = {} }: Versioned): void {
  if (!Number.isSafeInteger(version) || version < 1)
    throw umbelError(
      'UMBEL_BAD_OPTION',
      `The option version of ${name} is ${String(version)}, not a whole number from 1.`,
    )
  if (typeof upcast !== 'object' || upcast === null)
    throw umbelError('UMBEL_BAD_OPTION', `The option upcast of ${name} is not an object of functions.`)
  for (const [from, way] of Object.entries(upcast)) {
    if (typeof way !== 'function' || !/^[1-9]\d*$/.test(from) || Number(from) >= version)
      throw umbelError(
        'UMBEL_BAD_OPTION',
        `The option upcast of ${name} has ${from.slice(0, 20)}: it takes functions under numbers below its version, ${version}.`,
      )
  }
}

/** Make of what was sent to an older version of a task what this one takes. @throws UMBEL_TASK_VERSION, and what the task's functions throw */
export function upcasted(definition: TaskDefinition, sent: number, given: Given): Given {
  const { via, args, kwargs } = given
  if (via === 'call') return { via, ...stepped(definition, sent, args, kwargs) }
  // each item is what one call was given, and may be more than one argument by now
  const lists = (args[0] as readonly unknown[]).map((item) => (via === 'map' ? [item] : (item as readonly unknown[])))
  return { via: 'starmap', args: [lists.map((list) => stepped(definition, sent, list, {}).args)], kwargs }
}

function stepped(
  { name, options: { version = 1, upcast = {} } }: TaskDefinition,
  sent: number,
  args: readonly unknown[],
  kwargs: Record<string, unknown>,
): Omit<Given, 'via'> {
  if (sent > version) throw unfit(`${name} was sent as version ${sent}, and here is version ${version}`)
  let now: readonly [readonly unknown[], Readonly<Record<string, unknown>>] = [args, kwargs]
  for (let from = sent; from < version; from += 1) {
    const way = Object.hasOwn(upcast, from) ? upcast[from] : undefined
    if (way === undefined)
      throw unfit(`${name} was sent as version ${sent}, and nothing leads from ${from} to ${from + 1}`)
    now = way(...now)
    if (!Array.isArray(now) || !Array.isArray(now[0]) || typeof now[1] !== 'object' || now[1] === null)
      throw unfit(`What leads ${name} from version ${from} to ${from + 1} did not give [args, kwargs]`)
  }
  return { args: now[0], kwargs: { ...now[1] } }
}

const unfit = (why: string): Error => umbelError('UMBEL_TASK_VERSION', `${why}.`)
