import { describe, expect, test } from 'vitest'
import { defineTasks } from '../src/define-tasks.ts'
import { definitionOf, type TaskModule, tasksOf } from '../src/definition.ts'
import { task } from '../src/task.ts'

const coded = (code: string): unknown => expect.objectContaining({ code })
const meta = (url: string): ImportMeta => ({ url }) as ImportMeta
const noop = (): void => {}

/** What the compiler refuses, said at run time. */
const define = defineTasks as (...given: readonly unknown[]) => TaskModule

describe('defineTasks', () => {
  test('registers each task under its namespace and name, with its module, handler and arity', () => {
    const handler = (_ctx: unknown, source: string, limit?: number): string => source + limit
    const etl = defineTasks(meta('file:///etl.ts'), 'etl', { extract: handler, load: task(handler, { lane: 'high' }) })
    expect(etl.extract.name).toBe('etl.extract')
    expect(definitionOf('etl.extract')).toEqual(
      expect.objectContaining({ name: 'etl.extract', module: 'file:///etl.ts', handler, bases: [] }),
    )
    expect(definitionOf('etl.extract')?.arity.min).toBeLessThanOrEqual(2)
    expect(tasksOf(etl)).toEqual([definitionOf('etl.extract'), definitionOf('etl.load')])
    expect(definitionOf('etl.load')?.options).toEqual({
      lane: 'high',
      priority: undefined,
      inline: false,
      states: [],
      retry: undefined,
      expires: undefined,
      ignoreResult: false,
      place: false,
      movesResult: false,
      kwargs: undefined,
    })
    expect(definitionOf('etl.nothing')).toBeUndefined()
  })

  test('of a closure has no module: its tasks run on the main loop', () => {
    defineTasks('closure', { one: noop })
    expect(definitionOf('closure.one')?.module).toBeUndefined()
  })

  test('keeps the registry where another copy of the package finds it', () => {
    defineTasks('shared', { one: noop })
    const registry = (globalThis as unknown as Record<symbol, Map<string, unknown>>)[Symbol.for('umbel.tasks')]
    expect(registry?.get('shared.one')).toBe(definitionOf('shared.one'))
  })

  test('lets a module define its tasks again, also reloaded under another query', () => {
    defineTasks(meta('file:///again.ts?v=1'), 'again', { one: noop })
    const second = (): number => 2
    defineTasks(meta('file:///again.ts?v=2'), 'again', { one: second })
    expect(definitionOf('again.one')?.handler).toBe(second)
  })

  test('refuses a name that another module has defined', () => {
    defineTasks(meta('file:///a.ts'), 'twice', { one: noop })
    expect(() => defineTasks(meta('file:///b.ts'), 'twice', { one: noop })).toThrow(coded('UMBEL_DUPLICATE_TASK'))
    expect(() => defineTasks('twice', { one: noop })).toThrow(coded('UMBEL_DUPLICATE_TASK'))
  })

  test('leaves names bare in the empty namespace', () => {
    const { bare } = defineTasks('', { bare: noop })
    expect([bare.name, bare.s().data]).toMatchObject(['bare', { task: 'bare' }])
  })

  test.each([
    '1st',
    'a b',
    'a/b',
    'a.',
    '.a',
    'a..b',
    '__proto__',
    'constructor',
    'a.toString',
    'celery',
    'celery.x',
    'é',
  ])('refuses the namespace %j', (namespace) =>
    expect(() => defineTasks(namespace, { one: noop })).toThrow(coded('UMBEL_BAD_NAME')),
  )

  test.each(['', '1st', 'a.b', '__proto__', 'constructor', 'hasOwnProperty', 'a b'])(
    'refuses the task name %j',
    (name) => expect(() => defineTasks('names', { [name]: noop })).toThrow(coded('UMBEL_BAD_NAME')),
  )

  test('takes names with dots, dashes and underscores, and registers none of a module in which one is wrong', () => {
    expect(Object.keys(defineTasks('my-app.etl_2', { 'load-all': noop, _x: noop }))).toEqual(['load-all', '_x'])
    expect(() => define('partly', { good: noop, bad: 5 })).toThrow(coded('UMBEL_NOT_A_TASK'))
    expect(definitionOf('partly.good')).toBeUndefined()
  })

  test('refuses what is no task, no namespace and no module', () => {
    expect(() => define('wrong', { one: null })).toThrow(coded('UMBEL_NOT_A_TASK'))
    expect(() => define({}, 'wrong', { one: noop })).toThrow(coded('UMBEL_BAD_OPTION'))
    expect(() => define(meta('file:///x.ts'), undefined, { one: noop })).toThrow(coded('UMBEL_BAD_NAME'))
    expect(() => define('wrong', { one: noop }, { error: [] })).toThrow(coded('UMBEL_BAD_OPTION'))
    expect(() => define('wrong', undefined)).toThrow(coded('UMBEL_NOT_A_TASK'))
    expect(() => tasksOf({ one: noop } as never)).toThrow(coded('UMBEL_NOT_A_TASK'))
  })

  test('keeps the error classes of the module by name', () => {
    class ConnectionError extends Error {}
    defineTasks('errors', { one: noop }, { errors: [ConnectionError] })
    expect(definitionOf('errors.one')?.errors).toEqual(new Map([['ConnectionError', ConnectionError]]))
    expect(() => define('errors', { one: noop }, { errors: [noop] })).toThrow(coded('UMBEL_BAD_OPTION'))
  })
})

describe('task', () => {
  const optionsOf = (options: object): unknown => {
    define('options', { one: (task as (...given: unknown[]) => unknown)(noop, options) })
    return definitionOf('options.one')?.options
  }

  test('refuses an option that nothing reads, and names the one meant', () => {
    expect(() => optionsOf({ priorty: 3 })).toThrow(coded('UMBEL_BAD_OPTION'))
    expect(() => optionsOf({ priorty: 3 })).toThrow(/priority/)
    expect(() => (task.extend as (base: object) => unknown)({ setUp: noop })).toThrow(coded('UMBEL_BAD_OPTION'))
    expect(() => (task.extend as (base: object) => unknown)({ setup: 5 })).toThrow(coded('UMBEL_BAD_OPTION'))
    expect(() => (task as (...given: unknown[]) => unknown)({ lane: 'x' }, noop)).toThrow(coded('UMBEL_NOT_A_TASK'))
  })

  test.each([-1, 10, 1.5, Number.NaN, '5'])('refuses the priority %j', (priority) => {
    expect(() => optionsOf({ priority })).toThrow(coded('UMBEL_BAD_PRIORITY'))
  })

  test.each(['validating', 'Validating', 'A B', '1ST', '', 'SUCCESS', 'STARTED', 'REPLACED', 5])(
    'refuses the state %j',
    (state) => {
      expect(() => optionsOf({ states: [state] })).toThrow(coded('UMBEL_BAD_OPTION'))
    },
  )

  test('inherits the options of its bases: its own win, then the inner base; states add up; hooks all stand, outermost first', () => {
    const outer = task.extend({ lane: 'low', priority: 1, states: ['A'], setup: () => ({ a: 1 }), onSuccess: noop })
    const inner = outer.extend({
      priority: 2,
      states: ['B', 'A'],
      retry: { max: 7 },
      onSuccess: noop,
      setupTimeout: '5s',
    })
    defineTasks('bases', {
      one: inner((ctx) => ctx.a, { states: ['C'], inline: true }),
      two: inner(noop, { lane: 'high' }),
    })
    const [one, two] = [definitionOf('bases.one'), definitionOf('bases.two')]
    expect(one?.options).toMatchObject({
      lane: 'low',
      priority: 2,
      states: ['A', 'B', 'C'],
      retry: { max: 7 },
      inline: true,
    })
    expect(two?.options).toMatchObject({ lane: 'high', priority: 2, states: ['A', 'B'], inline: false })
    expect(one?.bases.map((base) => Object.keys(base).filter((key) => /^(set|on)/.test(key)))).toEqual([
      ['setup', 'onSuccess'],
      ['onSuccess', 'setupTimeout'],
    ])
  })
})
