import { compileRoutes, decode, encode, type TaskSpec } from '@umbel/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chain, group } from '../src/canvas.ts'
import { defineTasks } from '../src/define-tasks.ts'
import { tasksOf } from '../src/definition.ts'
import { type ResolverOptions, SpecResolver } from '../src/spec-resolver.ts'
import { task } from '../src/task.ts'

const tasks = defineTasks('resolved', { one: (_ctx, value: number) => value, two: task(() => 2, { priority: 3 }) })

function resolverWith(changes: Partial<ResolverOptions> = {}): SpecResolver {
  const everything = { serves: () => true }
  return new SpecResolver({
    tasks: new Map(tasksOf(tasks).map((definition) => [definition.name, definition])),
    lanes: new Map(['default', 'high', 'undefined'].map((name) => [name, everything])),
    route: compileRoutes([]),
    routesByCall: false,
    limits: { check: () => undefined },
    workflows: { definition: () => expect.unreachable() },
    maxBytes: 1_000,
    ...changes,
  })
}

function specsWith(changes: Partial<ResolverOptions> = {}): (what: { readonly data: unknown }) => TaskSpec {
  const resolver = resolverWith(changes)
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

describe('a call of a task with nothing but arguments', () => {
  const what = (run: () => unknown): unknown => {
    try {
      return run()
    } catch (error) {
      return error
    }
  }

  test('comes to the same as any canvas with these arguments, or is refused for the same reason', () => {
    const resolver = resolverWith()
    const { data } = tasks.one
    if (data.kind !== 'task') throw new Error('It is no task.')
    const argument = fc.oneof(fc.integer(), fc.double(), fc.string({ maxLength: 400 }), fc.anything())
    fc.assert(
      fc.property(fc.array(argument, { maxLength: 3 }), (args) => {
        const general = what(() => resolver.plan({ ...data, args }))
        expect(what(() => resolver.planOfTask(data, args))).toEqual(general)
        expect(what(() => resolver.planOfTask(data, args))).toEqual(general) // once it is known, too
      }),
    )
  })

  test.each([
    ['it has arguments already', tasks.one.s(1)],
    ['it takes none', tasks.two.si()],
    ['it has options', tasks.two.set({ priority: 7 })],
    ['it has headers', tasks.two.stamp({ customer: 'a' })],
    ['it is no task', chain(tasks.two.s(), tasks.two.si())],
  ])('is not known as such where %s', (_, { data }) => {
    expect(resolverWith().planOfTask(data, [])).toBeUndefined()
  })

  test('nor where its canvas may still change, or a route looks at the arguments', () => {
    expect(resolverWith().planOfTask({ ...tasks.one.data }, [1])).toBeUndefined()
    expect(resolverWith({ routesByCall: true }).planOfTask(tasks.one.data, [1])).toBeUndefined()
  })
})

describe('long arguments that signatures of a canvas have in common', () => {
  const { take } = defineTasks('taken', {
    take: (_ctx, values: readonly unknown[], n: number | undefined = undefined) => [values, n],
  })
  /** A value that counts how often it is read. */
  const counted = () => {
    const reads = { count: 0 }
    const value = {
      get text() {
        reads.count += 1
        return 'x'.repeat(2_000)
      },
    }
    return { reads, value }
  }
  const argsOf = (plan: ReturnType<SpecResolver['plan']>) =>
    plan.nodes.flatMap((node) => (node.kind === 'task' ? [node.args] : []))
  const resolve = (changes: Partial<ResolverOptions> = {}) =>
    resolverWith({
      tasks: new Map(tasksOf({ take }).map((definition) => [definition.name, definition])),
      maxBytes: 100_000,
      ...changes,
    })

  test.each([1, 2, 100])('are encoded once for %i of them, and again for the next canvas', (count) => {
    const alone = counted()
    resolve().plan(take.s([alone.value]).data)
    const { reads, value } = counted()
    const list: unknown[] = [value]
    const resolver = resolve()
    const many = argsOf(resolver.plan(group(Array.from({ length: count }, () => take.s(list))).data))
    expect(reads.count).toBe(alone.reads.count)
    expect(many.map((args) => decode(args))).toEqual(Array(count).fill([[{ text: 'x'.repeat(2_000) }]]))
    list.push('another')
    const [next] = argsOf(resolver.plan(take.s(list).data))
    expect(next).toEqual(encode([list]))
  })

  test('and others are each encoded as they are', () => {
    const long = ['x'.repeat(2_000)]
    const steps = [
      take.s(long),
      take.s(long, 1),
      take.s(long, 2),
      take.s([...long]),
      take.s(long, -0),
      take.s(long, 0),
      take.s([]),
    ]
    const all = argsOf(resolve().plan(group(steps).data))
    expect(all.map((args) => decode(args))).toEqual([[long], [long, 1], [long, 2], [long], [long, -0], [long, 0], [[]]])
  })

  test('are encoded for each where a route is given them, as it may change them', () => {
    const list = [0, 'x'.repeat(2_000)]
    const route = () => {
      list[0] = Number(list[0]) + 1
      return undefined
    }
    const all = argsOf(resolve({ route, routesByCall: true }).plan(group([take.s(list), take.s(list)]).data))
    expect(all.map((args) => decode(args))).toEqual([[[1, list[1]]], [[2, list[1]]]])
  })

  test('are refused where they cannot travel, each time, and what comes after is not taken for them', () => {
    const list: unknown[] = ['x'.repeat(2_000), () => {}]
    const resolver = resolve()
    for (const _ of [1, 2])
      expect(() => resolver.plan(group([take.s(list), take.s(list)]).data)).toThrow('args[0][1] is a function')
    list.pop()
    expect(argsOf(resolver.plan(group([take.s(list), take.s(list)]).data))).toEqual(Array(2).fill(encode([list])))
  })
})
