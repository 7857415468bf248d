import { afterEach, describe, expect, test } from 'vitest'
import { type App, type AppOptions, createApp, defineTasks, task, UmbelError } from '../src/index.ts'
import { hostileProxy, onLoop } from './fixtures/hostile.ts'

const apps: App[] = []
const open = (options: AppOptions = {}): App => {
  const app = createApp({ tasks: [onLoop], lanes: { default: { threads: 0, inline: 2 } }, ...options })
  apps.push(app)
  return app
}
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.stop({ deadline: 0 })))
})

/** A value as plain JavaScript may give it. */
const loose = <T = never>(value: unknown): T => value as T
const codeOf = (act: () => unknown): unknown => {
  try {
    act()
    return 'nothing was thrown'
  } catch (error) {
    if (!(error instanceof UmbelError)) return error
    expect(error.message.length).toBeLessThan(1_000)
    return error.code
  }
}

describe('a name', () => {
  test.each([
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '',
    'a b',
    'a\0b',
    '../x',
    '1a',
    'x'.repeat(10_000),
  ])('like %j is no task, no namespace, no lane and no result', async (name) => {
    const app = open()
    const tasks = Object.fromEntries([[name, () => 1]])
    expect(codeOf(() => defineTasks('fine', tasks))).toBe('UMBEL_BAD_NAME')
    if (name !== '') expect(codeOf(() => defineTasks(name, { fine: () => 1 }))).toBe('UMBEL_BAD_NAME')
    expect(codeOf(() => app.delay(loose({ data: { ...onLoop.echo.s(1).data, task: name } })))).toBe(
      'UMBEL_UNKNOWN_TASK',
    )
    expect(codeOf(() => app.delay(onLoop.echo.s(1).set({ lane: name })))).toBe('UMBEL_UNKNOWN_LANE')
    await expect(app.result(name)).rejects.toMatchObject({ code: 'UMBEL_UNKNOWN_RESULT' })
  })
})

describe('an option', () => {
  test.each<[string, string, unknown]>([
    [
      'priority',
      'UMBEL_BAD_PRIORITY',
      [11, -1, 1.5, '5', Number.NaN, {}, hostileProxy(), Number.POSITIVE_INFINITY, 2 ** 53],
    ],
    [
      'countdown',
      'UMBEL_BAD_DURATION',
      [Number.NaN, -1, '1 parsec', '', '-5s', Number.POSITIVE_INFINITY, null, {}, true, 'x'.repeat(1_048_576)],
    ],
    [
      'eta',
      'UMBEL_BAD_ETA',
      [new Date(Number.NaN), '2026-01-01', Number.NaN, Number.POSITIVE_INFINITY, {}, null, true],
    ],
    ['timeLimit', 'UMBEL_BAD_TIME_LIMIT', [0, null, {}, [], { soft: 2, hard: 1 }, { sotf: 1 }, hostileProxy()]],
    ['timeLimit', 'UMBEL_BAD_DURATION', [-1, Number.NaN, '1 parsec', { soft: '' }, { hard: Number.POSITIVE_INFINITY }]],
    ['expires', 'UMBEL_BAD_DURATION', [Number.NaN, '1 parsec', {}, true]],
    ['lane', 'UMBEL_UNKNOWN_LANE', [5, {}, hostileProxy(), true, '', 'x'.repeat(1_048_576)]],
    ['ignoreResult', 'UMBEL_BAD_OPTION', ['yes', 1, {}]],
    ['id', 'UMBEL_BAD_OPTION', [5, '', 'a/1', 'a.l0', 'a.e1', 'a.r2', 'a\nb', 'a\ud800', {}, 'x'.repeat(1_048_576)]],
    ['link', 'UMBEL_BAD_CANVAS', [5, 'task', {}, [1], [null]]],
    ['linkError', 'UMBEL_BAD_CANVAS', [5, 'task', {}, [1], [null]]],
    ['priorty', 'UMBEL_BAD_OPTION', [5]],
    ['__proto__', 'UMBEL_BAD_OPTION', [{ lane: 'x' }]],
    ['constructor', 'UMBEL_BAD_OPTION', [5]],
  ])('%s of the wrong kind is refused at the call with %s: nothing starts', (name, code, values) => {
    const { echo } = defineTasks('closure', { echo: task((_ctx, value: number) => value) })
    const app = open({ tasks: [{ echo }] })
    for (const value of values as unknown[]) {
      const options = Object.fromEntries([[name, value]])
      const ways = [() => app.delay(echo.s(1).set(options)), () => echo.applyAsync({ args: [1], ...options })]
      for (const way of name === '__proto__' ? ways.slice(0, 1) : ways) expect(codeOf(way)).toBe(code)
    }
  })

  test('countdown and eta exclude each other', () => {
    expect(codeOf(() => open().delay(onLoop.echo.s(1).set({ countdown: 1, eta: new Date() })))).toBe('UMBEL_BAD_ETA')
  })

  test.each<[string, string, readonly unknown[]]>([
    ['lane', 'UMBEL_BAD_OPTION', [5, {}, null]],
    ['priority', 'UMBEL_BAD_PRIORITY', [11, '5', Number.NaN, 'x'.repeat(1_048_576)]],
    ['inline', 'UMBEL_BAD_OPTION', ['yes', 1, null]],
    ['states', 'UMBEL_BAD_OPTION', ['VALIDATING', 5, [5], ['lower'], ['SUCCESS'], {}, null]],
    ['retry', 'UMBEL_BAD_RETRY', [5, 'often', { max: 'x' }, { maks: 1 }, null]],
    ['expires', 'UMBEL_BAD_DURATION', ['1 parsec', Number.NaN, {}, null]],
    ['ignoreResult', 'UMBEL_BAD_OPTION', ['yes', null]],
    ['place', 'UMBEL_BAD_OPTION', ['yes', 1]],
    ['movesResult', 'UMBEL_BAD_OPTION', ['yes', 1]],
    ['kwargs', 'UMBEL_BAD_OPTION', [{}, 5, () => 1, null]],
    ['lain', 'UMBEL_BAD_OPTION', [5]],
  ])('%s of a task of the wrong kind is refused with %s where it is defined', (name, code, values) => {
    for (const value of values) {
      const define = (): unknown => defineTasks('wrong', { t: task(() => 1, loose({ [name]: value })) })
      expect([String(value), codeOf(define)]).toEqual([String(value), code])
    }
  })

  test.each<[string, unknown]>([
    ['setup', 5],
    ['teardown', 'x'],
    ['around', {}],
    ['afterReturn', null],
    ['setupTimeout', '1 parsec'],
    ['stup', () => 1],
  ])('%s of task.extend of the wrong kind is refused where it is made', (name, value) => {
    expect(codeOf(() => task.extend(loose({ [name]: value })))).toMatch(/^UMBEL_BAD_(OPTION|DURATION)$/)
  })

  test.each<[string, unknown, string]>([
    ['no object', null, 'UMBEL_BAD_OPTION'],
    ['an unknown name', { lain: {} }, 'UMBEL_BAD_OPTION'],
    ['a name that is a number', { name: 5 }, 'UMBEL_BAD_OPTION'],
    ['tasks that are a module alone', { tasks: onLoop }, 'UMBEL_BAD_OPTION'],
    ['tasks that are text', { tasks: 'etl' }, 'UMBEL_BAD_OPTION'],
    ['a task that is none', { tasks: [null] }, 'UMBEL_NOT_A_TASK'],
    ['a module of functions', { tasks: [{ fine: () => 1 }] }, 'UMBEL_NOT_A_TASK'],
    ['one task in place of its module', { tasks: [onLoop.echo] }, 'UMBEL_NOT_A_TASK'],
    ['a store that is none', { store: {} }, 'UMBEL_BAD_OPTION'],
    ['a store that is text', { store: 'etl.db' }, 'UMBEL_BAD_OPTION'],
    ['lanes that are a list', { lanes: [{}] }, 'UMBEL_BAD_OPTION'],
    ['lanes that are text', { lanes: 'high' }, 'UMBEL_BAD_OPTION'],
    ['a lane that is null', { lanes: { high: null } }, 'UMBEL_BAD_OPTION'],
    ['a lane that is a number', { lanes: { high: 2 } }, 'UMBEL_BAD_OPTION'],
    ['half a thread', { lanes: { high: { threads: 0.5 } } }, 'UMBEL_BAD_OPTION'],
    ['threads in text', { lanes: { high: { threads: '2' } } }, 'UMBEL_BAD_OPTION'],
    ['less than no threads', { lanes: { high: { threads: -1 } } }, 'UMBEL_BAD_OPTION'],
    ['a million threads', { lanes: { high: { threads: 1e6 } } }, 'UMBEL_BAD_OPTION'],
    ['a backlog of nothing', { lanes: { high: { backlog: 0 } } }, 'UMBEL_BAD_OPTION'],
    ['an endless backlog', { lanes: { high: { backlog: Number.POSITIVE_INFINITY } } }, 'UMBEL_BAD_OPTION'],
    ['a backlog of no size', { lanes: { high: { backlog: { size: 0 } } } }, 'UMBEL_BAD_OPTION'],
    ['a backlog that is null', { lanes: { high: { backlog: null } } }, 'UMBEL_BAD_OPTION'],
    ['an unknown option of a backlog', { lanes: { high: { backlog: { sise: 5 } } } }, 'UMBEL_BAD_OPTION'],
    ['a full backlog that does what', { lanes: { high: { backlog: { full: 'drop' } } } }, 'UMBEL_BAD_OPTION'],
    ['an aging that is no duration', { lanes: { high: { aging: 'soon' } } }, 'UMBEL_BAD_DURATION'],
    ['a thread of 1 MiB', { lanes: { high: { maxMemoryMb: 1 } } }, 'UMBEL_BAD_OPTION'],
    ['endless memory', { lanes: { high: { maxMemoryMb: Number.POSITIVE_INFINITY } } }, 'UMBEL_BAD_OPTION'],
    ['a grace that is none', { lanes: { high: { revokeGrace: 'soon' } } }, 'UMBEL_BAD_DURATION'],
    ['an unknown option of a lane', { lanes: { high: { thread: 2 } } }, 'UMBEL_BAD_OPTION'],
    ['a lane whose name is none', { lanes: { 'a b': {} } }, 'UMBEL_BAD_LANE'],
    ['a lane whose name is very long', { lanes: { ['x'.repeat(1_048_576)]: {} } }, 'UMBEL_BAD_LANE'],
    ['a lane called __proto__', { lanes: JSON.parse('{"__proto__":{}}') }, 'UMBEL_BAD_LANE'],
    ['routes that are none', { routes: 5 }, 'UMBEL_BAD_ROUTE'],
    ['a route that is none', { routes: ['high'] }, 'UMBEL_BAD_ROUTE'],
    ['values that are a number', { values: 5 }, 'UMBEL_BAD_OPTION'],
    ['an unknown bound of values', { values: { maxByte: 5 } }, 'UMBEL_BAD_OPTION'],
    ['a bound in text', { values: { maxBytes: '1 MB' } }, 'UMBEL_BAD_OPTION'],
    ['a clock that is none', { clock: {} }, 'UMBEL_BAD_OPTION'],
    ['randomness that is a number', { random: 4 }, 'UMBEL_BAD_OPTION'],
  ])('of createApp is refused: %s', (_, options, code) => {
    expect(codeOf(() => apps.push(createApp(loose(options))))).toBe(code)
  })

  test.each<[string, (app: App) => unknown, string]>([
    ['a signature that is none', (app) => app.delay(loose(5)), 'UMBEL_BAD_CANVAS'],
    ['no signature at all', (app) => app.delay(loose(undefined)), 'UMBEL_BAD_CANVAS'],
    ['an object of some kind', (app) => app.delay(loose({ kind: 'spiral', options: {} })), 'UMBEL_BAD_CANVAS'],
    ['a signature without parts', (app) => app.delay(loose({ kind: 'task' })), 'UMBEL_BAD_CANVAS'],
    ['a group of numbers', (app) => app.delay(loose({ kind: 'group', members: [5], options: {} })), 'UMBEL_BAD_CANVAS'],
    ['an unknown signal', (app) => app.on(loose('task-sucess'), () => {}), 'UMBEL_BAD_OPTION'],
    ['a listener that is none', (app) => app.on('task-success', loose(5)), 'UMBEL_BAD_OPTION'],
    ['a filter that is none', (app) => app.on('task-success', () => {}, loose({ task: 5 })), 'UMBEL_BAD_OPTION'],
    [
      'a filter under another name',
      (app) => app.on('task-success', () => {}, loose({ tsak: 'a' })),
      'UMBEL_BAD_OPTION',
    ],
    ['listening with null', (app) => app.on('task-success', () => {}, loose(null)), 'UMBEL_BAD_OPTION'],
    ['to set nothing', () => onLoop.echo.s(1).set(loose(null)), 'UMBEL_BAD_OPTION'],
    ['an application to nothing', () => onLoop.echo.applyAsync(loose(null)), 'UMBEL_BAD_OPTION'],
    ['a stop of its own', (app) => app.stop(loose(null)), 'UMBEL_BAD_OPTION'],
    ['a deadline under another name', (app) => app.stop(loose({ deadlin: 1 })), 'UMBEL_BAD_OPTION'],
    ['a deadline that is none', (app) => app.stop({ deadline: loose('soon') }), 'UMBEL_BAD_DURATION'],
    [
      'a timeout that is none',
      (app) => app.delay(onLoop.echo.s(1)).get({ timeout: loose('soon') }),
      'UMBEL_BAD_DURATION',
    ],
  ])('of an app is refused at the call: %s', (_, act, code) => {
    expect(codeOf(() => act(open()))).toBe(code)
  })

  test('of control that is no id, handle or name is refused in few words, and the app goes on', async () => {
    const app = open()
    for (const value of [undefined, null, 5, {}, [], { id: 5 }, { id: null }, Symbol('s'), Object.create(null)]) {
      const { control } = app
      const asked = [
        [control.priority(loose(value), 5), 'UMBEL_UNKNOWN_RESULT'],
        [control.revoke(loose(value)), 'UMBEL_BAD_OPTION'],
        [control.rateLimit(loose(value), '1/s'), 'UMBEL_UNKNOWN_LIMIT'],
        [app.result(loose(value)), 'UMBEL_UNKNOWN_RESULT'],
      ] as const
      for (const [refused, code] of asked) await expect(refused).rejects.toHaveProperty('code', code)
    }
    await expect(app.result('x'.repeat(1_048_576))).rejects.toHaveProperty('message.length', expect.closeTo(150, -2.1))
    expect(await app.delay(onLoop.echo.s(1)).get()).toBe(1)
  })
})
