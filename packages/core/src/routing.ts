import { didYouMean } from './did-you-mean.ts'
import { type UmbelError, umbelError } from './errors.ts'
import { globMatcher } from './glob.ts'
import type { SignatureOptions } from './signature.ts'
import { isRecord } from './value-kinds.ts'

/** Where a route sends a call: a lane's name, or a lane and a priority of which either may be left out. */
export type RouteTarget = string | ResolvedRoute

/** What routes say about a call. What is left out is for the task's own options and the defaults to say. */
export interface ResolvedRoute {
  /** Name of a lane. */
  readonly lane?: string
  /** 0 to 9, 9 runs first. */
  readonly priority?: number
}

/** The call a route is asked about. */
export interface RouteCall {
  /** Name of the task. */
  readonly task: string
  readonly args: readonly unknown[]
  readonly kwargs: Readonly<Record<string, unknown>>
  readonly options: SignatureOptions
}

/** Answers where a call goes; `undefined` where it has nothing to say. Asked while the call is made, so it cannot be asynchronous. */
export type RouteFunction = (call: RouteCall) => RouteTarget | undefined

/** A route with a state or a class of its own; `routeForTask` is called as its method. */
export interface RouteObject {
  readonly routeForTask: RouteFunction
}

/**
 * One route: a record from task names and globs (`*`, `?`) to targets, a function of the call, or an object with such a
 * function. In a record a name goes before globs, and those go in the order written.
 */
export type Route = Readonly<Record<string, RouteTarget>> | RouteFunction | RouteObject

type Router = (call: RouteCall) => ResolvedRoute | undefined

/**
 * Compile routes to one function: the first route that has a target for a call decides, as in Celery. It throws
 * UMBEL_BAD_ROUTE where a route's function throws or answers with no target.
 * @throws UMBEL_BAD_ROUTE for a route that is malformed or asynchronous.
 */
export function compileRoutes(routes: readonly Route[]): Router {
  if (!Array.isArray(routes)) throw umbelError('UMBEL_BAD_ROUTE', 'routes takes a list of routes.')
  const routers = routes.map((route: unknown, index) => {
    const where = `routes[${index}]`
    const asked = askedOf(route)
    if (asked !== undefined) {
      if (isAsync(asked)) throw bad(where, ASYNC)
      return functionRouter(asked, where)
    }
    if (typeof route === 'object' && route !== null && isRecord(route)) return recordRouter(route, where)
    throw umbelError('UMBEL_BAD_ROUTE', `${where} is no record, no function and no object with routeForTask.`)
  })
  return (call) => {
    for (const router of routers) {
      const target = router(call)
      if (target !== undefined) return target
    }
    return undefined
  }
}

/** Whether a route looks at the whole call, and not at the name of its task alone. */
export const asksForCall = (route: Route): boolean => askedOf(route) !== undefined

type Asked = (call: RouteCall) => unknown

function askedOf(route: unknown): Asked | undefined {
  if (typeof route === 'function') return route as Asked
  if (typeof route !== 'object' || route === null) return undefined
  const { routeForTask } = route as Partial<RouteObject>
  if (typeof routeForTask !== 'function') return undefined
  return isAsync(routeForTask) ? routeForTask : routeForTask.bind(route)
}

const ASYNC = 'is asynchronous: routes are asked while the call is made, so they must answer at once'
const isAsync = (asked: Asked): boolean => Object.prototype.toString.call(asked) === '[object AsyncFunction]'

function recordRouter(record: object, where: string): Router {
  const names = new Map<string, ResolvedRoute>()
  const globs: { readonly matches: (name: string) => boolean; readonly target: ResolvedRoute }[] = []
  for (const [pattern, value] of Object.entries(record)) {
    const target = targetOf(value, `${where}[${JSON.stringify(pattern.slice(0, 80))}]`)
    if (/[*?]/.test(pattern)) globs.push({ matches: globMatcher(pattern), target })
    else names.set(pattern, target)
  }
  return ({ task }) => names.get(task) ?? globs.find((glob) => glob.matches(task))?.target
}

function functionRouter(route: Asked, where: string): Router {
  return (call) => {
    const answer = ask(route, call, where)
    return answer === undefined ? undefined : targetOf(answer, `${where}, asked about ${call.task},`)
  }
}

function ask(route: Asked, call: RouteCall, where: string): unknown {
  try {
    return route(call)
  } catch (cause) {
    throw umbelError('UMBEL_BAD_ROUTE', `${where} threw when asked about ${call.task}.`, { cause })
  }
}

const OPTIONS = ['lane', 'priority']

function targetOf(value: unknown, where: string): ResolvedRoute {
  if (typeof value === 'string') return targetOf({ lane: value }, where)
  if (typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function') {
    Promise.resolve(value).catch(() => {}) // nobody else will look at it
    throw bad(where, ASYNC)
  }
  if (typeof value !== 'object' || value === null || !isRecord(value)) throw bad(where, 'gives no target')
  for (const name of Object.keys(value)) {
    if (!OPTIONS.includes(name)) throw bad(where, `has no option ${JSON.stringify(name)}`, didYouMean(name, OPTIONS))
  }
  const { lane, priority } = value as { readonly lane?: unknown; readonly priority?: unknown }
  if (lane !== undefined && (typeof lane !== 'string' || lane === '')) throw bad(where, 'gives a lane that is no name')
  if (lane === undefined && priority === undefined) throw bad(where, 'names neither a lane nor a priority')
  if (priority !== undefined && !isPriority(priority)) throw bad(where, 'gives a priority that is none from 0 to 9')
  return { ...(lane === undefined ? {} : { lane }), ...(priority === undefined ? {} : { priority }) }
}

const isPriority = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 9

const bad = (where: string, what: string, hint = ''): UmbelError =>
  umbelError('UMBEL_BAD_ROUTE', `${where} ${what}.${hint}`)
