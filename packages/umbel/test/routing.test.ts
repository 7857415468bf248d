import { describe, expect, test } from 'vitest'
import {
  type AppOptions,
  chain,
  createApp,
  defineTasks,
  group,
  type Route,
  type RouteCall,
  task,
} from '../src/index.ts'
import { inThreads } from './fixtures/behaviour.ts'
import { open, record } from './fixtures/open-app.ts'

const lanes = Object.fromEntries(
  ['default', 'own', 'name', 'glob', 'first', 'second', 'asked', 'high'].map((name) => [name, { threads: 0 }]),
)
const routed = defineTasks('a', {
  plain: (_ctx, ..._given: unknown[]) => 1,
  add: (_ctx, x: number, y: number) => x + y,
  owned: task((_ctx) => 1, { lane: 'own', priority: 2 }),
})
const { plain, add, owned } = routed
const deeper = defineTasks('a.b', { c: (_ctx) => 1 })
const openWith = (routes: readonly Route[], options: AppOptions = {}) =>
  open({ tasks: [routed, deeper], lanes, routes, ...options })

/** Send it, and tell the lane it ran on and the priority it had. */
async function placeOf(app: ReturnType<typeof openWith>, signature: Parameters<typeof app.delay>[0]): Promise<string> {
  const starts = record(app, 'task-prerun')
  await app.delay(signature).get()
  return starts.map(({ event }) => event.lane).join()
}

describe('a task runs on the lane', () => {
  test('called default, where nothing else is said', async () => {
    expect(await placeOf(openWith([]), plain.s())).toBe('default')
  })

  test('of its own option', async () => {
    expect(await placeOf(openWith([]), owned.s())).toBe('own')
  })

  test('of the route with its exact name, before any glob of the same record', async () => {
    const app = openWith([{ 'a.*': 'glob', 'a.add': 'name' }])
    expect([await placeOf(app, add.s(1, 1)), await placeOf(app, plain.s())]).toEqual(['name', 'glob'])
  })

  test('of a glob; of two the one written first', async () => {
    expect(await placeOf(openWith([{ 'a.p*': 'first', 'a.*': 'second' }]), plain.s())).toBe('first')
    expect(await placeOf(openWith([{ '*.add': { lane: 'first' }, 'a.*': 'second' }]), add.s(1, 1))).toBe('first')
    expect(await placeOf(openWith([{ 'a.?dd': 'glob' }]), add.s(1, 1))).toBe('glob')
    expect(await placeOf(openWith([{ 'a.*': 'glob' }]), deeper.c.s())).toBe('glob')
    expect(await placeOf(openWith([{ 'b.*': 'glob', a: 'glob', 'a.ad': 'glob' }]), add.s(1, 1))).toBe('default')
  })

  test('of the first route of the list that matches', async () => {
    expect(await placeOf(openWith([{ 'a.*': 'first' }, { 'a.add': 'second' }]), add.s(1, 1))).toBe('first')
    expect(await placeOf(openWith([{ 'b.*': 'first' }, { 'a.add': 'second' }]), add.s(1, 1))).toBe('second')
  })

  test('that a function answers with, asked about each call', async () => {
    const app = openWith([({ args }) => (args[0] === 'urgent' ? { lane: 'high' } : undefined), { 'a.*': 'glob' }])
    expect([
      await placeOf(app, plain.s('urgent')),
      await placeOf(app, plain.s('patient')),
      await placeOf(app, plain.s()),
    ]).toEqual(['high', 'glob', 'glob'])
    const byKwargs = openWith([({ kwargs }) => (kwargs.urgent === true ? 'high' : undefined)])
    const urgent = { ...plain.s().data, kwargs: { urgent: true } } as typeof plain.data
    expect([await placeOf(byKwargs, urgent), await placeOf(byKwargs, plain.s())]).toEqual(['high', 'default'])
  })

  test('that an object with routeForTask answers with, asked about each call', async () => {
    class Turns {
      #next = 0
      routeForTask({ task }: RouteCall): string | undefined {
        if (task !== 'a.plain') return undefined
        this.#next += 1
        return this.#next % 2 === 1 ? 'first' : 'second'
      }
    }
    const app = openWith([new Turns(), { 'a.*': 'glob' }])
    expect([await placeOf(app, plain.s()), await placeOf(app, plain.s()), await placeOf(app, add.s(1, 1))]).toEqual([
      'first',
      'second',
      'glob',
    ])
    expect(await placeOf(openWith([{ routeForTask: () => ({ lane: 'high' }) }]), plain.s())).toBe('high')
  })

  test('of the call, over that of the signature, the route and the task', async () => {
    const app = openWith([{ 'a.*': { lane: 'glob', priority: 3 } }])
    expect(await placeOf(app, owned.s())).toBe('glob')
    expect(await placeOf(app, owned.s().set({ lane: 'asked' }))).toBe('asked')
    const starts = record(app, 'task-prerun')
    await owned.s().set({ lane: 'asked' }).applyAsync({ lane: 'high' }).get()
    expect(starts[0]?.event.lane).toBe('high')
  })

  test('given to a canvas, for every task of it that says nothing itself', async () => {
    const app = openWith([])
    expect(await placeOf(app, chain(add.s(1, 1), add.s(1)).set({ lane: 'high' }))).toBe('high,high')
    expect(await placeOf(app, group(add.s(1, 1), owned.s()).set({ lane: 'high' }))).toBe('high,high')
  })
})

describe('a priority', () => {
  test.each([
    ['the call', 9, 1],
    ['the route', undefined, 3],
  ])('of %s wins over what stands behind it', async (_, asked, lower) => {
    // one slot: what waits starts by priority, whatever was sent first
    const app = openWith([{ 'a.owned': { priority: 3 } }], { lanes: { ...lanes, own: { threads: 0, inline: 1 } } })
    const order: string[] = []
    app.on('task-prerun', ({ id }) => void order.push(id))
    const at = (priority: number | undefined) =>
      (priority === undefined ? owned.s() : owned.s().set({ priority })).delay()
    const results = [at(5), at(asked), at(lower === 1 ? 1 : 4), at(2)]
    await Promise.all(results.map((result) => result.get()))
    const wanted =
      asked === 9 ? [results[1], results[0], results[3], results[2]] : [results[0], results[2], results[1], results[3]]
    expect(order).toEqual(wanted.map((result) => result?.id))
  })
})

describe('what could never run is refused at the call', () => {
  const code = (run: () => unknown): unknown => {
    try {
      run()
      return 'sent'
    } catch (error) {
      const { code, message } = error as { code: string; message: string }
      return `${code}: ${message}`
    }
  }

  test('an unknown lane, with the one that may be meant', () => {
    openWith([])
    expect(code(() => add.s(1, 1).set({ lane: 'hihg' }).delay())).toMatch(/^UMBEL_UNKNOWN_LANE.*Did you mean "high"\?/)
    expect(code(() => chain(add.s(1, 1), add.s(1).set({ lane: 'nmae' })).delay())).toMatch(/^UMBEL_UNKNOWN_LANE.*name/)
    expect(code(() => add.s(1, 1).set({ lane: '' }).delay())).toMatch(/^UMBEL_UNKNOWN_LANE/)
    expect(code(() => add.s(1, 1).set({ lane: '__proto__' }).delay())).toMatch(/^UMBEL_UNKNOWN_LANE/)
  })

  test('an unknown lane of a route or of a task', async () => {
    expect(code(() => openWith([{ 'a.*': 'nowhere' }]).delay(add.s(1, 1)))).toMatch(/^UMBEL_UNKNOWN_LANE.*nowhere/)
    expect(code(() => openWith([() => ({ lane: 'nowhere' })]).delay(add.s(1, 1)))).toMatch(
      /^UMBEL_UNKNOWN_LANE.*nowhere/,
    )
    expect(code(() => openWith([], { lanes: { default: { threads: 0 } } }).delay(owned.s()))).toMatch(
      /^UMBEL_UNKNOWN_LANE.*own/,
    )
  })

  test('a lane that has no slots of the kind', () => {
    const app = openWith([], { lanes: { default: { threads: 0, inline: 0 } } })
    expect(code(() => app.delay(add.s(1, 1)))).toMatch(/^UMBEL_BAD_LANE.*inline slots/)
    const empty = openWith([{ 'a.*': 'first' }], { lanes: { ...lanes, first: { threads: 1, inline: 0 } } })
    expect(code(() => empty.delay(add.s(1, 1)))).toMatch(/^UMBEL_BAD_LANE.*first, which has no inline slots/)
    const unthreaded = openWith([{ 'thread.*': 'first' }], { tasks: [inThreads], lanes })
    expect(code(() => unthreaded.delay(inThreads.add.s(1, 1)))).toMatch(/^UMBEL_BAD_LANE.*first, which has no threads/)
  })

  test('a priority that is none', () => {
    openWith([])
    for (const priority of [10, -1, 1.5, Number.NaN, '5' as unknown as number])
      expect(code(() => add.s(1, 1).set({ priority }).delay())).toMatch(/^UMBEL_BAD_PRIORITY/)
  })

  test('a route whose function throws or answers with nothing that is a place', () => {
    const asked = (route: Route): unknown => code(() => openWith([route]).delay(add.s(1, 1)))
    expect(
      asked(() => {
        throw new Error('oops')
      }),
    ).toMatch(/^UMBEL_BAD_ROUTE.*threw/)
    expect(asked(() => 5 as never)).toMatch(/^UMBEL_BAD_ROUTE/)
    expect(asked(() => ({ lnae: 'high' }) as never)).toMatch(/^UMBEL_BAD_ROUTE.*lane/)
    expect(asked((() => ({})) as never)).toMatch(/^UMBEL_BAD_ROUTE.*neither a lane nor a priority/)
    expect(asked((async () => 'high') as never)).toMatch(/^UMBEL_BAD_ROUTE.*asynchronous/)
    expect(asked((() => Promise.resolve('high')) as never)).toMatch(/^UMBEL_BAD_ROUTE.*asynchronous/)
    expect(asked({ routeForTask: (async () => 'high') as never })).toMatch(/^UMBEL_BAD_ROUTE.*asynchronous/)
  })

  test.each([
    ['no list', { 'a.*': 'high' }],
    ['a route that is text', ['high']],
    ['a target that is a number', [{ 'a.*': 5 }]],
    ['a target with an unknown option', [{ 'a.*': { queue: 'high' } }]],
    ['a priority that is none', [{ 'a.*': { priority: 99 } }]],
  ])('routes that are malformed, as the app is created: %s', (_, routes) => {
    expect(code(() => createApp({ tasks: [routed], lanes, routes: routes as never }))).toMatch(/^UMBEL_BAD_ROUTE/)
  })
})

test('a lane that is busy does not hold up another', async () => {
  const held: (() => void)[] = []
  const { hold } = defineTasks('holding', {
    hold: task((_ctx) => new Promise<void>((resolve) => held.push(resolve)), { lane: 'own' }),
  })
  const app = open({
    tasks: [routed, { hold }],
    lanes: { default: { threads: 0, inline: 1 }, own: { threads: 0, inline: 1 } },
  })
  const busy = [hold.delay(), hold.delay()]
  expect(await app.delay(add.s(1, 1)).get()).toBe(2)
  expect(held).toHaveLength(1)
  held[0]?.()
  await busy[0]?.get()
  await busy[1]?.revoke()
})
