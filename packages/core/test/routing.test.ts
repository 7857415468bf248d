import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { UmbelError } from '../src/errors.ts'
import { compileRoutes, type Route, type RouteCall } from '../src/routing.ts'

const call = (task: string, kwargs: Record<string, unknown> = {}): RouteCall => ({
  task,
  args: [],
  kwargs,
  options: {},
})
const laneOf = (routes: readonly Route[], task: string): string | undefined => compileRoutes(routes)(call(task))?.lane

describe('routes', () => {
  it('decide as real Celery was recorded to', () => {
    const routesOf: Record<string, readonly Route[]> = {
      'dict exact and glob': [{ '*.mul': { lane: 'suffix' }, 'a.*': 'glob', 'a.add': 'exact' }],
      'list, first match wins': [{ 'a.*': 'first' }, { 'a.add': 'second' }],
      'ordered pairs with a regex': [{ 'a.add': 'pair' }, { 'video.*': 'media', 'image.*': 'media' }],
      'function then dict': [({ task }) => (task === 'fn.do' ? 'from_function' : undefined), { '*': 'catch_all' }],
      'priority in route': [{ 'a.*': { lane: 'p', priority: 7 } }],
    }
    const { defaultQueue, rows } = recordedRouting()
    expect(rows).toHaveLength(70)
    expect(new Set(rows.map(({ routes }) => routes))).toEqual(new Set(Object.keys(routesOf)))
    for (const { routes, task, callOptions, queue, priority } of rows) {
      // a routing key, which AMQP's exchanges go by, has no like here; given at the call it leaves the queue as routed
      const options: object = callOptions
      const target = compileRoutes(routesOf[routes] ?? [])({ ...call(task), options })
      const place = { lane: target?.lane ?? defaultQueue, priority: target?.priority ?? null }
      expect({ routes, task, callOptions, ...place }).toEqual({ routes, task, callOptions, lane: queue, priority })
    }
  })

  it('go by exact name before globs, and by globs in the order written', () => {
    expect(laneOf([{ '*': 'any', 'etl.*': 'etl', 'etl.load': 'load' }], 'etl.load')).toBe('load')
    expect(laneOf([{ 'etl.*': 'etl', '*': 'any' }], 'etl.x')).toBe('etl')
    expect(laneOf([{ '*': 'any', 'etl.*': 'etl' }], 'etl.x')).toBe('any')
  })

  it('are asked one after another until one has a target', () => {
    const urgent: Route = ({ kwargs }) => (kwargs.urgent ? { lane: 'high', priority: 9 } : undefined)
    const route = compileRoutes([urgent, { 'etl.bulk*': { lane: 'low', priority: 1 } }])
    expect(route(call('etl.bulkLoad', { urgent: true }))).toEqual({ lane: 'high', priority: 9 })
    expect(route(call('etl.bulkLoad'))).toEqual({ lane: 'low', priority: 1 })
    expect(route(call('etl.load'))).toBeUndefined()
    expect(compileRoutes([])(call('x'))).toBeUndefined()
  })

  it('may be objects: of a class, where routeForTask is called as its method, or plain', () => {
    class ByTenant {
      readonly #lanes: ReadonlyMap<unknown, string>
      constructor(lanes: ReadonlyMap<unknown, string>) {
        this.#lanes = lanes
      }
      routeForTask({ kwargs }: RouteCall): string | undefined {
        return this.#lanes.get(kwargs.tenant)
      }
    }
    const route = compileRoutes([
      new ByTenant(new Map([['acme', 'gold']])),
      { routeForTask: ({ task }) => (task === 'a' ? { lane: 'plain', priority: 1 } : undefined) },
      { '*': 'any' },
    ])
    expect(route(call('a', { tenant: 'acme' }))).toEqual({ lane: 'gold' })
    expect(route(call('a'))).toEqual({ lane: 'plain', priority: 1 })
    expect(route(call('b'))).toEqual({ lane: 'any' })
  })

  it('take a record for one that has a task called routeForTask', () => {
    const route = compileRoutes([{ routeForTask: 'high' }])
    expect([route(call('routeForTask')), route(call('other'))]).toEqual([{ lane: 'high' }, undefined])
  })

  it('may say a priority alone', () => {
    expect(compileRoutes([{ a: { priority: 0 } }])(call('a'))).toEqual({ priority: 0 })
  })

  it('take no name for what objects inherit', () => {
    const route = compileRoutes([{ a: 'lane' }])
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty'])
      expect(route(call(name))).toBeUndefined()
    const hostile = JSON.parse('{"__proto__": "low"}') as Route
    expect(compileRoutes([hostile])(call('__proto__'))).toEqual({ lane: 'low' })
  })

  it.each<[unknown, string]>([
    ['high', 'routes takes a list'],
    [{ a: 'high' }, 'routes takes a list'],
    [['high'], 'routes[0] is no record'],
    [[{}, null], 'routes[1] is no record'],
    [[[{}]], 'routes[0] is no record'],
    [[new Map([['a', 'high']])], 'routes[0] is no record, no function and no object with routeForTask'],
    [[new (class {})()], 'routes[0] is no record'],
    [[{ routeForTask: 5 }], 'routes[0]["routeForTask"] gives no target'],
    [[async () => 'high'], 'routes[0] is asynchronous: routes are asked while the call is made'],
    [[{ routeForTask: async () => 'high' }], 'routes[0] is asynchronous'],
    [[{ a: {} }], 'names neither a lane nor a priority'],
    [[{ a: Promise.resolve('high') }], 'is asynchronous'],
    [[{ a: null }], 'routes[0]["a"] gives no target'],
    [[{ a: ['high'] }], 'gives no target'],
    [[{ a: '' }], 'a lane that is no name'],
    [[{ a: { lane: 5 } }], 'a lane that is no name'],
    [[{ a: { queue: 'x' } }], 'has no option "queue"'],
    [[{ a: { lnae: 'x' } }], 'Did you mean "lane"?'],
    [[{ a: { lane: 'x', priority: 10 } }], 'priority'],
    [[{ a: { priority: Number.NaN } }], 'priority'],
    [[{ a: { priority: '5' } }], 'priority'],
    [[{ a: { priority: 2.5 } }], 'priority'],
  ])('that are malformed are refused when compiled: %j', (routes, says) => {
    const error = caught(() => compileRoutes(routes as readonly Route[]))
    expect(error.code).toBe('UMBEL_BAD_ROUTE')
    expect(error.message).toContain(says)
  })

  it.each([[5], [null], [''], [{ lane: 5 }], [{}], [[]], [new Map()], [() => 'high']])(
    'whose function answers with no target are refused at the call',
    (answer: unknown) => {
      const route = compileRoutes([() => answer as unknown as string])
      expect(caught(() => route(call('etl.load'))).message).toContain('routes[0], asked about etl.load,')
    },
  )

  it('whose function answers with a promise are refused at the call, and what the promise comes to harms nobody', () => {
    const route = compileRoutes([() => Promise.reject(new Error('later')) as never])
    expect(caught(() => route(call('etl.load'))).message).toContain('asked about etl.load, is asynchronous')
  })

  it('whose function throws are refused at the call, with what it threw as the cause', () => {
    const cause = new Error('boom')
    const route = compileRoutes([
      () => {
        throw cause
      },
    ])
    const error = caught(() => route(call('etl.load')))
    expect(error.code).toBe('UMBEL_BAD_ROUTE')
    expect(error.cause).toBe(cause)
  })
})

function caught(run: () => unknown): UmbelError {
  try {
    run()
  } catch (error) {
    if (error instanceof UmbelError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

interface RecordedRouting {
  readonly defaultQueue: string
  readonly rows: readonly {
    readonly routes: string
    readonly task: string
    readonly callOptions: { readonly routing_key?: string }
    readonly queue: string
    readonly priority: number | null
  }[]
}

/** What Celery 5.6 answered, recorded once. */
function recordedRouting(): RecordedRouting {
  const file = new URL('fixtures/celery-routing.json', import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')) as RecordedRouting
}
