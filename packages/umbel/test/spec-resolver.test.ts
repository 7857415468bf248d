import { compileRoutes, type TaskSpec } from '@umbel/core'
import { describe, expect, test } from 'vitest'
import { defineTasks } from '../src/define-tasks.ts'
import { tasksOf } from '../src/definition.ts'
import { type ResolverOptions, SpecResolver } from '../src/spec-resolver.ts'
import { task } from '../src/task.ts'

const tasks = defineTasks('resolved', { one: (_ctx, value: number) => value, two: task(() => 2, { priority: 3 }) })

function specsWith(changes: Partial<ResolverOptions> = {}): (what: { readonly data: unknown }) => TaskSpec {
  const everything = { serves: () => true }
  const resolver = new SpecResolver({
    tasks: new Map(tasksOf(tasks).map((definition) => [definition.name, definition])),
    lanes: new Map(['default', 'high', 'undefined'].map((name) => [name, everything])),
    route: compileRoutes([]),
    routesByCall: false,
    limits: { check: () => undefined },
    workflows: { definition: () => expect.unreachable() },
    maxBytes: 1_000,
    ...changes,
  })
  return (what) => {
    const [node] = resolver.plan(what.data as Parameters<SpecResolver['plan']>[0]).nodes
    if (node?.kind !== 'task') throw new Error('It is no task.')
    return node.spec
  }
}

describe('calls of a task that differ in nothing but arguments share one spec', () => {
  const one = tasks.one

  test.each([
    ['without options', {}],
    ['with a priority', { priority: 7 }],
    ['with a lane', { lane: 'high' }],
    ['with both', { priority: 7, lane: 'high' }],
  ])('%s', (_, options) => {
    const spec = specsWith()
    expect(spec(one.s(1).set(options))).toBe(spec(one.s(2).set(options)))
    expect(spec(one.s(1).set(options))).toMatchObject({
      task: 'resolved.one',
      priority: 5,
      lane: 'default',
      ...options,
    })
  })

  test('and those that differ in anything else have their own', () => {
    const spec = specsWith()
    const all = [
      one.s(1),
      one.si(1),
      tasks.two.s(),
      ...[{ priority: 5 }, { priority: 7 }, { lane: 'high' }, { lane: 'undefined' }].map((options) =>
        one.s(1).set(options),
      ),
      one.s(1).set({ priority: 7, lane: 'high' }),
      one.s(1).set({ priority: 7, lane: 'undefined' }),
      one.s(1).set({ priority: 7, ignoreResult: true }),
      one.s(1).set({ priority: 7 }).stamp({ customer: 'a' }),
    ]
    expect(new Set(all.map(spec)).size).toBe(all.length)
    expect(all.map(spec).map(({ priority, lane }) => `${priority} ${lane}`)).toEqual([
      '5 default',
      '5 default',
      '3 default',
      '5 default',
      '7 default',
      '5 high',
      '5 undefined',
      '7 high',
      '7 undefined',
      '7 default',
      '7 default',
    ])
  })

  test('unless a route looks at each call', () => {
    const route = compileRoutes([({ args }) => ({ lane: args[0] === 1 ? 'high' : 'default' })])
    const spec = specsWith({ route, routesByCall: true })
    expect([1, 2].map((value) => spec(one.s(value).set({ priority: 7 })).lane)).toEqual(['high', 'default'])
  })

  test('what is refused once is refused again', () => {
    const spec = specsWith()
    for (let time = 0; time < 2; time += 1) {
      expect(() => spec(one.s(1).set({ priority: 10 }))).toThrow(
        expect.objectContaining({ code: 'UMBEL_BAD_PRIORITY' }),
      )
      expect(() => spec(one.s(1).set({ lane: 'hihg' }))).toThrow(
        expect.objectContaining({ code: 'UMBEL_UNKNOWN_LANE' }),
      )
      expect(() => spec(one.s(1).set({ lane: '' }))).toThrow(expect.objectContaining({ code: 'UMBEL_UNKNOWN_LANE' }))
    }
  })
})
